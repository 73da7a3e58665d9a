//! Exit codes, and the errors that lead to them. `docs/exit-codes.md` is for people; scripts may rely on the numbers.

use std::fmt;
use std::process::ExitCode;

/// Everything went well.
pub(crate) const OK: u8 = 0;
/// A bug, or a system that is not as it must be.
pub(crate) const INTERNAL: u8 = 1;
/// The command line cannot be understood. Most of it is found out by clap, which ends with the same code.
pub(crate) const USAGE: u8 = 2;
/// The configuration file cannot be read.
pub(crate) const CONFIG_UNREADABLE: u8 = 10;
/// The configuration is wrong.
pub(crate) const CONFIG_INVALID: u8 = 11;
/// Somebody else listens on an address.
pub(crate) const ADDRESS_IN_USE: u8 = 12;
/// A port needs a right that this process lacks.
pub(crate) const ADDRESS_FORBIDDEN: u8 = 13;
/// An address is not of this machine, or cannot be listened on for another reason.
pub(crate) const ADDRESS_UNAVAILABLE: u8 = 14;
/// A part of the gateway did not start.
pub(crate) const START_FAILED: u8 = 15;
/// The drain reached its limit, or was ended by a second signal, and connections were cut.
pub(crate) const CUT: u8 = 16;
/// `explain`: the request would be refused, or no service matches it.
pub(crate) const NO_MATCH: u8 = 17;

/// A file that was read does not count: not signed by a trusted key, or open to everybody.
pub(crate) const CONFIG_REFUSED: u8 = 18;
/// The audit log or the state folder cannot take what must be kept.
pub(crate) const CHANGE_NOT_KEPT: u8 = 19;

/// `serve --take-over`: nothing was taken over; the process before, if there is one, goes on.
pub(crate) const NOT_TAKEN_OVER: u8 = 20;
/// `serve --take-over`: this process served, and the one before took everything back.
pub(crate) const RETURNED: u8 = 21;
/// The folder or the socket of the handover cannot be used, or another gateway is met there.
pub(crate) const HANDOVER: u8 = 22;

/// An expected error: told in words, with a hint, and ending in its own exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// Everything that a person should read, the hint included; ends without a line feed.
    pub(crate) text: String,
    /// The same for a machine.
    pub(crate) json: serde_json::Value,
}

impl Failure {
    /// A failure that is one message and one hint.
    pub(crate) fn new(code: u8, message: impl fmt::Display, hint: &str) -> Self {
        Self {
            code,
            text: format!("error: {message}\nhint: {hint}"),
            json: serde_json::json!({ "message": message.to_string(), "hint": hint }),
        }
    }

    /// Tells it, on standard error for people, or on standard output for a machine.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        if json {
            crate::output::line(
                &serde_json::json!({ "ok": false, "code": self.code, "errors": as_list(&self.json) }),
            );
        } else {
            eprintln!("{}", self.text);
        }
        ExitCode::from(self.code)
    }
}

fn as_list(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(_) => value.clone(),
        one => serde_json::json!([one]),
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // One line, for the log; the whole text goes to the person who started the command.
        let first = self.text.lines().next().unwrap_or_default();
        f.write_str(first.strip_prefix("error: ").unwrap_or(first))
    }
}

impl std::error::Error for Failure {}
