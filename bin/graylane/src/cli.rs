//! The command line: declared once; help and completions follow from it.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use log::LevelFilter;

/// Gray release without a mesh: a reverse proxy that sends each user to a lane, and keeps them there.
#[derive(Debug, Parser)]
#[command(
    name = "graylane",
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "\
Try it with no other server:
  graylane serve -c examples/quickstart.toml
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
  17  `explain`: no service matches, or the request would be refused"
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
    Check(File),
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
    /// The configuration file.
    #[arg(short, long, value_name = "FILE", default_value = "graylane.toml")]
    pub(crate) config: PathBuf,
    /// Write JSON to standard output, for machines.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) file: File,
    /// How much to log to standard error. Builds for prod and canary have nothing below info.
    #[arg(long, value_enum, default_value_t = Level::Info)]
    pub(crate) log: Level,
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
