//! The process log: one line per event on standard error.

use std::io::Write;
use std::time::SystemTime;

use log::{LevelFilter, Log, Metadata, Record};

struct Stderr;

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let text = record.args().to_string();
        // A line feed in what a peer sent must not begin a line of its own.
        let text = if text.contains(['\n', '\r']) {
            text.replace(['\n', '\r'], " ")
        } else {
            text
        };
        // In one piece: during a handover two processes write to the same place.
        let line = format!("{time} {:5} {text}\n", record.level());
        // Nobody is left to tell when standard error is gone.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}

/// Begins to log at this level and above.
pub(crate) fn install(level: LevelFilter) {
    // Fails only when called twice; then the first one stands.
    let _ = log::set_logger(&Stderr);
    log::set_max_level(level);
}
