mod admin;
mod flags;
mod forwarding;
mod gray;
mod handover;
mod health;
mod lanes;
mod limits;
mod listeners;
mod mirror;
mod process;

use std::time::Duration;

use super::{Effect, Fallback, Guard, Key, Kind, Table};

const DAY: Duration = Duration::from_secs(86_400);

/// A wait that must be there and must end.
const WAIT: Kind = Kind::Time {
    min: Duration::from_millis(1),
    max: DAY,
};

/// A wait that may be none at all.
const GRACE: Kind = Kind::Time {
    min: Duration::ZERO,
    max: DAY,
};

/// A TOML integer ends here.
const LARGEST: u64 = i64::MAX as u64;

const fn key(
    name: &'static str,
    kind: Kind,
    example: &'static str,
    default: Fallback,
    meaning: &'static str,
) -> Key {
    Key {
        name,
        kind,
        example,
        default,
        meaning,
        guard: Guard::Open,
        effect: Effect::Live,
    }
}

/// The hash of a token: what a file holds instead of the token.
const SHA256: Kind = Kind::Text("64 hexadecimal digits");

/// Such as `printf %s "$TOKEN" | sha256sum` prints.
const DIGEST: &str = "\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"";

/// The path of a file of certificates or of a key.
const PEM: Kind = Kind::Text("the path of a PEM file, relative to the configuration's folder");

/// Every table, in the order of the reference.
pub(crate) const TABLES: &[Table] = &[
    process::ROOT,
    process::SERVER,
    listeners::LISTENER,
    listeners::TLS,
    listeners::CERTIFICATE,
    admin::ADMIN,
    admin::TOKEN,
    limits::LIMITS,
    process::DRAIN,
    gray::GRAY,
    gray::KEY,
    handover::HANDOVER,
    flags::FLAGS,
    flags::OFREP,
    flags::OFREP_KEY,
    lanes::SERVICE,
    forwarding::TIMEOUTS,
    forwarding::RETRIES,
    lanes::LANE,
    forwarding::ENDPOINT,
    lanes::TLS,
    health::HEALTH,
    lanes::RESPOND,
    mirror::MIRROR,
];
