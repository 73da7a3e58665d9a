//! Feature flags, and who may ask for them.

use super::{DIGEST, SHA256, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const FLAGS: Table = Table {
    path: "flags",
    summary: "Which feature flags there are.",
    keys: &[key(
        "files",
        Kind::List("the path of a `.toml` or flagd `.json` file, without `..`", 100),
        "[\"flags.toml\", \"team.json\"]",
        Fallback::Value("[]"),
        "The files of flags, relative to the configuration's folder. Where two define a flag, the later file wins.",
    )
    .sensitive()],
};

pub(super) const OFREP: Table = Table {
    path: "ofrep",
    summary: "Flag evaluation for OpenFeature SDKs. Without this table it is not served.",
    keys: &[
        key(
            "address",
            Kind::Text("address and port; without a key loopback only"),
            "\"127.0.0.1:8016\"",
            Fallback::Required,
            "Where it listens.",
        )
        .sensitive()
        .restart(),
        key(
            "cors",
            Kind::List(
                "an origin such as `https://app.example`, or `*` alone for any",
                100,
            ),
            "[\"https://app.example\"]",
            Fallback::Value("[]"),
            "The origins of web pages that may ask.",
        )
        .sensitive(),
        key(
            "keys",
            Kind::Table,
            "{ web = { sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" } }",
            Fallback::Words("none: open"),
            "Who may ask, each by a key of its own.",
        )
        .secret(),
    ],
};

pub(super) const OFREP_KEY: Table = Table {
    path: "ofrep.keys.<name>",
    summary: "A key of those who ask, as a bearer token or in `X-API-Key`.",
    keys: &[key(
        "sha256",
        SHA256,
        DIGEST,
        Fallback::Required,
        "The SHA-256 of the key: `printf %s \"$KEY\" | sha256sum`.",
    )
    .secret()],
};
