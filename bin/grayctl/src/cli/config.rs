use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    Keygen(Keygen),
    Sign(Sign),
    Verify(Verify),
    Show(Show),
    Diff(Compare),
}

/// Make a pair of keys in the format of minisign.
///
/// The secret key is protected by a password, asked for on the terminal, and can be read by its owner only. The public
/// key is a trust file as it is; a line of it goes into the trust file of each gateway.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grayctl config keygen
  grayctl config keygen --no-password --secret ci.key --public ci.pub

Rotation: add the new public key to the trust file, sign with the new key, then remove the old line.")]
pub(crate) struct Keygen {
    /// Where the secret key goes.
    #[arg(long, value_name = "FILE", default_value = "graylane.key")]
    pub(crate) secret: PathBuf,
    /// Where the public key goes.
    #[arg(long, value_name = "FILE", default_value = "graylane.pub")]
    pub(crate) public: PathBuf,
    /// Leave the secret key without a password: whoever reads the file can sign.
    #[arg(long)]
    pub(crate) no_password: bool,
    /// Write over keys that are there. What they signed can then not be signed again.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Sign files: each gets FILE.minisig beside it.
///
/// The signed comment has the time, the name of the file and its revision. Keys of the stock minisign work, and it
/// verifies what this signs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grayctl config sign graylane.toml graylane.prod.toml flags.toml
  grayctl config sign --secret ~/.minisign/minisign.key graylane.prod.toml
  minisign -V -p graylane.pub -m graylane.prod.toml")]
pub(crate) struct Sign {
    /// The files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The secret key; its password is asked for on the terminal, if it has one.
    #[arg(long, value_name = "FILE", default_value = "graylane.key")]
    pub(crate) secret: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Verify the signatures beside files, as a gateway in prod does.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  grayctl config verify --trust graylane.pub graylane.toml graylane.prod.toml"
)]
pub(crate) struct Verify {
    /// The files.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The public keys whose signature counts.
    #[arg(
        long,
        value_name = "FILE",
        env = "GRAYLANE_TRUST",
        default_value = "/etc/graylane/trusted.pub"
    )]
    pub(crate) trust: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show the configuration in force: every value with where it comes from.
///
/// Reads the file, the one of the environment beside it, GRAYLANE_… variables and --set, as the gateway does, but asks
/// for no signature. Secrets are shown as digests.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grayctl config show -c graylane.toml --env prod
  grayctl config show --env staging --set limits.body=1MB --json")]
pub(crate) struct Show {
    /// The configuration file.
    #[arg(
        short,
        long,
        value_name = "FILE",
        env = "GRAYLANE_CONFIG",
        default_value = "graylane.toml"
    )]
    pub(crate) config: PathBuf,
    /// The environment.
    #[arg(
        long,
        value_enum,
        value_name = "ENVIRONMENT",
        env = "GRAYLANE_ENV",
        default_value = "dev"
    )]
    pub(crate) env: Environment,
    /// Set a key, over all files and variables; may be given again.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Compare two configurations: which keys differ, and which of them need a restart.
///
/// Ends with 0 where nothing differs and with 22 where something does. Order, comments and spelling do not count.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grayctl config diff old/graylane.toml new/graylane.toml
  grayctl config diff --env prod /etc/graylane/graylane.toml graylane.toml")]
pub(crate) struct Compare {
    /// The configuration that runs.
    pub(crate) old: PathBuf,
    /// The one that shall run.
    pub(crate) new: PathBuf,
    /// Read the file of this environment beside each of them as well.
    #[arg(long, value_enum, value_name = "ENVIRONMENT")]
    pub(crate) env: Option<Environment>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
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
