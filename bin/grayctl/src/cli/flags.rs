//! The arguments of `grayctl flags`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use crate::command::flags::{Stated, Url};

#[derive(Debug, Subcommand)]
pub(crate) enum Flags {
    List(List),
    Get(Get),
    Set(Set),
    Explain(Explain),
    Lint(Lint),
    Diff(Diff),
}

/// Where flags are read from: files, or a gateway that runs.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true).multiple(false).args(["files", "live"]))]
pub(crate) struct From {
    /// Files of flags, TOML or flagd's JSON, read as the gateway reads them: where a flag stands in several, the last one
    /// counts.
    pub(crate) files: Vec<PathBuf>,
    /// Ask the gateway with this admin port, in plain HTTP.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "http://127.0.0.1:9900")]
    pub(crate) live: Option<Url>,
    /// The file with the bearer token for the admin port; else the variable GRAYLANE_TOKEN has it.
    #[arg(long, value_name = "FILE", requires = "live")]
    pub(crate) token_file: Option<PathBuf>,
}

/// List the flags.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  grayctl flags list flags.toml team.json\n  \
                        grayctl flags list --live http://127.0.0.1:9900 --json")]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) from: From,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show a flag as the gateway understands it, each `$ref` replaced by its evaluator.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  grayctl flags get shop-v2 flags.toml\n  grayctl flags get shop-v2 --live"
)]
pub(crate) struct Get {
    /// The flag's key.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) from: From,
    /// Print the flag as one line of JSON: two flags mean the same if the lines are the same.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Change the state or the default variant of a flag, and nothing else in its file.
///
/// Comments, order and spaces stay. Where the file has a `revision`, it is raised by one. The result is read, with all
/// files, before it takes the place of the file: a change that the gateway would refuse is not written.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  grayctl flags set shop-v2 gray-10 flags.toml\n  \
                        grayctl flags set shop-v2 keep --default on flags.toml --dry-run\n  \
                        GRAYLANE_TOKEN=$(cat token) grayctl flags set shop-v2 off --live http://127.0.0.1:9900")]
pub(crate) struct Set {
    /// The flag's key.
    pub(crate) key: String,
    /// `enabled`, `disabled` or `gray-N` with N from 0 to 100; on, true and 1 are enabled, off, false and 0 disabled;
    /// `keep` leaves the state.
    #[arg(value_name = "STATE")]
    pub(crate) state: Stated,
    /// The default variant.
    #[arg(long, value_name = "VARIANT")]
    pub(crate) default: Option<String>,
    #[command(flatten)]
    pub(crate) from: From,
    /// Say what would change, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say why somebody gets what.
///
/// Shows each condition with its operands and its result, the hash, its bucket and the ranges, and where the flag stands.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  grayctl flags explain shop-v2 flags.toml --targeting-key 42\n  \
                        grayctl flags explain shop-v2 flags.toml --context '{\"targetingKey\": \"42\", \"user\": {\"tier\": 3}}'\n  \
                        grayctl flags explain shop-v2 --live --targeting-key 42 --field country=DE"
)]
pub(crate) struct Explain {
    /// The flag's key.
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) from: From,
    #[command(flatten)]
    pub(crate) who: Who,
    /// The targeting key; goes before `targetingKey` of the context.
    #[arg(long, value_name = "KEY")]
    pub(crate) targeting_key: Option<String>,
    /// A field of the context; goes before the same of --context. A number or a switch where it reads as one, else a
    /// string.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    pub(crate) field: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) gray: Gray,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// For whom.
#[derive(Debug, Args)]
pub(crate) struct Who {
    /// The context: a JSON object, or `@FILE` with one.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) context: Option<String>,
}

/// The main switch of gray flags.
#[derive(Debug, Args)]
pub(crate) struct Gray {
    /// Whether gray flags are split at all. On, unlike in a gateway, so that one sees what a flag will do; a gateway that
    /// runs answers with its own.
    #[arg(long, value_name = "SWITCH", env = "GRAYSCALE_ON", value_parser = switch, default_value = "on", action = clap::ArgAction::Set)]
    pub(crate) grayscale_on: bool,
}

/// Find mistakes, and what is probably one.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  grayctl flags lint --strict flags.toml team.json\n\n\
                        Exit codes:\n   0  no mistake; warnings may be\n  \
                        10  a file cannot be read\n  \
                        13  at least one mistake: the gateway would refuse the files\n  \
                        24  with --strict: at least one warning"
)]
pub(crate) struct Lint {
    /// The files, in the order of the configuration.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Fail where there are warnings.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say who would get another variant, and why.
///
/// Evaluates every flag that differs for each id, before and after. The gates make a build fail; without one the command
/// only tells. An id that stands twice counts twice.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whom").required(true).multiple(false).args(["ids", "sample"]))]
#[command(
    after_help = "Examples:\n  grayctl flags diff old.toml new.toml --sample 100000\n  \
                        grayctl flags diff old.toml,old.json new.toml,new.json --ids users.txt --only-growing\n  \
                        grayctl flags diff old.toml new.toml --ids users.txt --key uid --max-moved 0 --flag shop-v2\n\n\
                        Exit codes:\n   0  told, and every gate holds\n  \
                        13  a file of flags is wrong\n  \
                        23  a gate does not hold; the message names flag, count and three ids\n  \
                        32  --flag: neither side has that flag"
)]
pub(crate) struct Diff {
    /// The file of flags before; several are parted by commas.
    #[arg(value_delimiter = ',', num_args = 1, action = clap::ArgAction::Set)]
    pub(crate) old: Vec<PathBuf>,
    /// The file of flags after; several are parted by commas.
    #[arg(value_delimiter = ',', num_args = 1, action = clap::ArgAction::Set)]
    pub(crate) new: Vec<PathBuf>,
    /// The file with the ids, one on each line; `-` is the standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    /// As many made-up ids, different from one another.
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<u64>,
    /// Which made-up ids.
    #[arg(long, value_name = "S", default_value_t = 0, requires = "sample")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) who: Who,
    /// The field of the context that the ids are; without it they are the targeting key.
    #[arg(long, value_name = "FIELD")]
    pub(crate) key: Option<String>,
    /// Look at this flag only. May be repeated.
    #[arg(long, value_name = "KEY")]
    pub(crate) flag: Vec<String>,
    /// Gate: at most this share of the ids, in percent, changes the variant of any one flag.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) max_moved: Option<f64>,
    /// Gate: nobody enters the on variant of any flag.
    #[arg(long)]
    pub(crate) only_shrinking: bool,
    /// Gate: nobody leaves the on variant of any flag.
    #[arg(long)]
    pub(crate) only_growing: bool,
    #[command(flatten)]
    pub(crate) gray: Gray,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn switch(word: &str) -> Result<bool, &'static str> {
    match word.to_ascii_lowercase().as_str() {
        "true" | "1" | "on" => Ok(true),
        "false" | "0" | "off" | "" => Ok(false),
        _ => Err("a switch is true, false, 1, 0, on or off"),
    }
}

fn field(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a field is written NAME=VALUE, such as country=DE"),
    }
}

fn percent(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = number.parse().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or("a percentage goes from 0 to 100")
}
