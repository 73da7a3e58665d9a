use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};

use graylane_context::Key;
use serde_json::json;

use crate::cli::context::Keygen;
use crate::command::config::{KeyError, write_key};
use crate::exit::Failure;

/// Makes a key.
pub(crate) fn run(asked: &Keygen, out: &mut impl Write) -> Result<(), Failure> {
    if !asked.force && asked.file.exists() {
        return Err(KeyError::Exists(asked.file.clone()).into());
    }
    let mut bytes = [0; Key::MIN];
    // The system's own source of randomness, without another crate.
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(KeyError::Random)?;
    let mut text = String::new();
    for byte in bytes {
        let _infallible = write!(text, "{byte:02x}");
    }
    // Only its owner may read it.
    write_key(&asked.file, &(text + "\n"), 0o600)?;
    let file = asked.file.display().to_string();
    if asked.json {
        return crate::command::json(&json!({ "file": file }), out);
    }
    writeln!(
        out,
        "key: {file}\nfor the gateway: [gray.keys.NAME] with file = \"…\""
    )
    .map_err(Failure::Output)
}
