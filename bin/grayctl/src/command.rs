//! One file per command.

pub(crate) mod audit;
pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod flags;
pub(crate) mod inspect;
pub(crate) mod prove;
pub(crate) mod switch;

use std::io::Write;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::exit::Failure;

/// Prints the completion script of a shell.
pub(crate) fn completion(shell: clap_complete::Shell, out: &mut impl Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "grayctl", &mut script);
    out.write_all(&script).map_err(Failure::Output)
}

/// Prints one JSON object.
pub(crate) fn json(value: &impl serde::Serialize, out: &mut impl Write) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)?;
    writeln!(out, "{text}").map_err(Failure::Output)
}
