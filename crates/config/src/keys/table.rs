use std::time::Duration;

use super::{Fallback, Key, Kind, Table};

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
    }
}

/// Every table, in the order of the reference.
pub(crate) const TABLES: &[Table] = &[
    Table {
        path: "server",
        summary: "The process.",
        keys: &[
            key(
                "workers",
                Kind::Count { min: 1, max: 1024 },
                "4",
                Fallback::Words("one per core"),
                "Worker threads, each with its own runtime and upstream pool.",
            ),
            key(
                "trusted_peers",
                Kind::List("an address or a network, such as `10.0.0.0/8`", 1024),
                "[\"10.0.0.0/8\", \"::1\"]",
                Fallback::Value("[]"),
                "Peers whose gray and forwarding headers (`X-Gray-Version`, `X-Forwarded-For`, `X-Forwarded-Host`, \
                 `X-Forwarded-Proto`, `Forwarded`) are believed; those of all others are dropped or replaced.",
            ),
        ],
    },
    Table {
        path: "listeners.<name>",
        summary: "Where clients connect; at least one.",
        keys: &[key(
            "address",
            Kind::Text("address and port; port 0 lets the system choose"),
            "\"0.0.0.0:8080\"",
            Fallback::Required,
            "Where it listens. No two listeners share an address.",
        )],
    },
    Table {
        path: "admin",
        summary: "Where operators connect: health, metrics, explain.",
        keys: &[key(
            "address",
            Kind::Text("address and port; loopback only"),
            "\"127.0.0.1:9901\"",
            Fallback::Value("\"127.0.0.1:9900\""),
            "Where it listens. Whoever reaches it may read everything, so only this machine may.",
        )],
    },
    Table {
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
    },
    Table {
        path: "drain",
        summary: "How the process ends after SIGTERM or SIGINT.",
        keys: &[
            key(
                "limit",
                GRACE,
                "\"1m\"",
                Fallback::Value("\"30s\""),
                "How long exchanges in flight may take.",
            ),
            key(
                "idle_grace",
                GRACE,
                "\"2s\"",
                Fallback::Value("\"5s\""),
                "How long an idle keep-alive connection stays open, so that a request already on its way is still \
                 answered.",
            ),
        ],
    },
    Table {
        path: "services.<name>",
        summary: "What is served; at least one. No two services serve the same host and path.",
        keys: &[
            key(
                "hosts",
                Kind::List(
                    "a host, `*.example.org` for all below it, or `*` alone for any",
                    100,
                ),
                "[\"shop.example.org\", \"*.shop.example.org\"]",
                Fallback::Value("[\"*\"]"),
                "The hosts that it serves, without port. An exact host goes before `*.…`, that before any.",
            ),
            key(
                "paths",
                Kind::List("a path from `/`, without query", 100),
                "[\"/shop\", \"/cart\"]",
                Fallback::Value("[\"/\"]"),
                "The path prefixes that it serves; the longest one wins. A prefix ends at a segment: `/shop` and \
                 `/shop/` both match `/shop` and `/shop/cart`, not `/shopping`.",
            ),
            key(
                "key",
                Kind::List("`header:NAME`, `cookie:NAME`, `query:NAME` or `client`", 16),
                "[\"header:X-User-Id\", \"cookie:uid\", \"query:uid\"]",
                Fallback::Value("[]"),
                "Where the targeting key is looked for, in this order; the client address is always the last resort.",
            ),
            key(
                "salt",
                Kind::Text("not empty"),
                "\"shop-2026\"",
                Fallback::Words("the service's name"),
                "What the hash is salted with. Another salt draws other users for the same weights.",
            ),
            key(
                "show_lane",
                Kind::Switch,
                "true",
                Fallback::Value("false"),
                "Whether the response tells the lane in `X-Gray-Version`.",
            ),
            key(
                "baseline",
                Kind::Text("the name of one of its lanes"),
                "\"blue\"",
                Fallback::Value("\"stable\""),
                "The lane that takes what the others leave.",
            ),
        ],
    },
    Table {
        path: "lanes.<service>.<name>",
        summary: "One version of a service, which has 64 of them at most. Exactly one of `endpoints` and `respond` says who answers.",
        keys: &[
            key(
                "weight",
                Kind::Percent,
                "\"0.5%\"",
                Fallback::Value("0"),
                "The share of targeting keys, in percent. Not for the baseline, which takes what is left.",
            ),
            key(
                "grow",
                Kind::Text("`low` or `high`"),
                "\"high\"",
                Fallback::Words("the first lane beside baseline in the file `low`, the second `high`"),
                "From which end of the line of buckets the lane grows, where it has no reserve. Stated, it does not \
                 depend on the order of the lanes.",
            ),
            key(
                "reserve",
                Kind::Range,
                "[50, 62.5]",
                Fallback::Words("the whole line"),
                "The part of the line, in percent, that the lane may grow into from its low end. Needed for each lane \
                 beside baseline where there are three or more of them, or where another has one; they may not overlap.",
            ),
            key(
                "endpoints",
                Kind::List(
                    "`http://host:port` or `host:port`; the port of `http://host` is 80",
                    1000,
                ),
                "[\"http://10.0.0.7:8080\", \"[::1]:8080\"]",
                Fallback::Words("none"),
                "The servers that answer.",
            ),
            key(
                "respond",
                Kind::Table,
                "{ status = 200, body = \"hello\\n\" }",
                Fallback::Words("none"),
                "The gateway answers itself.",
            ),
        ],
    },
    Table {
        path: "lanes.<service>.<name>.respond",
        summary: "What the gateway answers itself.",
        keys: &[
            key(
                "status",
                Kind::Count { min: 200, max: 599 },
                "503",
                Fallback::Value("200"),
                "The status.",
            ),
            key(
                "body",
                Kind::Text("any; empty with status 204, 205 and 304"),
                "\"closed for today\\n\"",
                Fallback::Value("\"\""),
                "The body.",
            ),
            key(
                "content_type",
                Kind::Text("a header value"),
                "\"application/json\"",
                Fallback::Value("\"text/plain; charset=utf-8\""),
                "The media type of the body.",
            ),
        ],
    },
];
