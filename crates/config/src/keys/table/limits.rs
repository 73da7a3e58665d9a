//! What each connection and exchange may take.

use super::{LARGEST, WAIT, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const LIMITS: Table = Table {
    path: "limits",
    summary: "What one client may use.",
    keys: &[
        key(
            "head",
            Kind::Size {
                min: 8 << 10,
                max: 1 << 20,
            },
            "\"32KiB\"",
            Fallback::Value("\"16KiB\""),
            "Bytes of a request's head: request line and header fields.",
        ),
        key(
            "headers",
            Kind::Count { min: 1, max: 1000 },
            "200",
            Fallback::Value("100"),
            "Header fields of a request.",
        ),
        key(
            "body",
            Kind::Size { min: 1, max: LARGEST },
            "\"1GiB\"",
            Fallback::Value("\"10MB\""),
            "Bytes of a request's body.",
        ),
        key(
            "header_time",
            WAIT,
            "\"5s\"",
            Fallback::Value("\"10s\""),
            "From the first byte of a request's head to its last.",
        ),
        key(
            "idle_time",
            WAIT,
            "\"2m\"",
            Fallback::Value("\"60s\""),
            "How long a keep-alive connection may stay idle, and how long a body may stall.",
        ),
        key(
            "connections",
            Kind::Count {
                min: 1,
                max: 1_000_000,
            },
            "50000",
            Fallback::Value("10000"),
            "Open client connections of the whole process; further ones wait in the accept queue.",
        ),
        key(
            "streams",
            Kind::Count { min: 1, max: 10_000 },
            "32",
            Fallback::Value("128"),
            "Requests at a time on one HTTP/2 connection.",
        ),
        key(
            "handshake_time",
            WAIT,
            "\"3s\"",
            Fallback::Value("\"10s\""),
            "From the accepted connection to the end of its TLS handshake, and the same towards an endpoint.",
        ),
        key(
            "connect_time",
            WAIT,
            "\"500ms\"",
            Fallback::Value("\"3s\""),
            "To connect to an endpoint.",
        ),
        key(
            "response_time",
            WAIT,
            "\"30s\"",
            Fallback::Value("\"60s\""),
            "From the sent request to the head of the endpoint's answer.",
        ),
    ],
};
