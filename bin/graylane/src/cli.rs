//! The command line: declared once; help and completions follow from it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use graylane_load::Asked;
use log::LevelFilter;

use crate::channel::CHANNEL;
use crate::load::Wanted;

/// Gray release without a mesh: a reverse proxy that sends each user to a lane, and keeps them there.
#[derive(Debug, Parser)]
#[command(
    name = "graylane",
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "\
Try it with no other server:
  graylane serve --env dev -c examples/quickstart.toml
  curl -H 'X-User-Id: 42' http://127.0.0.1:8080/

Exit codes:
   0  done
   1  internal error
   2  usage
  10  the configuration cannot be read
  11  the configuration is invalid
  12  an address is in use
  13  an address needs a right that this process lacks
  14  an address is not of this machine
  15  a part did not start, or not in time
  16  `serve`: connections were cut, at the drain limit or by a second signal
  17  `explain`: no service matches, or the request would be refused
  18  a file does not count: no signature by a trusted key, older than before, or everybody may write it
  19  the audit log or the state folder cannot take what must be kept
  20  `serve --take-over`: nothing was taken over; the process before, if there is one, goes on
  21  `serve --take-over`: it served, and the process before took everything back
  22  the folder `handover.folder` cannot be used, or another gateway is met there"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve traffic until told to end.
    ///
    /// SIGTERM or SIGINT drains: no new connections, exchanges in flight end, keep-alive clients are told to leave. A
    /// second one ends at once.
    Serve(Serve),
    /// Check a configuration and say what is wrong with it, without starting anything.
    #[command(after_help = "\
Example:
  graylane check --env staging --set lanes.shop.canary.weight=5 --origin")]
    Check(Check),
    /// List the modules: which exist, which channels may carry them, which this binary has.
    Modules(Modules),
    /// Tell which lane a request would get, and why.
    #[command(after_help = "\
Example:
  graylane explain -c graylane.toml --host shop.example --path /cart -H 'X-User-Id: 42'")]
    Explain(Explain),
    /// Print a completion script for a shell.
    ///
    /// For bash: graylane completion bash > /etc/bash_completion.d/graylane
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct File {
    /// The configuration file. The one of the environment stands beside it, graylane.prod.toml beside graylane.toml.
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "GRAYLANE_CONFIG",
        default_value = "graylane.toml"
    )]
    pub(crate) config: PathBuf,
    /// What this process runs for: which file is read as well, and what may override the files. Default: the channel of
    /// this build.
    #[arg(long, value_enum, value_name = "ENVIRONMENT", env = "GRAYLANE_ENV")]
    pub(crate) env: Option<Environment>,
    /// Set a key, over all files and variables; may be given again. GRAYLANE_LIMITS__BODY=1MB in the environment is the
    /// same as --set limits.body=1MB.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The public keys whose signature counts in prod.
    #[arg(
        long,
        value_name = "FILE",
        env = "GRAYLANE_TRUST",
        default_value = "/etc/graylane/trusted.pub"
    )]
    pub(crate) trust: PathBuf,
    /// Leave a broken flag out, with a warning, instead of refusing all.
    #[arg(long)]
    pub(crate) quarantine: bool,
    /// Split users by gray flags (`state = "gray-30"`); otherwise each of them has its off value.
    #[arg(
        long,
        value_name = "SWITCH",
        env = "GRAYSCALE_ON",
        value_parser = switch,
        action = clap::ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value = "false",
        default_missing_value = "true"
    )]
    pub(crate) grayscale_on: bool,
    /// Write JSON to standard output, for machines.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `true`, `on` and `1`, `false`, `off` and `0`.
fn switch(word: &str) -> Result<bool, &'static str> {
    match word.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "1" => Ok(true),
        "false" | "off" | "0" | "" => Ok(false),
        _ => Err("a switch is true, on or 1, or false, off or 0"),
    }
}

impl File {
    /// What to read, with the variables of this process.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            asked: self.asked(),
            quarantine: self.quarantine,
            gray_on: self.grayscale_on,
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            file: self.config.clone(),
            environment: self.env.map_or(CHANNEL.into(), Into::into),
            variables: std::env::vars_os().collect(),
            assignments: self.set.clone(),
            trust: self.trust.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) file: File,
    /// Print every value with where it comes from: file and line, variable, --set or default. Secrets are digests.
    #[arg(long)]
    pub(crate) origin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) file: File,
    /// How much to log to standard error. Builds for prod and canary have nothing below info.
    #[arg(long, value_enum, env = "GRAYLANE_LOG", default_value_t = Level::Info)]
    pub(crate) log: Level,
    /// Take listeners, connections and state over from the process that serves with this configuration's handover folder.
    /// That one goes on unless this one proves itself. With `if-running`, start afresh where there is none.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "always"
    )]
    pub(crate) take_over: Option<TakeOver>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TakeOver {
    Always,
    IfRunning,
}

#[derive(Debug, Args)]
pub(crate) struct Modules {
    /// Write JSON.
    #[arg(long, conflicts_with = "graph")]
    pub(crate) json: bool,
    /// Write the order of start as Graphviz text: graylane modules --graph | dot -Tsvg > start.svg
    #[arg(long)]
    pub(crate) graph: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub(crate) file: File,
    /// The host asked for.
    #[arg(long)]
    pub(crate) host: String,
    /// The path asked for, with the query if there is one.
    #[arg(long, default_value = "/")]
    pub(crate) path: String,
    /// A header of the request; may be given again.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(crate) headers: Vec<String>,
    /// The address of the peer: decides what is believed, and is the key of last resort.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) peer: IpAddr,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Environment {
    Dev,
    Staging,
    Canary,
    Prod,
}

impl From<Environment> for graylane_config::Environment {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::Dev => Self::Dev,
            Environment::Staging => Self::Staging,
            Environment::Canary => Self::Canary,
            Environment::Prod => Self::Prod,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
        }
    }
}
