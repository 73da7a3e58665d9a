use std::fmt;
use std::str::FromStr;

use graylane_core::{Name, Tag};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::key::hexadecimal;
use crate::{Key, Policy, Stripped};

/// The version of the text that is signed, and of the field.
const VERSION: &str = "v1";

/// The longest name of a host in DNS (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;

/// The longest field: a version, a name, 20 digits, 64 digits.
const MAX_FIELD: usize = 3 + Name::MAX + 21 + 65;

/// The value of `X-Gray-Signature`: `v1:<key>:<expiry>:<mac>`.
///
/// The MAC is HMAC-SHA256, in hexadecimal, over the lines `graylane gray v1`, host, lane, name of the key and expiry, each
/// with its line feed. The host is in lower case, without port and without a dot at its end; the lane as it stands in
/// whichever dialect says it; the expiry in decimal seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub key: Name,
    /// When it ends to hold, in seconds since 1970.
    pub expires: u64,
    mac: [u8; 32],
}

/// Signs a lane for one host, until a time in seconds since 1970.
pub fn sign((name, key): (&Name, &Key), host: &str, lane: &Tag, expires: u64) -> Signature {
    Signature {
        key: name.clone(),
        expires,
        mac: mac(name, key, host, lane, expires).finalize().into_bytes().into(),
    }
}

/// Whether a signature can be for this host: the name of one, without port.
pub fn host_fits(host: &str) -> bool {
    let is_name =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'[' | b']' | b':');
    !host.is_empty() && host.len() <= MAX_HOST && host.bytes().all(is_name)
}

fn mac(name: &Name, key: &Key, host: &str, lane: &Tag, expires: u64) -> Hmac<Sha256> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let text = format!("graylane gray {VERSION}\n{host}\n{lane}\n{name}\n{expires}\n");
    key.mac().chain_update(text)
}

impl Signature {
    /// Reads the field; `None` where it is none.
    pub fn read(field: &[u8]) -> Option<Self> {
        if field.len() > MAX_FIELD {
            return None;
        }
        let mut parts = std::str::from_utf8(field).ok()?.split(':');
        let (version, key, expires, mac) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        // The only way to write a number: what is signed is written anew.
        let is_number = expires.bytes().all(|byte| byte.is_ascii_digit()) && !expires.starts_with('0');
        if version != VERSION || parts.next().is_some() || !is_number {
            return None;
        }
        Some(Self {
            key: Name::from_str(key).ok()?,
            expires: expires.parse().ok()?,
            mac: hexadecimal(mac.as_bytes())?.try_into().ok()?,
        })
    }

    /// Whether it holds for this lane at this host, now, in seconds since 1970.
    ///
    /// # Errors
    /// Why not.
    pub fn verify(&self, policy: &Policy, host: &str, lane: &Tag, now: u64) -> Result<(), Stripped> {
        let (name, key) = policy
            .keys
            .iter()
            .find(|(name, _)| *name == self.key)
            .ok_or(Stripped::UnknownKey)?;
        if self.expires <= now {
            return Err(Stripped::Expired);
        }
        if u128::from(self.expires - now) > policy.max_age.as_millis().div_ceil(1000) {
            return Err(Stripped::TooLongLived);
        }
        if !host_fits(host) {
            return Err(Stripped::Forged);
        }
        let mac = mac(name, key, host, lane, self.expires);
        // In a time that tells nothing about how much of it is right.
        mac.verify_slice(&self.mac).map_err(|_| Stripped::Forged)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{VERSION}:{}:{}:", self.key, self.expires)?;
        self.mac.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
