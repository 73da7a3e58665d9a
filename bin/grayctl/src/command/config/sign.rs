use std::io::{Cursor, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use minisign::{PublicKey, SecretKey};
use serde::Serialize;

use super::key::{self, KeyError};
use crate::cli::config::Sign;
use crate::exit::Failure;

#[derive(Serialize)]
struct Signature {
    file: String,
    signature: String,
    comment: String,
    revision: Option<u64>,
}

/// Signs each file.
pub(crate) fn run(asked: &Sign, out: &mut impl Write) -> Result<(), Failure> {
    // Read before the password is asked for: nobody types one for a file that is not there.
    let files: Vec<_> = asked
        .files
        .iter()
        .map(|path| Ok((path, graylane_load::read(path)?)))
        .collect::<Result<_, Failure>>()?;
    let secret = key::secret(&asked.secret)?;
    let mut signatures = Vec::new();
    for (path, bytes) in files {
        signatures.push(sign(path, &bytes, &secret)?);
    }
    if asked.json {
        return crate::command::json(&serde_json::json!({ "signatures": signatures }), out);
    }
    for one in &signatures {
        let revision = match one.revision {
            Some(revision) => format!("revision {revision}"),
            None => "NO revision: prod will not take it".to_owned(),
        };
        writeln!(out, "{}: {revision}, {}", one.file, one.signature).map_err(Failure::Output)?;
    }
    Ok(())
}

fn sign(path: &Path, bytes: &[u8], secret: &SecretKey) -> Result<Signature, Failure> {
    let failed = |source| KeyError::Sign {
        path: path.to_owned(),
        source,
    };
    let revision = revision(path, bytes);
    let comment = comment(path, revision);
    let public = PublicKey::from_secret_key(secret).map_err(failed)?;
    let signature = minisign::sign(Some(&public), secret, Cursor::new(bytes), Some(&comment), None);
    let beside = graylane_load::signature_path(path);
    key::write(&beside, &signature.map_err(failed)?.into_string(), 0o644)?;
    Ok(Signature {
        file: path.display().to_string(),
        signature: beside.display().to_string(),
        comment,
        revision,
    })
}

/// As minisign writes it, with the revision behind.
fn comment(path: &Path, revision: Option<u64>) -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name
        .chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    let revision = revision.map_or_else(String::new, |revision| format!("\trevision:{revision}"));
    format!("timestamp:{now}\tfile:{name}{revision}")
}

/// `revision` at the top of TOML, `metadata.revision` of flagd's JSON.
fn revision(path: &Path, bytes: &[u8]) -> Option<u64> {
    if path.extension().is_some_and(|extension| extension == "json") {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        value.get("metadata")?.get("revision")?.as_u64()
    } else {
        graylane_config::revision(str::from_utf8(bytes).ok()?)
    }
}
