//! `grayctl context`: one file per command.

mod keygen;
mod sign;
mod verify;

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use graylane_context::Key;

use crate::cli::context::Context;
use crate::command::config::KeyError;
use crate::exit::Failure;

/// Runs one of them.
pub(crate) fn run(asked: &Context, out: &mut impl Write) -> Result<(), Failure> {
    match asked {
        Context::Keygen(asked) => keygen::run(asked, out),
        Context::Sign(asked) => sign::run(asked, out),
        Context::Verify(asked) => verify::run(asked, out),
    }
}

fn read_key(path: &Path) -> Result<Key, KeyError> {
    /// More than any key has, so that a wrong file is not read to its end.
    const MOST: u64 = 16 * 1024;
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST).read_to_end(&mut text));
    read.map_err(|source| KeyError::ReadShared {
        path: path.to_owned(),
        source,
    })?;
    Key::read(&text).map_err(|source| KeyError::Shared {
        path: path.to_owned(),
        source,
    })
}

/// Now, in seconds since 1970; 0 where the clock of the machine is before that.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// A time in seconds since 1970 as people read it; the number where no calendar has it.
fn show(seconds: u64) -> String {
    const LAST_OF_9999: u64 = 253_402_300_799;
    if seconds > LAST_OF_9999 {
        return format!("{seconds} seconds since 1970");
    }
    let time = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}
