//! The switch from one process to another.

use std::time::Duration;

use super::{GRACE, WAIT, key};
use crate::keys::{Fallback, Kind, Table};

/// Both processes go by their own: one that beats as seldom as this is still heard in time by one that listens as closely as
/// it can.
const BEAT: Kind = Kind::Time {
    min: Duration::from_millis(10),
    max: Duration::from_secs(1),
};

pub(super) const HANDOVER: Table = Table {
    path: "handover",
    summary: "How a new process takes over from this one, and gives back what it cannot serve.",
    keys: &[
        key(
            "folder",
            Kind::Text("a path, relative to the configuration's folder"),
            "\"/run/graylane\"",
            Fallback::Words("`run` in `server.state`; without that no process can take over"),
            "The private folder, mode 0700, with the socket at which a new process and `grayctl switch` meet this one.",
        )
        .sensitive()
        .restart(),
        key(
            "ready_within",
            WAIT,
            "\"2m\"",
            Fallback::Value("\"60s\""),
            "How long a new process may take from its first word until it says that it is ready, and until its first \
             word where a switch has started it. One that takes longer gets nothing.",
        ),
        key(
            "probation",
            GRACE,
            "\"2m\"",
            Fallback::Value("\"30s\""),
            "How long the old process watches the new one serve, ready to accept again at once, before it leaves.",
        ),
        key(
            "beat",
            BEAT,
            "\"1s\"",
            Fallback::Value("\"500ms\""),
            "How often the new process tells how it serves during probation. One that is silent for longer than several \
             of these has failed.",
        ),
    ],
};
