//! Files -> one set.

use std::collections::hash_map::Entry;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote};

use super::copies::Copies;
use super::faults::Faults;
use super::file::{self, File};
use super::flag::{self, Around, Shared};
use super::prerequisites::{self, Index, Slot};
use super::variants::Recent;
use super::{ReadOptions, Reading, refs};
use crate::tape::View;
use crate::{Bucketing, Definitions};

pub(super) fn read<'s>(
    files: impl IntoIterator<Item = &'s Source>,
    options: ReadOptions,
) -> Result<Reading, Diagnostics> {
    let mut faults = Faults::default();
    let mut shared = Shared {
        budget: refs::BUDGET,
        left_out: Faults::default(),
        notes: Faults::default(),
        variants: Recent::default(),
    };
    let mut unreadable = Vec::new();
    let files: Vec<File<'s>> = files
        .into_iter()
        .filter_map(|source| {
            let file = file::read(source, &mut faults, &mut shared.left_out);
            file.map_err(|all| unreadable.extend(all.iter().cloned())).ok()
        })
        .collect();
    agree(&files, &mut faults);
    let mut copies = Copies::new(files.iter().map(|file| &file.metadata));
    let mut set = Set::new(options);
    for (number, file) in files.iter().enumerate() {
        set.add(number, file, &mut copies, &mut shared);
    }
    if copies.too_many() {
        faults.add(
            Diagnostic::new("the metadata of the files would be written to too many flags")
                .hint("long texts about all flags may stand in a comment instead"),
        );
    }
    let Set { mut slots, index, .. } = set;
    // What stands in a text that cannot be read is not missing.
    if unreadable.is_empty() {
        prerequisites::join(&mut slots, &index, options.quarantine, &mut shared.left_out);
    }
    let mut refused = unreadable;
    let bad_flag = !options.quarantine && shared.left_out.count() > 0;
    if bad_flag || faults.count() > 0 || !refused.is_empty() {
        // The compiler will not be asked, so its mistakes are told here.
        for draft in slots.iter().filter_map(|slot| slot.draft.as_ref()) {
            flag::check_rule(&draft.definition, options, &mut shared.left_out);
        }
        refused.extend(faults.into_vec());
        refused.extend(std::mem::take(&mut shared.left_out).into_vec());
    }
    if let Some(refused) = Diagnostics::collect(refused) {
        return Err(refused);
    }
    let mut left_out = shared.left_out.into_vec();
    left_out.extend(shared.notes.into_vec());
    let mut flags = Vec::with_capacity(slots.len());
    flags.extend(slots.into_iter().filter_map(|slot| Some(slot.draft?.definition)));
    Ok(Reading {
        definitions: Definitions {
            flags,
            metadata: copies.into_common(),
            bucketing: files
                .first()
                .map_or_else(Bucketing::default, |file| file.bucketing),
        },
        left_out,
        revisions: files.iter().map(|file| file.revision).collect(),
    })
}

/// All files of a set are for one bucketing: two would draw the same people differently in each.
fn agree(files: &[File<'_>], faults: &mut Faults) {
    let Some((first, others)) = files.split_first() else {
        return;
    };
    let says = |file: &File<'_>| match &file.bucketing_span {
        Some(_) => format!("is for `{}`", file.bucketing.as_str()),
        None => format!("names no bucketing, which means `{}`", file.bucketing.as_str()),
    };
    for other in others.iter().filter(|other| other.bucketing != first.bucketing) {
        let start = other.source.base();
        let fault = Diagnostic::new(format!(
            "{} {}, and {} {}",
            quote(other.source.name()),
            says(other),
            quote(first.source.name()),
            says(first)
        ));
        let fault = fault.hint("all files of a set name the same `bucketing`; JSON has it in `metadata`");
        faults.add(fault.at(other.bucketing_span.clone().unwrap_or(start..start)));
    }
}

/// The flags of the files so far.
struct Set {
    options: ReadOptions,
    slots: Vec<Slot>,
    index: Index,
}

impl Set {
    fn new(options: ReadOptions) -> Self {
        Self {
            options,
            slots: Vec::new(),
            index: Index::default(),
        }
    }

    /// Adds the flags of a file, each in the place of an earlier one of its key.
    fn add(&mut self, number: usize, file: &File<'_>, copies: &mut Copies, shared: &mut Shared) {
        let around = Around {
            source: file.source,
            format: file.format,
            evaluators: &file.evaluators,
            options: self.options,
        };
        let different = copies.different(&file.metadata);
        self.index.reserve(file.flags.len());
        self.slots.reserve(file.flags.len());
        for (key, flag) in &file.flags {
            let key = View::new(&file.tape, *key).to_key();
            let (name, span) = (key.name.clone(), key.span.clone());
            let mut draft = flag::read(key, View::new(&file.tape, *flag), around, shared);
            if let Some(draft) = &mut draft {
                copies.lay_under(&mut draft.definition.metadata, &different, &file.metadata);
            }
            let place = match self.index.entry(name.clone()) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(new) => {
                    new.insert(self.slots.len());
                    self.slots.push(Slot {
                        key: name,
                        file: number,
                        draft,
                    });
                    continue;
                }
            };
            let slot = &mut self.slots[place];
            if slot.file == number {
                let fault = Diagnostic::new(format!("the flag {} stands twice", quote(&name)));
                shared.left_out.add(fault.hint("remove one of the two").at(span));
                draft = None;
            }
            *slot = Slot {
                key: name,
                file: number,
                draft,
            };
        }
    }
}
