use std::ops::Range;
use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote};

use super::faults::Faults;
use super::fields::{Format, known, object, text, wrong_type};
use super::refs::Evaluators;
use super::{metadata, rule};
use crate::read::{json_tape, toml_tape};
use crate::tape::{Seen, Tape, View};
use crate::{Bucketing, Metadata, Number};

/// One file, its flags still as they were written.
#[derive(Debug)]
pub(super) struct File<'s> {
    pub(super) source: &'s Source,
    pub(super) format: Format,
    pub(super) bucketing: Bucketing,
    /// Where it stands.
    pub(super) bucketing_span: Option<Range<usize>>,
    pub(super) revision: Option<u64>,
    pub(super) metadata: Metadata,
    pub(super) evaluators: Evaluators,
    pub(super) tape: Arc<Tape>,
    /// The keys of the flags and the flags, by their places on the tape.
    pub(super) flags: Vec<(u32, u32)>,
}

const KEYS: [&[&str]; 6] = [
    &["flags"],
    &["$evaluators", "evaluators"],
    &["metadata"],
    &["bucketing"],
    &["revision"],
    &["$schema"],
];

/// Reads a file. `faults` are those that are not within a flag, `left_out` those that cost only a flag.
pub(super) fn read<'s>(
    source: &'s Source,
    faults: &mut Faults,
    left_out: &mut Faults,
) -> Result<File<'s>, Diagnostics> {
    let format = format_of(source);
    let tape = match format {
        Format::Json => json_tape(source)?,
        Format::Toml => toml_tape(source)?,
    };
    let root = tape.root();
    let start = root.span().start;
    let fields = object("the file", root).map_err(|fault| fault.hint("such as {\"flags\": {}}"))?;
    let before = faults.count();
    let keys = known(fields, &KEYS, format.into(), faults);
    let [flags, evaluators, meta, mut bucketing, mut revision, _] = keys;
    let mut metadata = Metadata::new();
    if let Some((_, node)) = meta {
        match object("`metadata`", node) {
            Ok(fields) => {
                let mut fields: Vec<_> = fields.collect();
                take(&mut fields, "bucketing", &mut bucketing, faults);
                take(&mut fields, "revision", &mut revision, faults);
                metadata = metadata::of_fields(fields.into_iter(), faults);
            }
            Err(fault) => faults.add(fault),
        }
    }
    let bucketing_span = bucketing.as_ref().map(|(_, node)| node.span());
    let bucketing = bucketing.map(|(_, node)| read_bucketing(node));
    let revision = revision.map(|(_, node)| read_revision(node));
    let flags = match flags {
        Some((_, node)) => read_flags(node, left_out)
            .map_err(|fault| faults.add(fault))
            .unwrap_or_default(),
        // One that is misspelt is said so.
        None if faults.count() > before => Vec::new(),
        None => {
            let fault = Diagnostic::new("there is no `flags`");
            faults.add(
                fault
                    .hint("is this the right file, and complete? Without flags it is empty")
                    .at(start..start),
            );
            Vec::new()
        }
    };
    Ok(File {
        source,
        format,
        bucketing: accept(bucketing, faults).unwrap_or_default(),
        bucketing_span,
        revision: accept(revision, faults),
        metadata,
        evaluators: evaluators
            .map(|(_, node)| read_evaluators(node, format, source, faults, left_out))
            .unwrap_or_default(),
        flags,
        tape: Arc::clone(&tape),
    })
}

fn format_of(source: &Source) -> Format {
    let name = source.name().to_ascii_lowercase();
    if name.ends_with(".toml") {
        Format::Toml
    } else if name.ends_with(".json") || source.text().trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Toml
    }
}

/// Takes a setting of the file out of its metadata.
fn take<'t>(
    fields: &mut Vec<(View<'t>, View<'t>)>,
    name: &str,
    into: &mut Option<(View<'t>, View<'t>)>,
    faults: &mut Faults,
) {
    let Some(index) = fields.iter().position(|(key, _)| key.text() == name) else {
        return;
    };
    let (key, node) = fields.remove(index);
    if into.is_some() {
        let fault = Diagnostic::new(format!("{} stands at the top as well", quote(name)));
        faults.add(fault.hint("remove one of the two").at(key.span()));
    } else {
        *into = Some((key, node));
    }
}

