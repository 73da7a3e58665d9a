use std::io::Write;

use minisign::KeyPair;
use serde::Serialize;

use super::key::{self, KeyError};
use crate::cli::config::Keygen;
use crate::exit::Failure;

#[derive(Serialize)]
struct Made<'a> {
    key: &'a str,
    secret: String,
    public: String,
}

/// Makes a pair of keys.
pub(crate) fn run(asked: &Keygen, out: &mut impl Write) -> Result<(), Failure> {
    for path in [&asked.secret, &asked.public] {
        if !asked.force && path.exists() {
            return Err(KeyError::Exists(path.clone()).into());
        }
    }
    let pair = if asked.no_password {
        KeyPair::generate_unencrypted_keypair()
    } else {
        KeyPair::generate_encrypted_keypair(Some(key::new_password()?))
    };
    let pair = pair.map_err(KeyError::Make)?;
    let secret = pair.sk.to_box(None).map_err(KeyError::Make)?.into_string();
    let public = pair.pk.to_box().map_err(KeyError::Make)?.into_string();
    // Only its owner may read it.
    key::write(&asked.secret, &secret, 0o600)?;
    key::write(&asked.public, &public, 0o644)?;
    let line = pair.pk.to_base64();
    if asked.json {
        let made = Made {
            key: &line,
            secret: asked.secret.display().to_string(),
            public: asked.public.display().to_string(),
        };
        return crate::command::json(&made, out);
    }
    let text = format!(
        "secret key: {}{}\npublic key: {}\nfor the trust file of each gateway:\n{line}\n",
        asked.secret.display(),
        if asked.no_password {
            " (no password: keep it where nobody else reads it)"
        } else {
            ""
        },
        asked.public.display(),
    );
    out.write_all(text.as_bytes()).map_err(Failure::Output)
}
