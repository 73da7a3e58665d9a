//! A text of flags with one flag changed, and every other byte as it was. The places of the tree tell where, in TOML and in
//! JSON alike.

use std::ops::Range;

use graylane_diagnostic::{Source, quote};
use graylane_flags::{Data, Key, Node, Number};
use serde::Serialize;

use crate::command::flags::lint::{is_json, tree};
use crate::command::flags::source::FlagFiles;
use crate::exit::Failure;

/// What is to be changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) key: &'a str,
    pub(super) state: Option<&'a str>,
    pub(super) default: Option<&'a str>,
}

/// The text afterwards.
#[derive(Debug, Clone)]
pub(super) struct Edited {
    pub(super) text: String,
    /// What is different in it; empty where nothing is.
    pub(super) changes: Vec<Changed>,
}

/// A value, before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Changed {
    pub(super) key: &'static str,
    pub(super) old: Option<String>,
    pub(super) new: String,
    /// From 1.
    pub(super) line: usize,
}

/// Bytes to put in the place of others.
#[derive(Debug, Clone)]
struct Patch {
    at: Range<usize>,
    text: String,
    changed: Changed,
}

const DEFAULT: [&str; 3] = ["default", "defaultVariant", "default_variant"];

/// Changes a flag in one of the texts. What comes out is read again with all texts.
pub(super) fn edit(
    texts: &[Source],
    number: usize,
    files: &FlagFiles,
    change: &Change<'_>,
) -> Result<Edited, Failure> {
    let source = &texts[number];
    let before = canonical(files, change.key)?;
    // A new key stands on a line of its own, or behind a comma: which of the two a text takes, its reader knows.
    for on_a_line in [true, false] {
        let patches = patches(source, change, on_a_line)?;
        let text = apply(source, &patches);
        let mut all = texts.to_vec();
        all[number] = Source::new(source.name(), text.clone());
        if on_a_line && tree(&all[number]).is_none() {
            continue;
        }
        let after = FlagFiles::of(all)?;
        if !is_the_change(files, &after, change) {
            continue;
        }
        let same = canonical(&after, change.key)? == before;
        return Ok(Edited {
            text,
            changes: if same {
                Vec::new()
            } else {
                patches.into_iter().map(|patch| patch.changed).collect()
            },
        });
    }
    Err(not_changed("the flag", change))
}

fn canonical(files: &FlagFiles, key: &str) -> Result<String, Failure> {
    Ok(files.definitions.canonical(files.flag(key)?))
}

/// Whether nothing but this flag differs, and it has the default that was asked for.
fn is_the_change(before: &FlagFiles, after: &FlagFiles, change: &Change<'_>) -> bool {
    let (old, new) = (&before.definitions, &after.definitions);
    old.flags.len() == new.flags.len()
        && std::iter::zip(&old.flags, &new.flags).all(|(one, other)| {
            let same = one.key == other.key && old.canonical(one) == new.canonical(other);
            let default = other
                .default
                .map(|index| &*other.variants[usize::from(index)].name);
            let wanted = change.default.is_none_or(|wanted| default == Some(wanted));
            if *one.key == *change.key { wanted } else { same }
        })
}

fn not_changed(what: &'static str, change: &Change<'_>) -> Failure {
    Failure::NotChanged {
        what,
        key: change.key.to_owned(),
    }
}

fn patches(source: &Source, change: &Change<'_>, on_a_line: bool) -> Result<Vec<Patch>, Failure> {
    let Some(tree) = tree(source) else {
        return Err(not_changed("the flag", change));
    };
    let flag = field(&tree, &["flags"])
        .and_then(|(_, flags)| flag(flags, change.key))
        .ok_or_else(|| not_changed("the flag", change))?;
    let (state_key, state) = field(flag, &["state"]).ok_or_else(|| not_changed("the state", change))?;
    let mut patches = Vec::new();
    if let Some(word) = change.state {
        let old = written(source, state);
        let upper = match is_json(source) {
            true => !matches!(old.trim_matches('"'), "enabled" | "disabled" | "on" | "off"),
            false => old.bytes().any(|byte| byte.is_ascii_uppercase()),
        };
        let word = match upper && !word.starts_with("gray-") {
            true => word.to_ascii_uppercase(),
            false => word.to_owned(),
        };
        patches.push(Patch::value("state", source, state, format!("\"{word}\"")));
    }
    if let Some(variant) = change.default {
        if !variants(flag).is_none_or(|names| names.contains(&variant)) {
            return Err(unknown_variant(source, flag, variant));
        }
        let text = serde_json::Value::from(variant).to_string();
        patches.push(match field(flag, &DEFAULT) {
            Some((_, node)) => Patch::value("default", source, node, text),
            None => inserted(source, state_key, state, &text, on_a_line),
        });
    }
    if let Some((node, revision)) = revision(&tree) {
        patches.push(Patch::value("revision", source, node, (revision + 1).to_string()));
    }
    // A value that is written the same is no change; a revision alone neither.
    patches.retain(|patch| patch.changed.old.as_ref() != Some(&patch.changed.new));
    patches.sort_by_key(|patch| patch.at.start);
    Ok(patches)
}

