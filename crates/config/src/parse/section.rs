use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values::{kind_of, wrong_item, wrong_type};
use crate::keys::{self, Key, Kind, Table};
use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_diagnostic::{cut, list, meant, quote};

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Diagnostic>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Diagnostic) {
        self.0.push(fault);
    }

    pub(crate) fn into_all(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The value, or `None` after noting the mistake at that place, unless it has one of its own.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Diagnostic>, place: Range<usize>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(mut fault) => {
                fault.span.get_or_insert(place);
                self.add(fault);
                None
            }
        }
    }
}

/// What a file has for a key. `Bad` was reported already: what depends on it is not checked further.
#[derive(Debug, Clone)]
pub(crate) enum Field<T> {
    Absent,
    Bad,
    Given(Spanned<T>),
}

impl<T> Field<T> {
    /// The value, or that default.
    pub(crate) fn or(self, default: T) -> T {
        match self {
            Self::Given(value) => value.into_inner(),
            Self::Absent | Self::Bad => default,
        }
    }

    pub(crate) fn given(&self) -> Option<&Spanned<T>> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Bad => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(crate) fn is_bad(&self) -> bool {
        matches!(self, Self::Bad)
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Bad => Field::Bad,
            Self::Given(value) => Field::Given(Spanned::new(value.span(), change(value.into_inner()))),
        }
    }
}

/// A table of the file beside the declaration of its keys.
#[derive(Debug)]
pub(super) struct Section<'t> {
    /// `None` where the file does not have it.
    table: Option<&'t DeTable<'t>>,
    declared: &'static Table,
    /// The keys that unknown ones were probably meant to be: they count as refused, not as absent.
    misspelt: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The table at a declared path; `name` is what messages call it. Unknown keys are noted. `None`, after noting it,
    /// where the value is no table.
    pub(super) fn open(
        value: &'t Spanned<DeValue<'t>>,
        path: &'static str,
        name: &str,
        faults: &mut Faults,
    ) -> Option<Self> {
        let mut section = Self {
            table: Some(table_of(value, name, faults)?),
            ..Self::absent(path)
        };
        section.misspelt = section.refuse_unknown(name, faults);
        Some(section)
    }

    /// The first level of the file, whose unknown keys were noted.
    pub(super) fn first(root: &'t DeTable<'t>, misspelt: &[&'static str]) -> Self {
        Self {
            table: Some(root),
            declared: declared(""),
            misspelt: misspelt.to_vec(),
        }
    }

    /// A table that the file does not have.
    pub(super) fn absent(path: &'static str) -> Self {
        Self {
            table: None,
            declared: declared(path),
            misspelt: Vec::new(),
        }
    }

    /// A value of any type.
    pub(super) fn value<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(&'t DeValue<'t>, &'static Key) -> Result<T, Diagnostic>,
    ) -> Field<T> {
        let key = self.key(name);
        let Some(value) = self.table.and_then(|table| table.get(name)) else {
            return self.without(name);
        };
        match faults.keep(read(value.get_ref(), key), value.span()) {
            Some(good) => Field::Given(Spanned::new(value.span(), good)),
            None => Field::Bad,
        }
    }

    /// A string.
    pub(super) fn text<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        read: impl FnOnce(&str) -> Result<T, Diagnostic>,
    ) -> Field<T> {
        self.value(name, faults, |value, key| match value.as_str() {
            Some(text) => read(text),
            None => Err(wrong_type(key, value)),
        })
    }

    /// An array of strings; every bad item is noted.
    pub(super) fn list<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        read: impl Fn(&str) -> Result<T, Diagnostic>,
    ) -> Field<Vec<Spanned<T>>> {
        let key = self.key(name);
        let items = match self.value(name, faults, |value, key| array(value, key)) {
            Field::Given(items) => items,
            Field::Bad => return Field::Bad,
            Field::Absent => return Field::Absent,
        };
        let read_item = |item: &Spanned<DeValue<'_>>| {
            let result = match item.get_ref() {
                DeValue::String(text) => read(text),
                other => Err(wrong_item(key, other)),
            };
            let good = faults.keep(result, item.span())?;
            Some(Spanned::new(item.span(), good))
        };
        let place = items.span();
        // Not `collect::<Option<_>>` over a lazy iterator: that would stop at the first bad item.
        let read: Vec<Option<Spanned<T>>> = items.get_ref().iter().map(read_item).collect();
        match read.into_iter().collect() {
            Some(good) => Field::Given(Spanned::new(place, good)),
            None => Field::Bad,
        }
    }

    /// An array of tables, or of whatever else is read; every bad one is noted.
    pub(super) fn tables<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        read: impl Fn(&'t Spanned<DeValue<'t>>, &mut Faults) -> Option<T>,
    ) -> Field<Vec<T>> {
        let items = match self.value(name, faults, |value, key| array(value, key)) {
            Field::Given(items) => items,
            Field::Bad => return Field::Bad,
            Field::Absent => return Field::Absent,
        };
        let place = items.span();
        // As in `list`.
        let read: Vec<Option<T>> = items.get_ref().iter().map(|item| read(item, faults)).collect();
        match read.into_iter().collect() {
            Some(good) => Field::Given(Spanned::new(place, good)),
            None => Field::Bad,
        }
    }

    /// A table of its own.
    pub(super) fn table<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'t Spanned<DeValue<'t>>) -> Field<T>,
    ) -> Field<T> {
        self.key(name);
        match self.table.and_then(|table| table.get(name)) {
            Some(value) => read(value),
            None => self.without(name),
        }
    }

    fn without<T>(&self, name: &str) -> Field<T> {
        if self.misspelt.contains(&name) {
            Field::Bad
        } else {
            Field::Absent
        }
    }

    fn key(&self, name: &str) -> &'static Key {
        // The tests read a file that has every key, so a key that the table lacks cannot pass them.
        self.declared
            .key(name)
            .unwrap_or_else(|| unreachable!("the key `{name}` is not declared"))
    }

    /// Notes the unknown keys; gives back what they were probably meant to be.
    fn refuse_unknown(&self, name: &str, faults: &mut Faults) -> Vec<&'static str> {
        let allowed = || self.declared.keys.iter().map(|key| key.name);
        let mut misspelt = Vec::new();
        let is_unknown = |key: &str| self.declared.key(key).is_none();
        let all = self.table.into_iter().flatten();
        let unknown = all.filter(|(key, _)| is_unknown(key.get_ref()));
        for (key, value) in unknown.take(Diagnostics::MAX) {
            let fault = Diagnostic::new(format!("`{name}` has no key {}", quote(key.get_ref())));
            let other = meant(key.get_ref(), allowed());
            misspelt.extend(other);
            let hint = match (other, name.rsplit_once('.')) {
                (Some(other), _) => format!("did you mean `{other}`?"),
                // `[lanes.shop.v1.2]` is a table `2` in a lane `v1`.
                (None, Some((parent, last))) if value.get_ref().is_table() => format!(
                    "its keys are {}; a name with a dot stands in quotes: [{parent}.\"{last}.{}\"]",
                    list(allowed()),
                    cut(key.get_ref()),
                ),
                (None, _) => format!("its keys are {}", list(allowed())),
            };
            faults.add(fault.hint(hint).at(key.span()));
        }
        misspelt
    }
}

