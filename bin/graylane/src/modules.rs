//! The table of modules: which exist, which channels may carry them, and which this build has.
//!
//! This is the only file that names a module's feature. The rows that the design has and this table has not yet:
//! metrics-v1, metrics-v2, debug-metrics, tracing, ab-router; each comes with the issue that builds it,
//! as one more line here, one optional dependency and one feature in `Cargo.toml`.

use graylane_core::Channel::{self, Canary, Dev, Prod, Staging};
use graylane_pipeline::Module;

use crate::channel::{CHANNEL, ONE_CHANNEL};

/// One row of the table.
pub(crate) struct Row {
    /// The module's name: its feature without `mod-`.
    pub(crate) name: &'static str,
    /// The channels that may carry it.
    pub(crate) channels: &'static [Channel],
    /// The module, where this build has it.
    pub(crate) module: Option<fn() -> Box<dyn Module>>,
}

macro_rules! table {
    ($($feature:literal $name:literal [$($channel:ident)*] $krate:ident;)*) => {
        /// Every module there is, in the order in which their hooks run.
        pub(crate) const TABLE: &[Row] = &[$(
            Row {
                name: $name,
                channels: &[$($channel),*],
                #[cfg(feature = $feature)]
                module: Some(|| Box::new($krate::module())),
                #[cfg(not(feature = $feature))]
                module: None,
            },
        )*];

        // The guard: a module in a channel that forbids it stops the build. One panic per channel, because the text of
        // a panic at compile time cannot be put together from values.
        const _: () = {
            $(
                if ONE_CHANNEL && cfg!(feature = $feature) && !carries(&[$($channel),*], CHANNEL) {
                    match CHANNEL {
                        Dev => panic!(forbidden!($name, "dev")),
                        Prod => panic!(forbidden!($name, "prod")),
                        Staging => panic!(forbidden!($name, "staging")),
                        Canary => panic!(forbidden!($name, "canary")),
                    }
                }
            )*
        };
    };
}

macro_rules! forbidden {
    ($name:literal, $channel:literal) => {
        concat!(
            "module `",
            $name,
            "` is on in a build of channel `",
            $channel,
            "`, which may not carry it: ",
            "see the table in bin/graylane/src/modules.rs"
        )
    };
}

const fn carries(allowed: &[Channel], channel: Channel) -> bool {
    let mut at = 0;
    while at < allowed.len() {
        // Compared as numbers: comparing the values themselves is no constant expression.
        if allowed[at] as u8 == channel as u8 {
            return true;
        }
        at += 1;
    }
    false
}

table! {
    // feature           module          may be carried by       crate
    "mod-breaker"        "breaker"       [Prod Staging Canary]   graylane_mod_breaker;
    "mod-canary-log"     "canary-log"    [Canary]                graylane_mod_canary_log;
    "mod-debug-dump"     "debug-dump"    [Dev Staging]           graylane_mod_debug_dump;
    "mod-mock-fallback"  "mock-fallback" [Staging]               graylane_mod_mock_fallback;
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_expectations_name_every_module_and_keep_to_the_table() {
        for channel in Channel::ALL {
            let path = format!("{}/../../ci/expected/{channel}.txt", env!("CARGO_MANIFEST_DIR"));
            let text = fs::read_to_string(Path::new(&path)).unwrap();

            for row in TABLE {
                let lines = text.lines().filter_map(|line| line.split_once(' '));
                let states: Vec<_> = lines
                    .filter(|(name, _)| *name == row.name)
                    .map(|(_, state)| state.trim())
                    .collect();

                assert_eq!(states.len(), 1, "{path}: {} stands once", row.name);
                let allowed = row.channels.contains(&channel);
                assert!(
                    allowed || states == ["absent"],
                    "{path}: {} may not be in {channel}",
                    row.name
                );
            }
        }
    }
}
