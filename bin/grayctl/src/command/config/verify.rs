use std::io::Write;

use graylane_config::{Signed, TrustedKeys};
use graylane_load::LoadError;
use serde_json::{Value, json};

use crate::cli::config::Verify;
use crate::exit::Failure;

/// Verifies each file and tells about all of them.
pub(crate) fn run(asked: &Verify, out: &mut impl Write) -> Result<(), Failure> {
    let keys = graylane_load::trusted_keys(&asked.trust)?;
    let results: Vec<(String, Result<Signed, LoadError>)> = asked
        .files
        .iter()
        .map(|path| {
            let signed =
                graylane_load::read(path).and_then(|bytes| graylane_load::verify(path, &bytes, &keys));
            (path.display().to_string(), signed)
        })
        .collect();
    if asked.json {
        crate::command::json(&report(&results, &keys), out)?;
    } else {
        for (file, result) in &results {
            let line = match result {
                Ok(signed) => format!("{file}: signed by {}: {}", signed.key_id, signed.trusted_comment),
                Err(error) => format!("NOT VALID: {error}\n  hint: {}", error.hint()),
            };
            writeln!(out, "{line}").map_err(Failure::Output)?;
        }
    }
    match results.iter().filter(|(_, result)| result.is_err()).count() {
        0 => Ok(()),
        wrong => Err(Failure::NotTrusted {
            wrong,
            all: results.len(),
        }),
    }
}

fn report(results: &[(String, Result<Signed, LoadError>)], keys: &TrustedKeys) -> Value {
    let file = |(file, result): &(String, Result<Signed, LoadError>)| match result {
        Ok(signed) => json!({
            "file": file,
            "valid": true,
            "key": signed.key_id.to_string(),
            "comment": signed.trusted_comment,
        }),
        Err(error) => json!({
            "file": file,
            "valid": false,
            "message": error.to_string(),
            "hint": error.hint(),
        }),
    };
    let trusted: Vec<String> = keys.ids().iter().map(ToString::to_string).collect();
    json!({
        "valid": results.iter().all(|(_, result)| result.is_ok()),
        "trusted": trusted,
        "files": results.iter().map(file).collect::<Vec<_>>(),
    })
}
