//! The table of modules: which exist, which channels may carry them, and which this build has.
//!
//! This is the only file that names a module's feature. The rows that the design has and this table has not yet:
//! metrics-v1, metrics-v2, debug-metrics, tracing, mock-fallback, ab-router; each comes with the issue that builds it,
//! as one more line here, one optional dependency and one feature in `Cargo.toml`.

use graylane_core::Channel::{self, Canary, Dev, Prod, Staging};
use graylane_pipeline::Module;

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
    };
}

table! {
    // feature         module       may be carried by       crate
    "mod-breaker"      "breaker"    [Prod Staging Canary]   graylane_mod_breaker;
    "mod-canary-log"   "canary-log" [Canary]                graylane_mod_canary_log;
    "mod-debug-dump"   "debug-dump" [Dev Staging]           graylane_mod_debug_dump;
}
