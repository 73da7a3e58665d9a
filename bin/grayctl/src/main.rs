//! `grayctl`: says what a binary holds, proves what the channels of a release leave out, signs and compares configuration,
//! reads the audit log, signs gray lanes, reads, changes, explains and compares flags, and switches a running gateway to
//! another binary.
//!
//! Results go to stdout, messages to stderr; with `--json` the result is one JSON object. Every way to end has its own
//! exit code ([`exit`]), and every error says in a `hint:` line what to do next.

mod cli;
mod command;
mod exit;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use exit::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout().lock();
    let done = match &cli.command {
        Command::Inspect(asked) => command::inspect::run(asked, &mut out),
        Command::Prove(asked) => command::prove::run(asked, &mut out),
        Command::Audit(asked) => command::audit::run(asked, &mut out),
        Command::Config(asked) => command::config::run(asked, &mut out),
        Command::Context(asked) => command::context::run(asked, &mut out),
        Command::Flags(asked) => command::flags::run(asked, &mut out),
        Command::Switch(asked) => command::switch::run(asked, &mut out),
        Command::Completion { shell } => command::completion(*shell, &mut out),
    };
    match done.and_then(|()| out.flush().map_err(Failure::Output)) {
        Ok(()) => ExitCode::from(exit::OK),
        // Whoever read our output has seen enough: `grayctl inspect F | head -1` is no error.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::from(exit::OK)
        }
        Err(failure) => {
            failure.explain(&mut std::io::stderr().lock());
            ExitCode::from(failure.code())
        }
    }
}
