use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const EXIT_CODES: &str = "\
Exit codes:
   0  done; for `prove`: everything is as expected
   1  internal error
   2  usage
  10  a file cannot be read or written
  11  the file is not a graylane binary, or is damaged, or its notes were removed
  12  a committed expectation has a line that cannot be read
  20  `prove`: at least one surprise
  21  `prove`: the artifacts are not of one version and commit";

/// Say what a graylane binary holds, and prove what the channels of a release leave out.
#[derive(Debug, Parser)]
#[command(name = "grayctl", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Inspect(Inspect),
    Prove(Prove),
    /// Print the completion script of a shell.
    ///
    /// For bash: `grayctl completion bash > ~/.local/share/bash-completion/completions/grayctl`.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Say which channel, version, commit and modules a binary holds.
///
/// Reads the notes in the file itself, without running it. Works on stripped files and on files without section
/// headers. A file without notes is an error, never "clean".
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  grayctl inspect dist/prod/graylane --json")]
pub(crate) struct Inspect {
    /// The binary.
    pub(crate) file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prove which modules each channel's artifact leaves out.
///
/// Reads the artifacts of all channels of one commit (`DIR/<channel>/graylane`, with its dep-info `graylane.d` and its
/// `graylane.debug`) and prints a table, modules by channels. A module counts as absent from one artifact only if the
/// same reader finds it in another; otherwise it is NOT PROVEN. The markers are compared with the compiler's own list
/// of sources and with the committed expectation.
///
/// What is proven is that no module slipped in by mistake. Markers are cooperative: they are no defence against
/// somebody who removes them on purpose from code, witness and expectation alike.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ci/prove                  builds all channels, then calls this\n  \
                        grayctl prove --dist dist --json"
)]
pub(crate) struct Prove {
    /// The folder with one folder per channel, as `ci/channel` writes it.
    #[arg(long, value_name = "DIR")]
    pub(crate) dist: PathBuf,
    /// The folder with the committed expectations, `<channel>.txt`.
    #[arg(long, value_name = "DIR", default_value = "ci/expected")]
    pub(crate) expected: PathBuf,
    /// Write what was found as the new expectation, where nothing else is wrong.
    #[arg(long)]
    pub(crate) bless: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
