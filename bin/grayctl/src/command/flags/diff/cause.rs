//! Why ids move: what differs between two definitions of a flag.

mod fraction;

use std::cell::RefCell;
use std::collections::HashMap;

use graylane_flags::{Definition, Split, State};
use serde::Serialize;

use crate::command::flags::source::FlagFiles;
use crate::command::flags::view::share_of;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Cause {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// The kinds, those first that explain the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Added,
    Removed,
    State,
    Bucketing,
    Key,
    Order,
    Weight,
    Rule,
    Variants,
    Default,
    Prerequisites,
    Value,
}

/// Two sets of flags.
pub(super) struct Comparison<'a> {
    old: &'a FlagFiles,
    new: &'a FlagFiles,
    before: HashMap<&'a str, &'a Definition>,
    after: HashMap<&'a str, &'a Definition>,
    /// The flags of which it is known whether they mean the same.
    known: RefCell<HashMap<&'a str, bool>>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(old: &'a FlagFiles, new: &'a FlagFiles) -> Self {
        let by_key = |files: &'a FlagFiles| {
            files
                .definitions
                .flags
                .iter()
                .map(|flag| (&*flag.key, flag))
                .collect()
        };
        Self {
            before: by_key(old),
            after: by_key(new),
            old,
            new,
            known: RefCell::default(),
        }
    }

    /// The keys of both sides, those of the old one first.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        let old = self.old.definitions.flags.iter().map(|flag| &*flag.key);
        let new = self.new.definitions.flags.iter().map(|flag| &*flag.key);
        old.chain(new.filter(|key| !self.before.contains_key(key)))
            .collect()
    }

    /// Whether a flag gives everybody the same on both sides, as its definition and those that it waits for tell.
    pub(super) fn is_same(&self, key: &str) -> bool {
        let (Some(old), Some(new)) = (self.before.get(key), self.after.get(key)) else {
            return false;
        };
        if let Some(known) = self.known.borrow().get(key) {
            return *known;
        }
        // Prerequisites have no ring, and chains of them are bounded.
        let same = self.own(old, new).is_empty() && self.changed_prerequisite(old).is_none();
        self.known.borrow_mut().insert(&old.key, same);
        same
    }

    /// Everything that differs; empty where the flag is the same.
    pub(super) fn causes(&self, key: &str) -> Vec<Cause> {
        match (self.before.get(key), self.after.get(key)) {
            (Some(old), Some(new)) => {
                let mut causes = self.own(old, new);
                if let Some(other) = self.changed_prerequisite(old) {
                    let other = graylane_diagnostic::cut(other);
                    causes.push(cause(
                        Kind::Prerequisites,
                        format!("prerequisite {other} differs"),
                    ));
                }
                causes
            }
            (None, _) => vec![cause(Kind::Added, "flag added".to_owned())],
            (_, None) => vec![cause(Kind::Removed, "flag removed".to_owned())],
        }
    }

    fn changed_prerequisite(&self, old: &Definition) -> Option<&'a str> {
        let mut waits = old.prerequisites.iter();
        let flags = &self.old.definitions.flags;
        waits.find_map(|one| {
            let key = &*flags[one.flag as usize].key;
            (!self.is_same(key)).then_some(key)
        })
    }

    /// What differs in the definition of the flag itself.
    fn own(&self, old: &Definition, new: &Definition) -> Vec<Cause> {
        let (before, after) = (&self.old.definitions, &self.new.definitions);
        let mut causes = Vec::new();
        if old.state != new.state {
            let word = |state| match state {
                State::Enabled => "enabled",
                State::Disabled => "disabled",
            };
            let text = format!("state {} -> {}", word(old.state), word(new.state));
            causes.push(cause(Kind::State, text));
        }
        splits(old, new, &mut causes);
        if before.bucketing != after.bucketing && (draws(old) || draws(new)) {
            let (old, new) = (before.bucketing.as_str(), after.bucketing.as_str());
            causes.push(cause(Kind::Bucketing, format!("bucketing {old} -> {new}")));
        }
        match (&old.targeting, &new.targeting) {
            (Some(one), Some(other)) => {
                fraction::differences(&one.to_node(), &other.to_node(), &mut causes);
            }
            (None, None) => {}
            (None, Some(_)) => causes.push(cause(Kind::Rule, "rule added".to_owned())),
            (Some(_), None) => causes.push(cause(Kind::Rule, "rule removed".to_owned())),
        }
        variants(old, new, &mut causes);
        if default(old) != default(new) {
            let name = |flag| default(flag).map_or_else(|| "(code)".to_owned(), graylane_diagnostic::cut);
            causes.push(cause(
                Kind::Default,
                format!("default {} -> {}", name(old), name(new)),
            ));
        }
        if self.waits(old, self.old) != self.waits(new, self.new) {
            causes.push(cause(Kind::Prerequisites, "prerequisites differ".to_owned()));
        }
        causes.sort();
        causes.dedup();
        causes
    }

    fn waits<'f>(&self, flag: &'f Definition, files: &'f FlagFiles) -> Vec<(&'f str, Vec<&'f str>)> {
        let flags = &files.definitions.flags;
        let mut waits: Vec<(&str, Vec<&str>)> = flag
            .prerequisites
            .iter()
            .map(|one| {
                let other = &flags[one.flag as usize];
                let names = one.variants.iter().map(|index| name(other, *index));
                (&*other.key, names.collect())
            })
            .collect();
        waits.sort();
        waits
    }
}

