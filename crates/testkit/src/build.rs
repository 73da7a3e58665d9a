use std::env;
use std::path::Path;
use std::process::Command;

use crate::run::run;

/// What the binary under test was built as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Build {
    /// The channel that it must say it is.
    pub channel: &'static str,
    /// The modules that it must have, and no others, in table order.
    pub modules: &'static [&'static str],
}

impl Build {
    /// As the environment variable `GRAYLANE_CHANNEL` says; unset: a build without any feature.
    ///
    /// # Panics
    /// When the variable names no channel.
    pub fn under_test() -> Self {
        Self::of(env::var("GRAYLANE_CHANNEL").ok().as_deref())
    }

    /// What that binary says that it is: one that another channel hands over to.
    ///
    /// # Panics
    /// When it names no channel.
    pub fn of_binary(path: &Path) -> Self {
        let version = run(Command::new(path).arg("--version")).stdout;
        // `graylane 0.1.0 canary ...`
        Self::of(Some(version.split_whitespace().nth(2).unwrap_or("nothing")))
    }

    fn of(channel: Option<&str>) -> Self {
        let (channel, modules): (_, &[_]) = match channel {
            None | Some("") => ("dev", &[]),
            Some("dev") => ("dev", &["debug-dump"]),
            Some("prod") => ("prod", &["breaker"]),
            Some("staging") => ("staging", &["breaker", "debug-dump", "mock-fallback"]),
            Some("canary") => ("canary", &["breaker", "canary-log"]),
            Some(other) => {
                panic!("GRAYLANE_CHANNEL is `{other}`: dev, prod, staging and canary are channels")
            }
        };
        Self { channel, modules }
    }

    /// Whether the module is in; if not, a line says that the test is left out.
    pub fn has(self, module: &str) -> bool {
        let has = self.modules.contains(&module);
        if !has {
            eprintln!("left out: this {} build has no module {module}", self.channel);
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_features_is_dev_without_modules() {
        let build = Build::of(None);

        assert_eq!((build.channel, build.modules), ("dev", &[][..]));
    }

    #[test]
    fn each_channel_has_its_modules() {
        let having = |module| {
            ["dev", "prod", "staging", "canary"]
                .map(|channel| Build::of(Some(channel)).modules.contains(&module))
        };

        assert_eq!(having("canary-log"), [false, false, false, true]);
        assert_eq!(having("debug-dump"), [true, false, true, false]);
        assert_eq!(having("breaker"), [false, true, true, true]);
        assert_eq!(having("mock-fallback"), [false, false, true, false]);
    }
}
