//! The layers, folded into one tree: tables merge key by key, everything else is replaced.

use std::borrow::Cow;
use std::ops::Range;

use graylane_diagnostic::{Diagnostic, Source};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::path::{self, Part, shown_key};
use super::{Layers, Sort, value, variable};
use crate::keys;
use crate::origin::{Override, Shown};
use crate::parse::{self, Modules};
use crate::{Environment, FileRevision};

/// The folded layers. Places are on the line of offsets of all texts.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    pub(crate) root: DeTable<'t>,
    pub(crate) overrides: Vec<Override>,
    pub(crate) files: Vec<FileRevision>,
}

/// Folds them; the mistakes of each layer where there are any.
pub(crate) fn fold<'t>(
    layers: &'t Layers,
    environment: Environment,
    modules: Modules<'_>,
) -> Result<Tree<'t>, Vec<Diagnostic>> {
    let mut tree = Tree {
        root: DeTable::new(),
        overrides: Vec::new(),
        files: Vec::new(),
    };
    let mut faults = Vec::new();
    for (source, _) in layers.iter().filter(|(_, sort)| *sort == Sort::File) {
        match parse::file(source) {
            Ok(table) => {
                tree.files.push(FileRevision {
                    name: source.name().to_owned(),
                    revision: table
                        .get("revision")
                        .and_then(|value| parse::whole_number(value.get_ref())),
                });
                merge(&mut tree.root, shifted_table(table, source.base()));
            }
            Err(fault) => faults.push(shifted_fault(fault, source)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let rule = Rule {
        environment,
        file: layers.iter().next().map_or("", |(source, _)| source.name()),
    };
    for (source, sort) in layers.iter().filter(|(_, sort)| *sort != Sort::File) {
        let folded = assignment(source, sort, &tree.root, modules)
            .map_err(|fault| shifted_fault(fault, source))
            .and_then(|layer| {
                let found = overrides(&layer, &tree.root, layers, &rule)?;
                Ok((layer, found))
            });
        match folded {
            Ok((layer, found)) => {
                tree.overrides.extend(found);
                merge(&mut tree.root, layer);
            }
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(tree) } else { Err(faults) }
}

/// A variable or an assignment, as a tree with one branch.
fn assignment<'t>(
    source: &'t Source,
    sort: Sort,
    tree: &DeTable<'_>,
    modules: Modules<'_>,
) -> Result<DeTable<'t>, Diagnostic> {
    let text = source.text();
    if text.len() > parse::MAX_TEXT {
        return Err(Diagnostic::new("the value is longer than a configuration may be"));
    }
    let (parts, start) = match sort {
        Sort::Variable => {
            let name = text.split_once('=').map_or(text, |(name, _)| name);
            (variable::resolve(name, tree, modules)?, name.len() + 1)
        }
        Sort::Flag | Sort::File => path::assignment(text)?,
    };
    let names: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
    let kind = keys::find(&names).map(|key| key.kind);
    let value = value::read(&text[start..], kind).map_err(|mut fault| {
        fault.span = fault.span.map(|span| shifted_span(&span, start));
        fault
    })?;
    parse::length::check_assigned(&names, value.get_ref()).map_err(|fault| fault.at(0..start))?;
    let base = source.base();
    let value = shifted(value, base + start);
    let mut parts = parts.into_iter().rev();
    let one = |part: Part, value: Spanned<DeValue<'t>>| {
        let mut table = DeTable::new();
        table.insert(
            Spanned::new(shifted_span(&part.place, base), Cow::Owned(part.name)),
            value,
        );
        table
    };
    // A key has at least one part.
    let last = parts.next().ok_or_else(|| Diagnostic::new("there is no key"))?;
    Ok(parts.fold(one(last, value), |below, part| {
        let place = shifted_span(&part.place, base);
        one(part, Spanned::new(place, DeValue::Table(below)))
    }))
}

/// What an environment lets a layer from outside a file do.
struct Rule<'a> {
    environment: Environment,
    /// The first file: the one of the environment is called after it.
    file: &'a str,
}

