//! A flag as people read it, from a definition or from what a gateway tells.

use graylane_flags::{Definition, Kind};
use serde::Serialize;
use serde_json::Value;

use super::source::FlagFiles;

/// A flag.
#[derive(Debug, Serialize)]
pub(super) struct View {
    pub(super) key: String,
    /// `enabled`, `disabled` or `gray-30`.
    pub(super) state: String,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// With their values.
    #[serde(serialize_with = "names")]
    pub(super) variants: Vec<(String, Value)>,
    pub(super) default: Option<String>,
    /// Whether it has a rule.
    pub(super) rule: bool,
    /// File and line.
    #[serde(rename = "where")]
    pub(super) place: Option<String>,
    /// The definition, as `Definitions::canonical` writes it.
    #[serde(skip)]
    pub(super) definition: Value,
}

fn names<S: serde::Serializer>(variants: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(variants.iter().map(|(name, _)| name))
}

impl View {
    /// A flag of files, its variants in written order.
    pub(super) fn of(files: &FlagFiles, flag: &Definition) -> Self {
        let definition = serde_json::from_str(&files.definitions.canonical(flag)).unwrap_or_default();
        let mut view = Self::told(&flag.key, Some(files.origin(flag)), definition);
        view.kind = match flag.kind {
            Kind::Boolean => "boolean",
            Kind::Text => "string",
            Kind::Number => "number",
            Kind::Object => "object",
        };
        let place = |name: &str| flag.variants.iter().position(|one| *one.name == *name);
        view.variants.sort_by_key(|(name, _)| place(name));
        view
    }

    /// A flag that a gateway tells of.
    pub(super) fn told(key: &str, place: Option<String>, definition: Value) -> Self {
        let variants: Vec<(String, Value)> = definition["variants"]
            .as_object()
            .map(|all| {
                all.iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect()
            })
            .unwrap_or_default();
        Self {
            key: key.to_owned(),
            state: state(&definition),
            kind: match variants.first().map(|(_, value)| value) {
                Some(Value::Bool(_)) => "boolean",
                Some(Value::String(_)) => "string",
                Some(Value::Number(_)) => "number",
                _ => "object",
            },
            variants,
            default: definition["defaultVariant"].as_str().map(str::to_owned),
            rule: definition.get("targeting").is_some(),
            place,
            definition,
        }
    }
}

fn state(definition: &Value) -> String {
    if definition["state"] != "ENABLED" {
        return "disabled".to_owned();
    }
    let split = &definition["split"];
    match (split["share"].as_u64(), split["of"].as_u64()) {
        (Some(share), Some(of)) => format!("gray-{}", share_of(share, of)),
        _ => "enabled".to_owned(),
    }
}

/// A share as a percentage where it has the steps of one, else as it is.
pub(super) fn share_of(share: u64, of: u64) -> String {
    if of == 0 || !(share * 100_000).is_multiple_of(of) {
        return format!("{share}/{of}");
    }
    let steps = share * 100_000 / of;
    let text = format!("{}.{:03}", steps / 1000, steps % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Lines of columns, each as wide as its widest cell; the last one is not padded.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:<width$}")).collect();
        out.push_str(line.join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// JSON on as few lines as fit into a width.
pub(super) fn pretty(value: &Value, indent: usize) -> String {
    let flat = value.to_string();
    if flat.chars().count() + indent <= 100 {
        return spaced(value);
    }
    let inner = " ".repeat(indent + 2);
    let outer = " ".repeat(indent);
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| inner.clone() + &pretty(item, indent + 2))
                .collect();
            format!("[\n{}\n{outer}]", items.join(",\n"))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!(
                    "{inner}{}: {}",
                    Value::from(name.as_str()),
                    pretty(value, indent + 2)
                )
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{\n{}\n{outer}}}", fields.join(",\n"))
        }
        _ => flat,
    }
}

/// JSON on one line with spaces where people write them.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spaced).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                format!("{}: {}", Value::from(name.as_str()), spaced(value))
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{{}}}", fields.join(", "))
        }
        _ => value.to_string(),
    }
}
