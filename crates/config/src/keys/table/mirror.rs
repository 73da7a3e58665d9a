//! Requests that another lane gets as well.

use super::key;
use crate::keys::{Fallback, Kind, Table};

pub(super) const MIRROR: Table = Table {
    path: "lanes.<service>.<name>.mirror",
    summary: "Requests of this lane that another one gets as well. Nobody waits for its answers, and nobody sees them. **A \
              copied write is done twice**: name the `methods` that may be, or mirror to what writes elsewhere.",
    keys: &[
        key(
            "to",
            Kind::Text("the name of another lane of the service, which has endpoints"),
            "\"green\"",
            Fallback::Required,
            "The lane that gets the copies. What it gets is not mirrored again.",
        ),
        key(
            "share",
            Kind::Percent,
            "12.5",
            Fallback::Required,
            "The share of the lane's exchanges that are copied, each drawn on its own.",
        ),
        key(
            "body",
            Kind::Size {
                min: 1,
                max: 16 << 20,
            },
            "\"1MiB\"",
            Fallback::Value("\"64KiB\""),
            "The longest body that is copied. It is held in memory until the copy is sent: the memory of a mirror is this \
             times `in_flight` for each worker at most.",
        ),
        key(
            "in_flight",
            Kind::Count { min: 1, max: 10_000 },
            "20",
            Fallback::Value("100"),
            "Copies at a time, of each worker; further ones are dropped and counted.",
        ),
        key(
            "methods",
            Kind::List("a method, such as `GET`", 16),
            "[\"GET\", \"HEAD\"]",
            Fallback::Words("all"),
            "The methods of the requests that are copied.",
        ),
    ],
};
