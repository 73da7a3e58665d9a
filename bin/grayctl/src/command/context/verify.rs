use std::io::Write;

use graylane_context::{Policy, Signature, Stripped};
use serde_json::json;

use super::{now, read_key, show};
use crate::cli::context::Verify;
use crate::exit::Failure;

/// Says whether a signature holds.
pub(crate) fn run(asked: &Verify, out: &mut impl Write) -> Result<(), Failure> {
    let key = read_key(&asked.key_file)?;
    let value = match asked.signature.split_once(':') {
        Some((name, value)) if name.eq_ignore_ascii_case("x-gray-signature") => value,
        _ => &asked.signature,
    };
    let policy = Policy {
        keys: vec![(asked.key_name.clone(), key)],
        max_age: asked.max_age,
        ..Policy::default()
    };
    let signature = Signature::read(value.trim().as_bytes());
    let verified = match &signature {
        Some(signature) => signature.verify(&policy, &asked.host, &asked.lane, now()),
        None => Err(Stripped::Malformed),
    };
    if asked.json {
        let report = json!({
            "valid": verified.is_ok(),
            "reason": verified.err().map(Stripped::as_str),
            "key": signature.as_ref().map(|one| one.key.as_str()),
            "expires": signature.as_ref().map(|one| show(one.expires)),
        });
        crate::command::json(&report, out)?;
    }
    match (verified, signature) {
        (Ok(()), Some(signature)) if !asked.json => {
            let (lane, host, until) = (&asked.lane, &asked.host, show(signature.expires));
            writeln!(out, "it holds: lane {lane} at {host}, until {until}").map_err(Failure::Output)
        }
        (Ok(()), _) => Ok(()),
        (Err(why), signature) => Err(Failure::NotSigned(words(why, signature.as_ref(), asked))),
    }
}

fn words(why: Stripped, signature: Option<&Signature>, asked: &Verify) -> String {
    let until = || signature.map_or_else(String::new, |one| show(one.expires));
    match why {
        Stripped::UnknownKey => {
            let made = signature.map_or("?", |one| one.key.as_str());
            format!("it was made by the key `{made}`, not by `{}`", asked.key_name)
        }
        Stripped::Expired => format!("it has expired: it held until {}", until()),
        Stripped::TooLongLived => {
            let most = humantime::format_duration(asked.max_age);
            format!(
                "it holds for too long: until {}, and {most} from now is the most",
                until()
            )
        }
        Stripped::Forged => format!(
            "it was not made by this key for the lane `{}` at {}",
            asked.lane, asked.host
        ),
        Stripped::Malformed | Stripped::Unsigned | Stripped::NoLane => {
            "it is no signature: `v1:<key>:<expiry>:<mac>`".to_owned()
        }
    }
}
