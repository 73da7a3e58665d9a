//! Every value with where it comes from, in words.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::keys::{self, Fallback, Guard, Key, Kind, TABLES, Table};
use crate::layers::{each_leaf, shown_key};
use crate::{Layers, Origin, Sha256};

/// A key with the value in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The key, such as `lanes.shop."v1.2".weight`.
    pub key: String,
    /// What it is set to.
    pub value: Shown,
    /// Where that stands.
    pub origin: Origin,
}

/// A value from outside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The key.
    pub key: String,
    /// What the layers before it say; `None`: nothing.
    pub old: Option<Shown>,
    /// What it says.
    pub new: Shown,
    /// The variable or the assignment.
    pub origin: Origin,
}

/// A value as people may see it; its `Display` shows a secret as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// As one would write it in a file.
    Plain(String),
    /// What holds where nothing is written, in words.
    Words(&'static str),
    /// A secret.
    Digest(Sha256),
}

impl Shown {
    pub(crate) fn new(value: &DeValue<'_>, guard: Guard) -> Self {
        let text = written(value);
        match guard {
            Guard::Secret => Self::Digest(Sha256::of(text)),
            Guard::Open | Guard::Sensitive => Self::Plain(text),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(text) => f.pad(text),
            Self::Words(words) => write!(f, "({words})"),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// The values as a table for people: key, value, origin. Long values are cut.
pub fn origin_table(values: &[Value]) -> String {
    const LONGEST: usize = 60;
    let rows: Vec<[String; 3]> = values
        .iter()
        .map(|one| {
            let value = one.value.to_string();
            let cut: String = value.chars().take(LONGEST).collect();
            let more = if cut.len() < value.len() { "…" } else { "" };
            let shown = graylane_diagnostic::printable(&cut) + more;
            [
                graylane_diagnostic::printable(&one.key),
                shown,
                graylane_diagnostic::printable(&one.origin.to_string()),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    rows.iter()
        .map(|[key, value, origin]| format!("{key:first$}  {value:second$}  {origin}\n"))
        .collect()
}

/// Every value that is set and every default, in the order of the reference.
pub(crate) fn values(root: &DeTable<'_>, layers: &Layers) -> Vec<Value> {
    let mut all = Vec::new();
    for table in TABLES {
        let parts: Vec<&str> = table.path.split('.').filter(|part| !part.is_empty()).collect();
        // What is there always, whether or not a file has it.
        let is_fixed = !matches!(table.path, "ofrep") && !parts.iter().any(|part| part.starts_with('<'));
        let mut found = Vec::new();
        instances(root, &parts, &mut Vec::new(), &mut found);
        if found.is_empty() && is_fixed {
            let empty = None;
            found.push((parts.clone(), empty));
        }
        for (path, section) in found {
            of_table(table, &path, section, layers, &mut all);
        }
    }
    if let Some(DeValue::Table(modules)) = root.get("modules").map(Spanned::get_ref) {
        each_leaf(modules, &mut vec!["modules"], &mut |path, value| {
            let guard = keys::guard(path, value.get_ref());
            all.push(set(path.iter().copied(), value, guard, layers));
        });
    }
    all
}

/// The tables at a path, in which `<…>` stands for any name, each with its own path.
fn instances<'a, 't>(
    table: &'a DeTable<'t>,
    parts: &[&str],
    path: &mut Vec<&'a str>,
    found: &mut Vec<(Vec<&'a str>, Option<&'a DeTable<'t>>)>,
) {
    let Some((part, rest)) = parts.split_first() else {
        found.push((path.clone(), Some(table)));
        return;
    };
    for (name, value) in table {
        let name: &str = name.get_ref();
        if !(part.starts_with('<') || name == *part) {
            continue;
        }
        if let DeValue::Table(below) = value.get_ref() {
            path.push(name);
            instances(below, rest, path, found);
            path.pop();
        }
    }
}

fn of_table(
    table: &'static Table,
    path: &[&str],
    section: Option<&DeTable<'_>>,
    layers: &Layers,
    all: &mut Vec<Value>,
) {
    for key in table.keys {
        let parts = path.iter().copied().chain([key.name]);
        match section.and_then(|section| section.get(key.name)) {
            // A table of its own is listed below its own path.
            Some(value) if matches!(key.kind, Kind::Table) && !is_empty(value) => {}
            Some(value) => all.push(set(parts, value, key.guard, layers)),
            // A lane's defaults follow from its role and from the other lanes.
            None if table.path.starts_with("lanes.<service>.<name>") => {}
            None => all.extend(default(parts, key)),
        }
    }
}

fn is_empty(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_table().is_some_and(DeTable::is_empty)
}

fn set<'a>(
    parts: impl IntoIterator<Item = &'a str>,
    value: &Spanned<DeValue<'_>>,
    guard: Guard,
    layers: &Layers,
) -> Value {
    Value {
        key: shown_key(parts),
        value: Shown::new(value.get_ref(), guard),
        origin: layers.origin(value.span().start),
    }
}

fn default<'a>(parts: impl IntoIterator<Item = &'a str>, key: &Key) -> Option<Value> {
    let value = match key.default {
        Fallback::Required => return None,
        Fallback::Value(text) => Shown::Plain(text.to_owned()),
        Fallback::Words(words) => Shown::Words(words),
    };
    Some(Value {
        key: shown_key(parts),
        value,
        origin: Origin::Default,
    })
}

/// A value as one would write it in a file, on one line.
fn written(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        // One number, however it is spelt.
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(value) => value.to_string(),
            Err(_) => number.to_string(),
        },
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| written(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) if table.is_empty() => "{}".to_owned(),
        DeValue::Table(table) => {
            let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                format!(
                    "{} = {}",
                    shown_key([&**name.get_ref()]),
                    written(value.get_ref())
                )
            };
            let entries: Vec<String> = table.iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// A basic string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
