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
    Table {
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
    },
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
                "Peers whose gray and forwarding headers (`X-Gray-Version`, `X-Forwarded-For`, `X-Forwarded-Host`, \
                 `X-Forwarded-Proto`, `Forwarded`) are believed; those of all others are dropped or replaced.",
            )
            .sensitive(),
        ],
    },
    Table {
        path: "listeners.<name>",
        summary: "Where clients connect; at least one.",
        keys: &[
            key(
                "address",
                Kind::Text("address and port; port 0 lets the system choose"),
                "\"0.0.0.0:8080\"",
                Fallback::Required,
                "Where it listens. No two listeners share an address.",
            )
            .restart(),
            key(
                "http2",
                Kind::Switch,
                "false",
                Fallback::Value("true"),
                "Whether clients may speak HTTP/2 besides HTTP/1.1: by ALPN over TLS, by prior knowledge in cleartext.",
            ),
            key(
                "tls",
                Kind::Table,
                "{ certificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }] }",
                Fallback::Words("none: cleartext"),
                "How it is secured.",
            )
            .sensitive(),
        ],
    },
    Table {
        path: "listeners.<name>.tls",
        summary: "TLS towards clients. The files are watched: new content comes into use without a restart, for new connections.",
        keys: &[
            key(
                "certificates",
                Kind::Tables(100),
                "[{ certificate = \"shop.pem\", key = \"shop.key\" }, { certificate = \"site.pem\", key = \"site.key\" }]",
                Fallback::Required,
                "What is shown to clients, chosen by the host that they name (SNI) among the DNS names in the certificates. \
                 The first one goes to a client that names none, or one that no certificate has.",
            )
            .sensitive(),
            key(
                "min_version",
                Kind::Text("`1.2` or `1.3`"),
                "\"1.3\"",
                Fallback::Value("\"1.2\""),
                "The oldest version of TLS that is spoken; none below 1.2 is.",
            )
            .sensitive(),
            key(
                "client_ca",
                PEM,
                "\"clients.pem\"",
                Fallback::Words("none: clients are not asked for a certificate"),
                "The certificates of which a client's must lead to one.",
            )
            .sensitive(),
            key(
                "client_auth",
                Kind::Text("`optional` or `required`"),
                "\"optional\"",
                Fallback::Words("`required` where there is `client_ca`"),
                "Whether a client may come without a certificate. One that shows a wrong certificate is refused either way.",
            )
            .sensitive(),
        ],
    },
    Table {
        path: "listeners.<name>.tls.certificates[]",
        summary: "A certificate of a listener.",
        keys: &[
            key(
                "certificate",
                PEM,
                "\"shop.pem\"",
                Fallback::Required,
                "The certificate, followed by those that lead to its root, without the root.",
            )
            .sensitive(),
            key(
                "key",
                PEM,
                "\"shop.key\"",
                Fallback::Required,
                "Its private key, not encrypted. In prod a file that everybody may read is refused.",
            )
            .sensitive(),
        ],
    },
    Table {
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
    },
    Table {
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
    },
    Table {
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
                Kind::List("an origin such as `https://app.example`, or `*` alone for any", 100),
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
    },
    Table {
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
                "flag",
                Kind::Text("the key of a flag"),
                "\"shop-v2\"",
                Fallback::Words("none"),
                "The lane gets those for whom this flag has the lane's variant. Not beside `weight`, `grow` and \
                 `reserve`, and not for the baseline.",
            ),
            key(
                "variant",
                Kind::Text("not empty"),
                "\"on\"",
                Fallback::Words("the one with the value `true`"),
                "The variant of `flag` that leads here.",
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
                    "`https://host:port`, `http://host:port` or `host:port`, which is the same as with `http://`; the \
                     port of `https://host` is 443, of `http://host` 80",
                    1000,
                ),
                "[\"http://10.0.0.7:8080\", \"[::1]:8080\"]",
                Fallback::Words("none"),
                "The servers that answer.",
            ),
            key(
                "protocol",
                Kind::Text("`http1` or `http2`"),
                "\"http2\"",
                Fallback::Value("\"http1\""),
                "What the endpoints speak. HTTP/2 is agreed on by ALPN over TLS, and known beforehand in cleartext.",
            ),
            key(
                "tls",
                Kind::Table,
                "{ ca = \"internal-ca.pem\" }",
                Fallback::Words("the certificate must have the endpoint's host and lead to one that the system trusts"),
                "How the endpoints with `https://` are asked.",
            )
            .sensitive(),
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
        path: "lanes.<service>.<name>.tls",
        summary: "TLS towards the endpoints with `https://`. The files are watched, as those of listeners are.",
        keys: &[
            key(
                "ca",
                PEM,
                "\"internal-ca.pem\"",
                Fallback::Words("those that the system trusts"),
                "The certificates of which an endpoint's must lead to one, instead of those that the system trusts.",
            )
            .sensitive(),
            key(
                "server_name",
                Kind::Text("a DNS name or an address"),
                "\"shop.internal\"",
                Fallback::Words("the endpoint's host"),
                "What an endpoint's certificate must be for; a DNS name is sent as SNI too.",
            )
            .sensitive(),
            key(
                "verify",
                Kind::Switch,
                "false",
                Fallback::Value("true"),
                "Whether an endpoint's certificate is verified. Without it anybody on the way may read and change \
                 everything; refused in prod.",
            )
            .sensitive(),
            key(
                "certificate",
                PEM,
                "\"gateway.pem\"",
                Fallback::Words("none"),
                "What is shown to an endpoint that asks for a certificate; with `key`.",
            )
            .sensitive(),
            key(
                "key",
                PEM,
                "\"gateway.key\"",
                Fallback::Words("none"),
                "The private key of `certificate`, not encrypted.",
            )
            .sensitive(),
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
