//! Who may ask.

use std::fmt::Write;
use std::hint::black_box;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use sha2::{Digest, Sha256};

use crate::settings::Key;

/// The header for a key that is not a bearer token.
pub(crate) const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What parts the digest of a ticket from every other digest of the same bytes.
const TICKET: &[u8] = b"graylane: ticket of an event stream\0";

/// The key among `keys` that a request shows.
pub(crate) fn shown<'k>(keys: &'k [Key], headers: &HeaderMap) -> Option<&'k Key> {
    let bearer = headers.get_all(AUTHORIZATION).iter().filter_map(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked(7)?;
        scheme
            .eq_ignore_ascii_case(b"bearer ")
            .then(|| token.trim_ascii())
    });
    let plain = headers.get_all(X_API_KEY).iter().map(|value| value.as_bytes());
    bearer.chain(plain).find_map(|token| {
        let digest: [u8; 32] = Sha256::digest(token).into();
        find(keys, &digest)
    })
}

/// The key whose ticket that is.
pub(crate) fn ticketed<'k>(keys: &'k [Key], ticket: &str) -> Option<&'k Key> {
    keys.iter().find(|key| {
        let right = self::ticket(&key.sha256);
        right.len() == ticket.len() && same(right.as_bytes(), ticket.as_bytes())
    })
}

/// Whether a key is still among those.
pub(crate) fn find<'k>(keys: &'k [Key], digest: &[u8; 32]) -> Option<&'k Key> {
    keys.iter().find(|key| same(&key.sha256, digest))
}

/// What opens an event stream in place of a key: made from the key's digest, so that every server of the same
/// configuration knows it, and it ends when the key does.
pub(crate) fn ticket(sha256: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(TICKET).chain_update(sha256).finalize();
    digest[..16]
        .iter()
        .fold(String::with_capacity(32), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Compares without telling by the time how much is the same.
fn same(one: &[u8], other: &[u8]) -> bool {
    let different = one
        .iter()
        .zip(other)
        .fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
    different == 0
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn keys() -> Vec<Key> {
        ["alpha", "beta"]
            .map(|name| Key {
                name: name.into(),
                sha256: Sha256::digest(format!("secret-{name}")).into(),
            })
            .into()
    }

    fn name_for(header: HeaderName, value: &'static str) -> Option<Box<str>> {
        let headers = HeaderMap::from_iter([(header, HeaderValue::from_static(value))]);
        shown(&keys(), &headers).map(|key| key.name.clone())
    }

    #[test]
    fn a_key_is_known_as_bearer_token_and_as_api_key() {
        assert_eq!(
            name_for(AUTHORIZATION, "Bearer secret-alpha").as_deref(),
            Some("alpha")
        );
        assert_eq!(
            name_for(AUTHORIZATION, "bearer  secret-beta ").as_deref(),
            Some("beta")
        );
        assert_eq!(name_for(X_API_KEY, "secret-beta").as_deref(), Some("beta"));
    }

    #[test]
    fn anything_else_is_nobody() {
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic secret-alpha",
            "secret-alpha",
            "Bearer secret-alph",
        ] {
            assert_eq!(name_for(AUTHORIZATION, value), None, "{value}");
        }
        assert_eq!(name_for(X_API_KEY, "secret-gamma"), None);
    }

    #[test]
    fn a_ticket_belongs_to_one_key_and_does_not_tell_it() {
        let keys = keys();
        let ticket = ticket(&keys[1].sha256);

        assert_eq!(ticketed(&keys, &ticket).map(|key| &*key.name), Some("beta"));
        assert!(ticketed(&keys[..1], &ticket).is_none());
        assert!(ticketed(&keys, "").is_none());
        assert!(find(&keys, &Sha256::digest(&ticket).into()).is_none());
    }
}
