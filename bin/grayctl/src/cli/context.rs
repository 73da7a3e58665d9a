use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use graylane_context::Tag;
use graylane_core::Name;

#[derive(Debug, Subcommand)]
pub(crate) enum Context {
    Keygen(Keygen),
    Sign(Sign),
    Verify(Verify),
}

/// Make a key with which lanes are signed: 32 random bytes in hexadecimal.
///
/// Only its owner may read the file. The gateway and those who sign have the same key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  grayctl context keygen edge.key
  grayctl context keygen --force edge.key

Rotation: give the new key to the gateways under a name of its own, [gray.keys.edge-2], sign with it, then take the old one away.")]
pub(crate) struct Keygen {
    /// Where the key goes.
    #[arg(default_value = "gray.key")]
    pub(crate) file: PathBuf,
    /// Write over a key that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Sign a lane for one host: prints the header that makes a stranger's lane believed.
///
/// The lane is signed as it stands in the request: by its name or by its tag, in whichever dialect.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  curl -H 'X-Gray-Version: canary' \\
       -H \"$(grayctl context sign --key-file edge.key --key-name edge --lane canary --host shop.example --for 10m)\" \\
       https://shop.example/")]
pub(crate) struct Sign {
    /// The file of the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// What the gateway calls the key: [gray.keys.NAME].
    #[arg(long, value_name = "NAME")]
    pub(crate) key_name: Name,
    /// The lane, by its name or tag.
    #[arg(long, value_name = "LANE")]
    pub(crate) lane: Tag,
    /// The host that is asked, without port.
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(crate) host: String,
    /// For how long it holds; a gateway takes no more than its `gray.max_age`.
    #[arg(long = "for", value_name = "TIME", value_parser = time, default_value = "10m")]
    pub(crate) holds: Duration,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say whether a signature holds now, and why not.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  grayctl context verify --key-file edge.key --key-name edge --lane canary --host shop.example v1:edge:1767225600:9f86…

Exit codes:
   0  it holds
  16  it does not; the message says why")]
pub(crate) struct Verify {
    /// The value of `X-Gray-Signature`, or the whole line.
    pub(crate) signature: String,
    /// The file of the key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: PathBuf,
    /// What the gateway calls the key: [gray.keys.NAME].
    #[arg(long, value_name = "NAME")]
    pub(crate) key_name: Name,
    /// The lane, as it stands in the request.
    #[arg(long, value_name = "LANE")]
    pub(crate) lane: Tag,
    /// The host that is asked, without port.
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(crate) host: String,
    /// The gateway's `gray.max_age`.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "1h")]
    pub(crate) max_age: Duration,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn host(text: &str) -> Result<String, String> {
    let is_address = text.starts_with('[') && text.ends_with(']');
    if graylane_context::host_fits(text) && (is_address || !text.contains(':')) {
        return Ok(text.to_owned());
    }
    Err("a host as a client asks for it, without scheme and port, such as shop.example".to_owned())
}

fn time(text: &str) -> Result<Duration, String> {
    const DAY: Duration = Duration::from_secs(86_400);
    let time = humantime::parse_duration(text).ok();
    time.filter(|time| (Duration::from_secs(1)..=DAY).contains(time))
        .ok_or_else(|| "a duration from 1s to 24h, such as 10m".to_owned())
}
