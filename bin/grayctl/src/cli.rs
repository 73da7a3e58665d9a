pub(crate) mod config;
pub(crate) mod context;
pub(crate) mod flags;
pub(crate) mod switch;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, Parser, Subcommand};
use graylane_audit::Head;

use config::Config;
use context::Context;
use flags::Flags;
use switch::Switch;

const EXIT_CODES: &str = "\
Exit codes:
   0  done; for `prove`: everything is as expected
   1  internal error
   2  usage
  10  a file cannot be read or written, or is not there
  11  the file is not a graylane binary, or is damaged, or its notes were removed
  12  a committed expectation has a line that cannot be read
  13  a configuration or a file of flags is invalid
  14  a file does not count: no signature by a trusted key, or everybody may write the trust file
  15  a key cannot be made or used
  16  `context verify`: the signature does not hold
  20  `prove`: at least one surprise
  21  `prove`: the artifacts are not of one version and commit
  22  `config diff`: the configurations differ
  23  `flags diff`: a gate does not hold
  24  `flags lint --strict`: at least one warning
  30  `audit verify`: the log is not what was written
  31  `audit show --seq`: no such entry
  32  no flag has that key
  40  the gateway cannot be reached
  41  the gateway refuses: no token, or a change that it does not take
  42  the change is in use, but connections were cut over it
  50  `switch`: refused, nothing was begun
  51  `switch`: the new process did not come as far as serving; the old one goes on
  52  `switch`: the new process served, and the old one took everything back
  53  `switch`: the new process serves, but connections were cut
  54  `switch`: the old process died in the middle, or the switch was left to itself";

/// Say what a graylane binary holds, prove what the channels of a release leave out, sign and compare configuration, read
/// the audit log, sign gray lanes, read, change, explain and compare flags, and switch a running gateway to another binary.
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
    /// Read the audit log: who changed what, when, from what to what.
    #[command(subcommand)]
    Audit(Audit),
    /// Make keys; sign, verify, show and compare configuration.
    #[command(subcommand)]
    Config(Config),
    /// Make keys for gray lanes; sign a lane for a request, and verify such a signature.
    #[command(subcommand)]
    Context(Context),
    /// Read, change, explain, check and compare flags, in files or of a gateway that runs.
    #[command(subcommand)]
    Flags(Flags),
    Switch(Switch),
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

#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    Tail(Tail),
    Show(Show),
    Verify(Verify),
}

/// Show the last entries.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  grayctl audit tail /var/lib/graylane\n  \
                        grayctl audit tail -n 100 -f --json /var/lib/graylane")]
pub(crate) struct Tail {
    /// The folder `server.state`, or one file of the log.
    pub(crate) log: PathBuf,
    /// How many.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub(crate) lines: usize,
    /// Go on with the entries to come, also when a full file is put aside, until Ctrl-C.
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Print the lines as they are.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show the entries that are asked for, oldest first; one alone in full.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  grayctl audit show --seq 41 /var/lib/graylane\n  \
                        grayctl audit show --since 2h --key lanes.shop /var/lib/graylane")]
pub(crate) struct Show {
    /// The folder `server.state`, or one file of the log.
    pub(crate) log: PathBuf,
    /// The entry with this number, in full.
    #[arg(long, value_name = "N")]
    pub(crate) seq: Option<u64>,
    /// Those since then: a time in UTC (`2026-03-01`, `2026-03-01T12:00:00Z`) or how long ago (`2h`, `3days`).
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<SystemTime>,
    /// Those about this key or one below it: `lanes.shop` takes in `lanes.shop.canary.weight`.
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// Those of this action.
    #[arg(long)]
    pub(crate) action: Option<String>,
    /// Print the lines as they are.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check that no entry was changed, removed, inserted or moved.
///
/// Each entry has the hash of the one before. That the end was cut off, or that the whole log was written anew, the files
/// alone cannot show: note the head that this command prints somewhere else, and give it the next time by
/// --expect-head. It must then still be there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  grayctl audit verify /var/lib/graylane\n  \
                        grayctl audit verify --expect-head \"$(cat noted-head)\" /var/lib/graylane\n\n\
                        Exit codes:\n   0  every entry follows from the one before\n  \
                        10  the log cannot be read, or is not there\n  \
                        30  the log is not what was written; the message names file, line and entry")]
pub(crate) struct Verify {
    /// The folder `server.state`, or one file of the log.
    pub(crate) log: PathBuf,
    /// The head that was noted, as this command prints it.
    #[arg(long, value_name = "SEQ:HASH")]
    pub(crate) expect_head: Option<Head>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn since(text: &str) -> Result<SystemTime, String> {
    let moment = humantime::parse_rfc3339_weak(text)
        .or_else(|_| humantime::parse_rfc3339(&format!("{text}T00:00:00Z")));
    if let Ok(time) = moment {
        return Ok(time);
    }
    let ago = humantime::parse_duration(text).ok();
    ago.and_then(|ago| SystemTime::now().checked_sub(ago))
        .ok_or_else(|| "neither a time such as 2026-03-01T12:00:00Z nor a duration such as 2h".to_owned())
}