fn declared(path: &'static str) -> &'static Table {
    // Each path is a literal in `draft`, and the tests open every one.
    keys::table(path).unwrap_or_else(|| unreachable!("the table `{path}` is not declared"))
}

fn array<'t>(value: &'t DeValue<'t>, key: &'static Key) -> Result<&'t [Spanned<DeValue<'t>>], Diagnostic> {
    let items = value.as_array().ok_or_else(|| wrong_type(key, value))?;
    match key.kind {
        Kind::List(_, most) | Kind::Entries(_, most) | Kind::Tables(most) if items.len() > most => {
            Err(Diagnostic::new(format!(
                "`{}` has {} entries, more than {most}",
                key.name,
                items.len()
            )))
        }
        _ => Ok(items),
    }
}

/// The value as a table; `None`, after noting it, where it is none.
pub(super) fn table_of<'t>(
    value: &'t Spanned<DeValue<'t>>,
    name: &str,
    faults: &mut Faults,
) -> Option<&'t DeTable<'t>> {
    let table = value.get_ref().as_table();
    if table.is_none() {
        let fault = match value.get_ref() {
            DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                Diagnostic::new(format!("`{name}` is one table, not an array of them"))
                    .hint(format!("write [{name}] with single brackets"))
            }
            other => Diagnostic::new(format!("`{name}` is a table, not {}", kind_of(other)))
                .hint(format!("write [{name}] and below it the keys")),
        };
        faults.add(fault.at(value.span()));
    }
    table
}
