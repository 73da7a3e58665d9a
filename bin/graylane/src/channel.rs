//! The channel of this build, as a constant and as notes in the binary.

use graylane_core::Channel;

/// The channel of this build: with several channel features on, the strictest of them; with none, `dev`.
pub(crate) const CHANNEL: Channel = if cfg!(feature = "prod") {
    Channel::Prod
} else if cfg!(feature = "staging") {
    Channel::Staging
} else if cfg!(feature = "canary") {
    Channel::Canary
} else {
    Channel::Dev
};

/// How many channel features are on.
const FEATURES: usize = cfg!(feature = "dev") as usize
    + cfg!(feature = "prod") as usize
    + cfg!(feature = "staging") as usize
    + cfg!(feature = "canary") as usize;

/// Whether this build is of one channel: exactly one channel feature, or none, which means `dev`.
///
/// A build with several (`--all-features`, as editors and documentation tools make) compiles, but is of no channel.
pub(crate) const ONE_CHANNEL: bool = matches!(FEATURES, 0 | 1);

/// One note per channel feature that is on, so that a build with several shows all of them.
mod notes {
    #[cfg(any(
        feature = "dev",
        not(any(feature = "prod", feature = "staging", feature = "canary"))
    ))]
    graylane_note::channel!("dev");
    #[cfg(feature = "prod")]
    graylane_note::channel!("prod");
    #[cfg(feature = "staging")]
    graylane_note::channel!("staging");
    #[cfg(feature = "canary")]
    graylane_note::channel!("canary");

    graylane_note::build!(concat!(
        env!("CARGO_PKG_VERSION"),
        " ",
        env!("GRAYLANE_BUILT_FROM")
    ));
}

/// Marks whether statements at debug level are in this build. Called once, at start.
///
/// The marker is an argument of an ordinary `debug!`, so it is emitted exactly where such a statement's arguments are:
/// the feature `log/max_level_info` takes it out of prod and canary together with every other one.
pub(crate) fn mark_log_level() {
    log::debug!("statements at debug level are part of this build{}", {
        graylane_note::emitted!("log:debug");
        "."
    });
}
