//! What is served, by whom.

use super::{PEM, WAIT, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const SERVICE: Table = Table {
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
        key(
            "fallback",
            Kind::Text("`baseline` or `fail`"),
            "\"fail\"",
            Fallback::Value("\"baseline\""),
            "What becomes of the exchanges of another lane while none of its endpoints can be asked: the baseline \
             answers them and `X-Gray-Fallback` says so, or they fail.",
        ),
        key(
            "timeouts",
            Kind::Table,
            "{ try = \"5s\" }",
            Fallback::Words("those of `limits`"),
            "How long its endpoints are waited for.",
        ),
        key(
            "retries",
            Kind::Table,
            "{ times = 2 }",
            Fallback::Words("once, after a connection that broke"),
            "When what an endpoint may have seen is asked of another one.",
        ),
    ],
};

pub(super) const LANE: Table = Table {
    path: "lanes.<service>.<name>",
    summary: "One version of a service, which has 64 of them at most. Exactly one of `endpoints` and `respond` says who answers.",
    keys: &[
        key(
            "tag",
            Kind::Text("1 to 64 letters, digits, `-`, `_`, `.`, `~`, `:`, `/` and `@`"),
            "\"gray\"",
            Fallback::Words("the lane's name"),
            "What the lane is called in other dialects than `X-Gray-Version` and `baggage`. Who asks for a lane may use \
             either in each of them.",
        ),
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
            Kind::Entries(
                "`https://host:port`, `http://host:port` or `host:port`, which is the same as with `http://`; the \
                 port of `https://host` is 443, of `http://host` 80; a table, see below, gives one a weight",
                1000,
            ),
            "[\"http://10.0.0.7:8080\", \"[::1]:8080\"]",
            Fallback::Words("none"),
            "The servers that answer. Of two that are drawn by their weights the one with fewer requests under way, for its \
             weight, is asked.",
        ),
        key(
            "protocol",
            Kind::Text("`http1` or `http2`"),
            "\"http2\"",
            Fallback::Value("\"http1\""),
            "What the endpoints speak. HTTP/2 is agreed on by ALPN over TLS, and known beforehand in cleartext.",
        ),
        key(
            "panic",
            Kind::Percent,
            "30",
            Fallback::Value("50"),
            "Where less than this share of the endpoints is healthy, all are asked again: most of them are then more \
             likely to be judged wrongly than to be down. 0 is never.",
        ),
        key(
            "slow_start",
            WAIT,
            "\"30s\"",
            Fallback::Words("off"),
            "How long the share of an endpoint that is new in the lane, or healthy again, grows evenly up to its own.",
        ),
        key(
            "tls",
            Kind::Table,
            "{ ca = \"internal-ca.pem\" }",
            Fallback::Words(
                "the certificate must have the endpoint's host and lead to one that the system trusts",
            ),
            "How the endpoints with `https://` are asked.",
        )
        .sensitive(),
        key(
            "health",
            Kind::Table,
            "{ kind = \"tcp\" }",
            Fallback::Words("none"),
            "How the endpoints are checked.",
        ),
        key(
            "respond",
            Kind::Table,
            "{ status = 200, body = \"hello\\n\" }",
            Fallback::Words("none"),
            "The gateway answers itself.",
        ),
        key(
            "mirror",
            Kind::Table,
            "{ to = \"green\", share = 10 }",
            Fallback::Words("none"),
            "Another lane gets a share of its requests as well.",
        ),
    ],
};

pub(super) const TLS: Table = Table {
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
};

pub(super) const RESPOND: Table = Table {
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
};
