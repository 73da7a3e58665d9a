use std::collections::BTreeSet;
use std::path::{Component, Path};

/// The source file that is in every build of the gateway: the control that a witness speaks of the gateway at all.
const CONTROL: &str = "bin/graylane/src/main.rs";

/// Who says which modules' sources went into a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// Cargo's dep-info file: the sources that were read.
    DepInfo,
    /// The debug lines of the same link: the sources that instructions come from.
    DebugLines,
}

impl std::fmt::Display for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::DepInfo => "dep-info",
            Self::DebugLines => "debug lines",
        })
    }
}

/// A dep-info file that does not speak of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("does not list {CONTROL}: not the dep-info of a gateway build")]
pub struct SourcesError;

/// The modules whose sources a dep-info file (`graylane.d`) lists: `crates/mod-<name>/...`.
///
/// # Errors
/// It does not list the gateway's own main file, so its silence about a module would mean nothing.
pub fn sources(dep_info: &str) -> Result<BTreeSet<String>, SourcesError> {
    let mut modules = BTreeSet::new();
    let mut control = false;
    for line in dep_info.lines() {
        // `target: source source`, as make reads it. What stands before the colon is the file that was built.
        let (_, files) = line.split_once(": ").unwrap_or_default();
        for file in words(files) {
            let path = Path::new(&file);
            control |= path.ends_with(CONTROL);
            modules.extend(module_of(path));
        }
    }
    if control { Ok(modules) } else { Err(SourcesError) }
}

/// Parts words at spaces that have no backslash before them.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, words.last_mut()) {
            ('\\', Some(word)) if letters.peek() == Some(&' ') => word.extend(letters.next()),
            (' ', _) => words.push(String::new()),
            (letter, Some(word)) => word.push(letter),
            (_, None) => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn module_of(path: &Path) -> Option<String> {
    let mut parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    parts.find(|part| *part == "crates")?;
    parts.next()?.strip_prefix("mod-").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_in_relative_and_absolute_paths() {
        let text = "target/release/graylane: bin/graylane/src/main.rs crates/mod-breaker/src/lib.rs \
                    /src/my\\ tree/crates/mod-debug-dump/src/page.rs crates/pipeline/src/lib.rs\n\n";

        let modules = sources(text).unwrap();

        assert_eq!(modules.into_iter().collect::<Vec<_>>(), ["breaker", "debug-dump"]);
    }

    #[test]
    fn a_dep_info_of_something_else_is_refused() {
        let answers = ["", "a: b", "target/release/grayctl: bin/grayctl/src/main.rs"].map(sources);

        assert!(answers.iter().all(Result::is_err));
    }

    #[test]
    fn the_name_of_the_target_is_no_source() {
        let text = "/x/crates/mod-breaker/graylane: bin/graylane/src/main.rs";

        assert!(sources(text).unwrap().is_empty());
    }
}
