//! The texts that a configuration is read from, in the order in which later ones win.

mod fold;
mod hide;
mod path;
mod value;
mod variable;

pub(crate) use fold::{each_leaf, fold};
pub(crate) use path::shown_key;

use std::fmt;

use graylane_diagnostic::{Source, Sources, Texts};

/// The texts of one configuration: files, then environment variables, then `--set`; the last one that sets a key wins.
///
/// Every text has a stretch of its own on one line of offsets, so the place of a value is also its origin.
#[derive(Debug, Clone)]
pub struct Layers {
    sources: Sources,
    /// Where each text starts and what it is, in the order of `sources`.
    sorts: Vec<(usize, Sort)>,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    File,
    /// `NAME=value`
    Variable,
    /// `key=value`
    Flag,
}

/// Variables that are no keys: options of the programs, and what builds and checks of this project use.
const RESERVED: [&str; 17] = [
    "ENV",
    "CONFIG",
    "LOG",
    "TRUST",
    "BIN",
    "BLESS",
    "BUILT_FROM",
    "CHANNEL",
    "COMMIT",
    "E2E_SEED",
    "E2E_SOAK",
    "E2E_STREAM",
    "E2E_SWITCHES",
    "OTHER_BIN",
    "SHARED_DATA",
    "SHIP",
    "TOKEN",
];

const PREFIX: &str = "GRAYLANE_";

/// How messages call the text of a variable.
const VARIABLE: &str = "environment variable ";

/// How messages call an assignment of the command line.
const FLAG: &str = "--set ";

impl Layers {
    /// The file that is always there.
    pub fn new(mut file: Source) -> Self {
        hide::secrets(&mut file);
        Self {
            sources: Sources::new(file),
            sorts: vec![(0, Sort::File)],
        }
    }

    /// One more file. Files come before variables, those before assignments.
    pub fn file(&mut self, file: Source) {
        self.add(file, Sort::File);
    }

    /// An environment variable; gives back whether it is one that sets a key.
    ///
    /// Those that are no keys are left out, and so is what Kubernetes puts into every container beside a service called
    /// `graylane` (`GRAYLANE_SERVICE_HOST`, `GRAYLANE_PORT_8080_TCP` and the like).
    pub fn variable(&mut self, name: &str, value: &str) -> bool {
        let ours = name
            .get(..PREFIX.len())
            .filter(|start| start.eq_ignore_ascii_case(PREFIX))
            .map(|_| name[PREFIX.len()..].to_ascii_uppercase())
            .is_some_and(|key| !RESERVED.contains(&key.as_str()) && !is_of_kubernetes(&key));
        if ours {
            let source = Source::new(format!("{VARIABLE}{name}"), format!("{name}={value}"));
            self.add(source, Sort::Variable);
        }
        ours
    }

    /// An assignment `key=value` of the command line.
    pub fn set(&mut self, assignment: &str) {
        let key = assignment.split_once('=').map_or(assignment, |(key, _)| key);
        let name = format!("{FLAG}{}", graylane_diagnostic::cut(key));
        self.add(Source::new(name, assignment.to_owned()), Sort::Flag);
    }

    fn add(&mut self, mut source: Source, sort: Sort) {
        hide::secrets(&mut source);
        let base = self.sources.add(source).base();
        self.sorts.push((base, sort));
    }

    /// The texts, for messages.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Source, Sort)> {
        self.sources.iter().zip(self.sorts.iter().map(|(_, sort)| *sort))
    }

    /// Where the value at that offset comes from.
    pub fn origin(&self, offset: usize) -> Origin {
        let source = self.sources.source_of(Some(offset));
        let name = source.name();
        let next = self.sorts.partition_point(|(base, _)| *base <= offset);
        let sort = self.sorts[..next].last().map(|(_, sort)| sort);
        match sort {
            Some(Sort::Variable) => Origin::Variable(name.trim_start_matches(VARIABLE).to_owned()),
            Some(Sort::Flag) => Origin::Flag(name.trim_start_matches(FLAG).to_owned()),
            Some(Sort::File) | None => Origin::File {
                name: name.to_owned(),
                line: source.place(offset).0,
            },
        }
    }
}

impl From<Source> for Layers {
    fn from(file: Source) -> Self {
        Self::new(file)
    }
}

/// What Kubernetes puts into containers for a service called `graylane`.
fn is_of_kubernetes(key: &str) -> bool {
    key == "PORT"
        || key == "SERVICE_HOST"
        || key.starts_with("SERVICE_PORT")
        || key.starts_with("PORT_") && ["_TCP", "_UDP", "_SCTP"].iter().any(|word| key.contains(word))
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A line of a file, from 1.
    File {
        /// The file, as messages call it.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable of this name.
    Variable(String),
    /// `--set` with this key.
    Flag(String),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(key) => write!(f, "{FLAG}{key}"),
            Self::Default => f.write_str("default"),
        }
    }
}
