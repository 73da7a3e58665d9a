//! How endpoints are asked.

use super::{GRACE, WAIT, key};
use crate::keys::{Fallback, Kind, Table};

pub(super) const TIMEOUTS: Table = Table {
    path: "services.<name>.timeouts",
    summary: "How long the endpoints of a service are waited for.",
    keys: &[
        key(
            "connect",
            WAIT,
            "\"500ms\"",
            Fallback::Words("`limits.connect_time`"),
            "To connect to an endpoint.",
        ),
        key(
            "try",
            WAIT,
            "\"5s\"",
            Fallback::Words("`limits.response_time`"),
            "From the request sent to one endpoint to the head of its answer.",
        ),
        key(
            "exchange",
            WAIT,
            "\"8s\"",
            Fallback::Words("no limit"),
            "From the head of the request to the head of the answer, every try and the waits between them included. \
             The body of an answer is bounded by `limits.idle_time` alone. Where a `grpc-timeout` is shorter, it holds.",
        ),
    ],
};

pub(super) const RETRIES: Table = Table {
    path: "services.<name>.retries",
    summary: "When a request that an endpoint may have seen is asked of another one: only with a safe method and \
              without a body, never the same endpoint twice, never once something of an answer was passed on. What no \
              endpoint can have seen is always asked of another, each once.",
    keys: &[
        key(
            "times",
            Kind::Count { min: 0, max: 10 },
            "2",
            Fallback::Value("1"),
            "How often for one exchange.",
        ),
        key(
            "budget",
            Kind::Percent,
            "10",
            Fallback::Value("20"),
            "How many retries a lane may have, as a share of its exchanges; counted by each worker, which has a few \
             to begin with and gets one more each second for little traffic.",
        ),
        key(
            "on",
            Kind::List("`broken`, `timeout`, `502`, `503` or `504`", 5),
            "[\"broken\", \"timeout\", \"502\", \"503\", \"504\"]",
            Fallback::Value("[\"broken\"]"),
            "After what: `broken` is a connection that broke or an answer that is not HTTP, `timeout` one that did not \
             come within `timeouts.try`, a number an answer with that status.",
        ),
        key(
            "backoff",
            GRACE,
            "\"20ms\"",
            Fallback::Value("\"10ms\""),
            "The longest wait before the first retry, doubled for each further one. The wait itself is drawn from \
             zero to that.",
        ),
        key(
            "max_backoff",
            GRACE,
            "\"1s\"",
            Fallback::Value("\"250ms\""),
            "Where the doubling ends.",
        ),
    ],
};

pub(super) const ENDPOINT: Table = Table {
    path: "lanes.<service>.<name>.endpoints[]",
    summary: "An endpoint with a weight, in place of its address alone.",
    keys: &[
        key(
            "url",
            Kind::Text("an endpoint as in `endpoints`"),
            "\"http://10.0.0.8:8080\"",
            Fallback::Required,
            "The server.",
        ),
        key(
            "weight",
            Kind::Count { min: 1, max: 100 },
            "3",
            Fallback::Value("1"),
            "Its share of the lane's requests, against those of the lane's other endpoints.",
        ),
    ],
};
