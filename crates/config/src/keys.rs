//! Every key of the configuration, declared once: the parser takes the allowed keys and the ranges from here, and the
//! reference page is made from it.

mod guard;
mod reference;
mod table;

pub(crate) use guard::GUESSES;
pub use guard::{Effect, Guard};
pub use reference::reference;
pub(crate) use table::TABLES;

use std::time::Duration;

use toml::de::DeValue;

/// A table of the configuration.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its path, where `<…>` stands for a name that the user gives.
    pub(crate) path: &'static str,
    /// What it is for, for the reference.
    pub(crate) summary: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// A value as it may stand in a file; messages and tests use it.
    pub(crate) example: &'static str,
    /// What holds where it is not there.
    pub(crate) default: Fallback,
    /// What it means, for the reference.
    pub(crate) meaning: &'static str,
    /// Who may set it, and who may see it.
    pub(crate) guard: Guard,
    /// When a change of it takes effect.
    pub(crate) effect: Effect,
}

impl Key {
    /// The same, not to be set from outside a file except in dev.
    const fn sensitive(self) -> Self {
        Self {
            guard: Guard::Sensitive,
            ..self
        }
    }

    /// The same, and never shown.
    const fn secret(self) -> Self {
        Self {
            guard: Guard::Secret,
            ..self
        }
    }

    /// The same, read at the start only.
    const fn restart(self) -> Self {
        Self {
            effect: Effect::Restart,
            ..self
        }
    }
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Count { min: u64, max: u64 },
    /// A number of bytes.
    Size { min: u64, max: u64 },
    /// A duration.
    Time { min: Duration, max: Duration },
    /// A percentage in steps of 0.001.
    Percent,
    /// A string; the words say what is allowed in it.
    Text(&'static str),
    /// An array of at most so many strings; the words say what is allowed in each.
    List(&'static str, usize),
    /// An array of at most so many strings or tables; the words say what is allowed in each.
    Entries(&'static str, usize),
    /// An array of two percentages.
    Range,
    /// A table of its own.
    Table,
    /// An array of at most so many tables.
    Tables(usize),
}

/// What holds where a key is not there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fallback {
    /// The key must be there.
    Required,
    /// This value, as it may stand in a file.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
}

/// The table of that path.
pub(crate) fn table(path: &str) -> Option<&'static Table> {
    TABLES.iter().find(|table| table.path == path)
}

/// The declaration of the key at a path; `None` for a table, for a module's key and for one that does not exist.
pub(crate) fn find(path: &[&str]) -> Option<&'static Key> {
    let (name, before) = path.split_last()?;
    let fits = |table: &&Table| {
        let mut parts = table.path.split('.').filter(|part| !part.is_empty());
        let same = before.iter().all(|part| {
            parts
                .next()
                .is_some_and(|other| other.starts_with('<') || other == *part)
        });
        same && parts.next().is_none()
    };
    TABLES.iter().filter(fits).find_map(|table| table.key(name))
}

/// Who may set the key at a path, and who may see that value of it.
pub(crate) fn guard(path: &[&str], value: &DeValue<'_>) -> Guard {
    match find(path) {
        Some(key) => key.guard,
        None if path.first() == Some(&"modules") => Guard::of_module(path, value),
        None => Guard::Open,
    }
}

impl Table {
    /// The key of that name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

#[cfg(test)]
mod tests;
