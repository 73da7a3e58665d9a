//! The Graylane gateway. Wiring only: what a command does is in `command`, how the parts start is in `start`.

mod admin;
mod change;
mod channel;
mod cli;
mod command;
mod exit;
mod generation;
mod handover;
mod load;
mod logger;
mod modules;
mod output;
mod start;
mod version;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::cli::{Cli, Command};
use crate::version::Version;

fn main() -> ExitCode {
    let notes = graylane_note::own();
    let version = Version::new(&notes);
    let matches = Cli::command().version(version.line()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let (result, json) = match cli.command {
        Command::Serve(args) => (command::serve(&args, version, &notes), args.file.json),
        Command::Check(args) => (command::check(&args), args.file.json),
        Command::Modules(args) => (command::modules(&args, &notes), args.json),
        Command::Explain(args) => (command::explain(&args), args.file.json),
        Command::Completion { shell } => {
            // Into memory first: the generator panics where its reader has gone.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "graylane", &mut script);
            output::text(&String::from_utf8_lossy(&script));
            (Ok(exit::OK), false)
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(json),
    }
}
