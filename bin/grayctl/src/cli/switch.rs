use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::config::Environment;

/// Switch a running gateway to another binary: another version, or another channel.
///
/// The running process starts the binary with its own arguments and environment. The new one takes over listeners and
/// state, proves itself, and serves on probation; where it dies or serves worse, the old one accepts again at once. This
/// command ends when the old process has drained. Ctrl-C calls the switch off as long as that can be; a second one leaves
/// it to itself.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  grayctl switch --binary /usr/local/lib/graylane/0.2.0/graylane -c /etc/graylane/graylane.toml
  grayctl switch --binary dist/canary/graylane --folder /run/graylane --probation 2m --json
  grayctl switch status --folder /run/graylane"
)]
pub(crate) struct Switch {
    #[command(subcommand)]
    pub(crate) command: Option<SwitchCommand>,
    /// The binary that shall serve.
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) binary: Option<PathBuf>,
    /// How long the old process watches the new one; what the configuration says if not given.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) probation: Option<Duration>,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SwitchCommand {
    /// Say which process serves, where it stands, and how the last switch ended.
    Status(Place),
}

/// Where the running process is met.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Its `handover.folder`. Without it the configuration is asked.
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Its configuration file.
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "GRAYLANE_CONFIG",
        default_value = "graylane.toml"
    )]
    pub(crate) config: PathBuf,
    /// Its environment.
    #[arg(
        long,
        value_enum,
        value_name = "ENVIRONMENT",
        env = "GRAYLANE_ENV",
        default_value = "dev"
    )]
    pub(crate) env: Environment,
    /// Print JSON: an object for each step, the outcome last.
    #[arg(long)]
    pub(crate) json: bool,
}
