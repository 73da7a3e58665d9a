//! Who may ask and order the gateway itself.

use super::{DIGEST, SHA256, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const ADMIN: Table = Table {
    path: "admin",
    summary: "Where operators connect: health, metrics, explain.",
    keys: &[
        key(
            "address",
            Kind::Text("address and port; without a token loopback only"),
            "\"127.0.0.1:9901\"",
            Fallback::Value("\"127.0.0.1:9900\""),
            "Where it listens. Whoever reaches it without a token may read everything, so only this machine may.",
        )
        .sensitive()
        .restart(),
        key(
            "tokens",
            Kind::Table,
            "{ ops = { sha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\" } }",
            Fallback::Words("none"),
            "Who may change what runs, each by a bearer token of its own.",
        )
        .secret(),
    ],
};

pub(super) const TOKEN: Table = Table {
    path: "admin.tokens.<name>",
    summary: "A bearer token of the admin port. The name stands in the audit log.",
    keys: &[key(
        "sha256",
        SHA256,
        DIGEST,
        Fallback::Required,
        "The SHA-256 of the token: `printf %s \"$TOKEN\" | sha256sum`.",
    )
    .secret()],
};
