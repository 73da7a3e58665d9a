//! The process itself: how it runs and how it ends.

use super::{GRACE, LARGEST, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const ROOT: Table = Table {
    path: "",
    summary: "Keys above the first table.",
    keys: &[key(
        "revision",
        Kind::Count { min: 1, max: LARGEST },
        "7",
        Fallback::Words("none"),
        "The number of this version of the file, raised with every change. Needed in prod, where it may not be lower \
         than the last one accepted.",
    )
    .sensitive()],
};

pub(super) const SERVER: Table = Table {
    path: "server",
    summary: "The process.",
    keys: &[
        key(
            "workers",
            Kind::Count { min: 1, max: 1024 },
            "4",
            Fallback::Words("one per core"),
            "Worker threads, each with its own runtime and upstream pool.",
        )
        .restart(),
        key(
            "state",
            Kind::Text("a path, relative to the configuration's folder"),
            "\"/var/lib/graylane\"",
            Fallback::Words("none"),
            "The folder of the audit log and of the accepted revisions. Needed in every environment but dev.",
        )
        .sensitive()
        .restart(),
        key(
            "trusted_peers",
            Kind::List("an address or a network, such as `10.0.0.0/8`", 1024),
            "[\"10.0.0.0/8\", \"::1\"]",
            Fallback::Value("[]"),
            "Peers whose gray and forwarding headers (those of `gray.read`, `X-Forwarded-For`, `X-Forwarded-Host`, \
             `X-Forwarded-Proto`, `Forwarded`) are believed; those of all others are dropped or replaced.",
        )
        .sensitive(),
    ],
};

pub(super) const DRAIN: Table = Table {
    path: "drain",
    summary: "How the process ends after SIGTERM or SIGINT.",
    keys: &[
        key(
            "limit",
            GRACE,
            "\"1m\"",
            Fallback::Value("\"30s\""),
            "How long exchanges in flight and tunnels may take. What is left ends within the last tenth, tunnels first.",
        ),
        key(
            "idle_grace",
            GRACE,
            "\"2s\"",
            Fallback::Value("\"5s\""),
            "How long an idle keep-alive connection stays open, so that a request already on its way is still \
             answered; up to a fifth more, at random. Best longer than clients keep a connection idle. \
             After a switch of the binary `limit` and `limits.idle_time` count instead.",
        ),
    ],
};