fn accept<T>(read: Option<Result<T, Diagnostic>>, faults: &mut Faults) -> Option<T> {
    read?.map_err(|fault| faults.add(fault)).ok()
}

fn read_bucketing(node: View<'_>) -> Result<Bucketing, Diagnostic> {
    let hint = "`flagd-v1`, `flagd-v2` or `flagd-v3`";
    let fault = match node.data() {
        Seen::Text(name) => {
            let all = [Bucketing::V1, Bucketing::V2, Bucketing::V3];
            match all.into_iter().find(|bucketing| bucketing.as_str() == name) {
                Some(bucketing) => return Ok(bucketing),
                None => Diagnostic::new(format!("{} is no bucketing", quote(name))).hint(hint),
            }
        }
        _ => wrong_type("`bucketing`", "a string", node).hint(hint),
    };
    Err(fault.at(node.span()))
}

fn read_revision(node: View<'_>) -> Result<u64, Diagnostic> {
    let fault = match node.data() {
        Seen::Number(Number::Integer(number)) => match u64::try_from(number) {
            Ok(revision) => return Ok(revision),
            Err(_) => Diagnostic::new(format!("`revision` is out of range: {number}")),
        },
        Seen::Number(Number::Float(_)) => Diagnostic::new("`revision` takes a whole number, not a fraction"),
        _ => wrong_type("`revision`", "a whole number", node),
    };
    let hint = "a whole number from 0 to 9223372036854775807 that grows with each change of the file";
    Err(fault.hint(hint).at(node.span()))
}

/// Rules by name. A broken one is as if it was not there.
fn read_evaluators(
    node: View<'_>,
    format: Format,
    source: &Source,
    faults: &mut Faults,
    left_out: &mut Faults,
) -> Evaluators {
    let Ok(fields) = object("`evaluators`", node).map_err(|fault| faults.add(fault)) else {
        return Evaluators::default();
    };
    let rules = fields.filter_map(|(key, node)| {
        let name = format!("the evaluator {}", quote(key.text()));
        let written = rule::read(&name, node, format, source);
        written
            .map_err(|fault| left_out.add(fault))
            .ok()
            .map(|written| (key.to_key(), written.rule.to_node()))
    });
    Evaluators::new(rules.collect())
}

/// The flags, from an object by key, or from an array of objects with `key`.
fn read_flags(node: View<'_>, left_out: &mut Faults) -> Result<Vec<(u32, u32)>, Diagnostic> {
    let hint = "flags by key, such as {\"shop-v2\": {\"state\": \"ENABLED\", ...}}";
    match node.data() {
        Seen::Map(flags) => {
            let good = flags.filter(|(key, _)| {
                let empty = key.text().is_empty();
                if empty {
                    left_out.add(Diagnostic::new("the key of a flag is empty").at(key.span()));
                }
                !empty
            });
            let mut all = Vec::with_capacity(flags.len());
            all.extend(good.map(|(key, flag)| (key.at(), flag.at())));
            Ok(all)
        }
        Seen::List(items) => {
            let keyed = items.filter_map(|item| {
                let key = key_of(item).map_err(|fault| left_out.add(fault)).ok()?;
                Some((key.at(), item.at()))
            });
            Ok(keyed.collect())
        }
        _ => Err(wrong_type("`flags`", "an object", node)
            .hint(hint)
            .at(node.span())),
    }
}

fn key_of(item: View<'_>) -> Result<View<'_>, Diagnostic> {
    let Seen::Map(mut fields) = item.data() else {
        let fault = wrong_type("each of the `flags`", "an object", item);
        return Err(fault.at(item.span()));
    };
    match fields.find(|(key, _)| key.text() == "key") {
        Some((_, node)) => text("`key`", node).map(|_| node),
        None => Err(Diagnostic::new("the flag has no `key`")
            .hint("in an array each flag has one")
            .at(item.span())),
    }
}