/// What a layer overrides, or why it may not.
fn overrides(
    layer: &DeTable<'_>,
    tree: &DeTable<'_>,
    layers: &Layers,
    rule: &Rule<'_>,
) -> Result<Vec<Override>, Diagnostic> {
    let mut found = Vec::new();
    let mut refused = None;
    each_leaf(layer, &mut Vec::new(), &mut |path, value| {
        let guard = keys::guard(path, value.get_ref());
        let key = shown_key(path.iter().copied());
        if !rule.environment.may_override(guard) {
            refused.get_or_insert_with(|| rule.refusal(&key, value.span()));
        }
        found.push(Override {
            // What was there may be a secret where what comes is none.
            old: at(tree, path).map(|old| Shown::new(old, guard.max(keys::guard(path, old)))),
            new: Shown::new(value.get_ref(), guard),
            origin: layers.origin(value.span().start),
            key,
        });
    });
    match refused {
        None => Ok(found),
        Some(fault) => Err(fault),
    }
}

impl Rule<'_> {
    fn refusal(&self, key: &str, place: Range<usize>) -> Diagnostic {
        let environment = self.environment;
        let name = self.file.strip_suffix(".toml").unwrap_or(self.file);
        let file = format!("{name}.{environment}.toml");
        let fault = if environment.is_locked() {
            Diagnostic::new(format!("`{key}` may not be overridden: {environment} is locked")).hint(format!(
                "write it in {file}, raise the `revision` there, and sign the file: grayctl config sign {file}"
            ))
        } else {
            Diagnostic::new(format!(
                "`{key}` is sensitive: in {environment} only a file may set it"
            ))
            .hint(format!("write it in {file}"))
        };
        fault.at(place)
    }
}

/// Calls it with the path of each value that is no table, or an empty one.
pub(crate) fn each_leaf<'a>(
    table: &'a DeTable<'_>,
    path: &mut Vec<&'a str>,
    call: &mut impl FnMut(&[&'a str], &'a Spanned<DeValue<'_>>),
) {
    for (name, value) in table {
        path.push(name.get_ref());
        match value.get_ref() {
            DeValue::Table(below) if !below.is_empty() => each_leaf(below, path, call),
            _ => call(path, value),
        }
        path.pop();
    }
}

fn at<'a, 't>(tree: &'a DeTable<'t>, path: &[&str]) -> Option<&'a DeValue<'t>> {
    let (last, before) = path.split_last()?;
    let table = before
        .iter()
        .try_fold(tree, |table, part| table.get(*part)?.get_ref().as_table())?;
    Some(table.get(*last)?.get_ref())
}

/// The later one wins, table by table.
fn merge<'t>(into: &mut DeTable<'t>, layer: DeTable<'t>) {
    for (name, value) in layer {
        match (into.get_mut(&**name.get_ref()), value) {
            (Some(old), new) => {
                let span = new.span();
                match (old.get_mut(), new.into_inner()) {
                    (DeValue::Table(old), DeValue::Table(new)) => merge(old, new),
                    (_, new) => *old = Spanned::new(span, new),
                }
            }
            (None, new) => {
                into.insert(name, new);
            }
        }
    }
}

fn shifted_fault(mut fault: Diagnostic, source: &Source) -> Diagnostic {
    let span = fault.span.unwrap_or(0..0);
    fault.span = Some(shifted_span(&span, source.base()));
    fault
}

fn shifted_span(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start + by..span.end + by
}

// The depth was checked, so these end.
fn shifted(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = shifted_span(&value.span(), by);
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| shifted(item, by)).collect()),
        DeValue::Table(table) => DeValue::Table(shifted_table(table, by)),
        other => other,
    };
    Spanned::new(span, value)
}

fn shifted_table<'t>(table: DeTable<'t>, by: usize) -> DeTable<'t> {
    let entry = |(name, value): (Spanned<Cow<'t, str>>, Spanned<DeValue<'t>>)| {
        let place = shifted_span(&name.span(), by);
        (Spanned::new(place, name.into_inner()), shifted(value, by))
    };
    table.into_iter().map(entry).collect()
}
