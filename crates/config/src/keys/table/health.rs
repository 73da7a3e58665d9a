//! How the endpoints of a lane are checked.

use std::time::Duration;

use super::key;
use crate::keys::{Fallback, Kind, Table};

pub(super) const HEALTH: Table = Table {
    path: "lanes.<service>.<name>.health",
    summary: "Checks of the endpoints, each over a connection of its own. Who fails them is not asked until it passes again.",
    keys: &[
        key(
            "kind",
            Kind::Text("`http`, `tcp` or `grpc`"),
            "\"tcp\"",
            Fallback::Required,
            "What is asked: a GET in the protocol of the lane; whether a connection is taken, over TLS where the endpoint is \
             asked over TLS; `grpc.health.v1.Health/Check` over HTTP/2.",
        ),
        key(
            "path",
            Kind::Text("a path from `/`, with its query"),
            "\"/healthz\"",
            Fallback::Value("\"/\""),
            "What is asked for, with `http`.",
        ),
        key(
            "host",
            Kind::Text("a host, with or without a port"),
            "\"shop.example.org\"",
            Fallback::Words("the endpoint's host and the port that is checked"),
            "The host that is asked for, with `http`.",
        ),
        key(
            "expect",
            Kind::List("a status, 200 to 599, or a range of them such as `200-299`", 16),
            "[\"200-299\", \"401\"]",
            Fallback::Value("[\"200-299\"]"),
            "The statuses of an endpoint that is well, with `http`.",
        ),
        key(
            "service",
            Kind::Text("the name of a service of gRPC, at most 255 bytes"),
            "\"shop.v1.Cart\"",
            Fallback::Value("\"\""),
            "The service that is asked for, with `grpc`; empty: the server as a whole.",
        ),
        key(
            "port",
            Kind::Count { min: 1, max: 65_535 },
            "8081",
            Fallback::Words("the endpoint's own"),
            "The port that is checked.",
        ),
        key(
            "interval",
            Kind::Time {
                min: Duration::from_millis(100),
                max: Duration::from_secs(3600),
            },
            "\"2s\"",
            Fallback::Value("\"5s\""),
            "From the beginning of a check to that of the next, a tenth more or less; the first is made at once. A check \
             that takes longer is followed at once by the next.",
        ),
        key(
            "timeout",
            Kind::Time {
                min: Duration::from_millis(1),
                max: Duration::from_secs(60),
            },
            "\"500ms\"",
            Fallback::Value("\"1s\""),
            "What a check may take: look-up of the name, connection, TLS and answer together.",
        ),
        key(
            "fails",
            Kind::Count { min: 1, max: 100 },
            "5",
            Fallback::Value("3"),
            "So many checks fail in a row before the endpoint is out. The very first one counts at once.",
        ),
        key(
            "passes",
            Kind::Count { min: 1, max: 100 },
            "1",
            Fallback::Value("2"),
            "So many checks pass in a row before it is back.",
        ),
    ],
};