fn cause(kind: Kind, text: String) -> Cause {
    Cause { kind, text }
}

fn name(flag: &Definition, index: u16) -> &str {
    &flag.variants[usize::from(index)].name
}

fn default(flag: &Definition) -> Option<&str> {
    flag.default.map(|index| name(flag, index))
}

/// Whether the bucketing matters.
fn draws(flag: &Definition) -> bool {
    let rule = flag.targeting.as_ref();
    flag.split.is_some() || rule.is_some_and(|rule| fraction::has_one(&rule.to_node()))
}

fn splits(old: &Definition, new: &Definition, causes: &mut Vec<Cause>) {
    let (one, other) = match (&old.split, &new.split) {
        (None, None) => return,
        (Some(one), Some(other)) => (one, other),
        (one, other) => {
            let word = |split: &Option<Split>| {
                split
                    .as_ref()
                    .map_or_else(|| "enabled".to_owned(), |one| format!("gray-{}", share(one)))
            };
            let text = format!("state {} -> {}", word(one), word(other));
            // Where one of them is disabled, that is said already.
            if old.state == new.state {
                causes.push(cause(Kind::State, text));
            }
            return;
        }
    };
    if one.by != other.by {
        let key = |split: &Split| {
            let by = split.by.as_deref().unwrap_or("targetingKey");
            graylane_diagnostic::cut(by)
        };
        causes.push(cause(Kind::Key, format!("key {} -> {}", key(one), key(other))));
    }
    if (one.share, one.of) != (other.share, other.of) {
        let percent = |split: &Split| {
            let share = share(split);
            if share.contains('/') { share } else { share + " %" }
        };
        causes.push(cause(
            Kind::Weight,
            format!("weight {} -> {}", percent(one), percent(other)),
        ));
    }
    let (on, off) = (name(old, one.on), name(new, other.on));
    if on != off {
        let text = format!(
            "on variant {} -> {}",
            graylane_diagnostic::cut(on),
            graylane_diagnostic::cut(off)
        );
        causes.push(cause(Kind::Variants, text));
    }
}

fn share(split: &Split) -> String {
    share_of(split.share.into(), split.of.into())
}

fn variants(old: &Definition, new: &Definition, causes: &mut Vec<Cause>) {
    let find = |flag: &Definition, name: &str| {
        let mut variants = flag.variants.iter();
        variants
            .find(|other| *other.name == *name)
            .map(|one| one.value.clone())
    };
    for one in old.variants.iter() {
        let name = graylane_diagnostic::cut(&one.name);
        match find(new, &one.name) {
            None => causes.push(cause(Kind::Variants, format!("variant {name} removed"))),
            Some(value) if value != one.value => {
                causes.push(cause(Kind::Value, format!("value of {name} differs")));
            }
            Some(_) => {}
        }
    }
    for one in new.variants.iter().filter(|one| find(old, &one.name).is_none()) {
        let name = graylane_diagnostic::cut(&one.name);
        causes.push(cause(Kind::Variants, format!("variant {name} added")));
    }
}