/// The names of the variants, where they are written.
fn variants(flag: &Node) -> Option<Vec<&str>> {
    match &field(flag, &["variants"])?.1.data {
        Data::Map(fields) => Some(fields.iter().map(|(key, _)| &*key.name).collect()),
        _ => None,
    }
}

fn unknown_variant(source: &Source, flag: &Node, variant: &str) -> Failure {
    let names = variants(flag).unwrap_or_default();
    let fault = graylane_diagnostic::Diagnostic::new(format!("there is no variant {}", quote(variant)))
        .hint(format!("the flag has {}", graylane_diagnostic::list(names)));
    let place = field(flag, &["variants"]).map_or_else(|| flag.span.clone(), |(key, _)| key.span.clone());
    Failure::Invalid(fault.at(place).render(source))
}

fn field<'n>(node: &'n Node, names: &[&str]) -> Option<(&'n Key, &'n Node)> {
    let Data::Map(fields) = &node.data else {
        return None;
    };
    let found = fields.iter().find(|(key, _)| names.contains(&&*key.name));
    found.map(|(key, node)| (key, node))
}

/// A flag by its key, from an object or from an array.
fn flag<'n>(flags: &'n Node, key: &str) -> Option<&'n Node> {
    match &flags.data {
        Data::List(items) => items.iter().find(|item| {
            field(item, &["key"])
                .is_some_and(|(_, node)| matches!(&node.data, Data::Text(name) if **name == *key))
        }),
        _ => field(flags, &[key]).map(|(_, node)| node),
    }
}

fn revision(tree: &Node) -> Option<(&Node, i64)> {
    let (_, node) = field(tree, &["revision"])
        .or_else(|| field(tree, &["metadata"]).and_then(|(_, metadata)| field(metadata, &["revision"])))?;
    match node.data {
        Data::Number(Number::Integer(revision)) if revision < i64::MAX => Some((node, revision)),
        _ => None,
    }
}

fn written<'s>(source: &'s Source, node: &Node) -> &'s str {
    source.text().get(node.span.clone()).unwrap_or_default()
}

impl Patch {
    /// Another value.
    fn value(key: &'static str, source: &Source, node: &Node, text: String) -> Self {
        Self {
            at: node.span.clone(),
            changed: Changed {
                key,
                old: Some(written(source, node).to_owned()),
                new: text.clone(),
                line: source.place(node.span.start).0,
            },
            text,
        }
    }
}

/// A default variant behind the state: on its own line as the state is, or behind a comma.
fn inserted(source: &Source, key: &Key, state: &Node, value: &str, on_a_line: bool) -> Patch {
    let text = source.text();
    let start = text[..key.span.start].rfind('\n').map_or(0, |end| end + 1);
    // `flags.shop.` of a dotted key, or blanks.
    let lead = &text[start..key.span.start];
    let json = is_json(source);
    let name = if json {
        "\"defaultVariant\": "
    } else {
        "default = "
    };
    let (at, inserted) = if on_a_line && json && lead.trim().is_empty() {
        (state.span.end, format!(",\n{lead}{name}{value}"))
    } else if on_a_line && !json {
        let end = text[state.span.end..].find('\n');
        let (at, feed) = end.map_or((text.len(), "\n"), |end| (state.span.end + end + 1, ""));
        let close = if end.is_some() { "\n" } else { "" };
        (at, format!("{feed}{lead}{name}{value}{close}"))
    } else {
        (state.span.end, format!(", {name}{value}"))
    };
    Patch {
        at: at..at,
        changed: Changed {
            key: "default",
            old: None,
            new: value.to_owned(),
            line: source.place(state.span.start).0,
        },
        text: inserted,
    }
}

fn apply(source: &Source, patches: &[Patch]) -> String {
    let mut text = source.text().to_owned();
    for patch in patches.iter().rev() {
        text.replace_range(patch.at.clone(), &patch.text);
    }
    text
}
