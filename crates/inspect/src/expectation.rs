use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use graylane_core::Channel;

/// How a module is in an artifact, by its markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Linked and emitted.
    Present,
    /// Linked, but its hot function was not emitted: dead weight, or a marker was lost.
    LinkedOnly,
    /// Emitted without a crate of its own: a marked statement, or a module whose `linked!` line was lost.
    EmittedOnly,
    /// No marker.
    Absent,
}

impl State {
    const ALL: [Self; 4] = [Self::Present, Self::LinkedOnly, Self::EmittedOnly, Self::Absent];

    /// The word for it in reports and in `ci/expected`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::LinkedOnly => "linked-only",
            Self::EmittedOnly => "emitted-only",
            Self::Absent => "absent",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an artifact is expected to hold: the committed `ci/expected/<channel>.txt`.
///
/// One line per module, `NAME STATE`; `#` starts a comment. Absent modules are listed too, so that a module that no
/// channel carries is still asked for, and found not to be proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    pub(crate) states: BTreeMap<String, State>,
}

/// A line of an expectation that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: `{text}` is not `NAME present|linked-only|emitted-only|absent`, or the name stands twice"
)]
pub struct ExpectationError {
    /// The number of the line, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl Expectation {
    /// The module and its expected state, line by line.
    pub fn iter(&self) -> impl Iterator<Item = (&str, State)> {
        self.states.iter().map(|(name, state)| (name.as_str(), *state))
    }

    /// The text of the file of this channel.
    pub fn text(&self, channel: Channel) -> String {
        let mut text = format!(
            "# What the {channel} artifact holds. `ci/prove --bless` writes this file; a change to it is a change to\n\
             # what is shipped, so read it like code.\n"
        );
        let width = self.states.keys().map(String::len).max().unwrap_or(0);
        for (name, state) in &self.states {
            _ = writeln!(text, "{name:width$}  {state}");
        }
        text
    }
}

impl FromIterator<(String, State)> for Expectation {
    fn from_iter<I: IntoIterator<Item = (String, State)>>(states: I) -> Self {
        Self {
            states: states.into_iter().collect(),
        }
    }
}

impl FromStr for Expectation {
    type Err = ExpectationError;

    fn from_str(text: &str) -> Result<Self, ExpectationError> {
        let mut states = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            let words: Vec<_> = line
                .split('#')
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .collect();
            let wrong = || ExpectationError {
                line: number + 1,
                text: line.to_owned(),
            };
            match *words {
                [] => {}
                [name, word] => {
                    let state = State::ALL
                        .into_iter()
                        .find(|state| state.as_str() == word)
                        .ok_or_else(wrong)?;
                    if states.insert(name.to_owned(), state).is_some() {
                        return Err(wrong());
                    }
                }
                _ => return Err(wrong()),
            }
        }
        Ok(Self { states })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_expectation_is_read_back() {
        let written: Expectation = [("breaker", State::Present), ("log:debug", State::Absent)]
            .map(|(name, state)| (name.to_owned(), state))
            .into_iter()
            .collect();

        let text = written.text(Channel::Prod);

        assert!(text.contains("breaker    present\n"), "{text}");
        assert_eq!(text.parse(), Ok(written));
    }

    #[test]
    fn a_line_that_is_none_is_named_by_its_number() {
        let numbers = ["x maybe", "\nx", "x absent\nx present", "# c\nx absent too"]
            .map(|text| text.parse::<Expectation>().unwrap_err().line);

        assert_eq!(numbers, [1, 2, 2, 2]);
    }
}
