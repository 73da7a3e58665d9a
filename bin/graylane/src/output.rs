//! Standard output: what a command was asked for. Everything else goes to standard error.

use std::io::Write;

/// Writes one JSON value as a line.
pub(crate) fn line(value: &serde_json::Value) {
    text(&format!("{value}\n"));
}

/// Writes text. A reader that went away is no error: `graylane modules | head -1` is a fair thing to do.
pub(crate) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
