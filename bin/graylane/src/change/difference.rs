//! What a change changes, key by key and flag by flag, as the audit log tells it.

use std::collections::BTreeMap;

use graylane_flags::Definition;

use crate::load::Loaded;

/// A key of the configuration or a flag, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// `lanes.shop.canary.weight`, or `flag shop-v2`.
    pub(crate) key: String,
    /// `None`: it was not there.
    pub(crate) old: Option<String>,
    /// `None`: it is gone.
    pub(crate) new: Option<String>,
    /// Where the new value stands.
    pub(crate) origin: Option<String>,
}

/// All differences, those of the configuration first, then those of other files, each part by key.
pub(crate) fn differences(old: &Loaded, new: &Loaded) -> Vec<Difference> {
    let mut all = between(values(old), values(new));
    all.extend(between(files(old), files(new)));
    all.extend(flags(old, new));
    all
}

/// A value with where it stands.
type Known = (String, Option<String>);

fn between(old: BTreeMap<String, Known>, mut new: BTreeMap<String, Known>) -> Vec<Difference> {
    let mut all: Vec<Difference> = Vec::new();
    for (key, (before, _)) in old {
        let after = new.remove(&key);
        if after.as_ref().is_some_and(|(value, _)| *value == before) {
            continue;
        }
        let (value, origin) = after.map_or((None, None), |(value, origin)| (Some(value), origin));
        all.push(Difference {
            key,
            old: Some(before),
            new: value,
            origin,
        });
    }
    all.extend(new.into_iter().map(|(key, (value, origin))| Difference {
        key,
        old: None,
        new: Some(value),
        origin,
    }));
    all.sort_by(|one, other| one.key.cmp(&other.key));
    all
}

fn values(loaded: &Loaded) -> BTreeMap<String, Known> {
    let all = loaded.values.iter();
    all.map(|one| {
        (
            one.key.clone(),
            (one.value.to_string(), Some(one.origin.to_string())),
        )
    })
    .collect()
}

/// The files of certificates and of private keys, and those of modules, as digests.
fn files(loaded: &Loaded) -> BTreeMap<String, Known> {
    let of_modules = loaded.module_files.digests().map(|(name, digest, file)| {
        let origin = file.path.display().to_string();
        (format!("file of {name}"), (digest.to_string(), Some(origin)))
    });
    let all = loaded.tls.paths.iter();
    let of_tls = all.map(|file| {
        let key = format!("file {}", graylane_diagnostic::cut(&file.name));
        let origin = file.path.display().to_string();
        (key, (file.content.digest().to_string(), Some(origin)))
    });
    of_tls.chain(of_modules).collect()
}

/// Of ten thousand flags a change touches a few: only those that differ are written out.
fn flags(old: &Loaded, new: &Loaded) -> Vec<Difference> {
    let (before, after) = (&old.flags, &new.flags);
    let mut all: Vec<Difference> = Vec::new();
    for flag in &before.definitions.flags {
        let now = after.find(&flag.key);
        if now.is_some_and(|now| before.definitions.says_same(flag, &after.definitions, now)) {
            continue;
        }
        let was = before.definitions.canonical(flag);
        let is = now.map(|now| after.definitions.canonical(now));
        if is.as_ref() != Some(&was) {
            all.push(Difference {
                key: name(flag),
                old: Some(was),
                new: is,
                origin: now.and_then(|now| after.origin(now)),
            });
        }
    }
    let flags = after.definitions.flags.iter();
    let added = flags.filter(|flag| before.find(&flag.key).is_none());
    all.extend(added.map(|flag| Difference {
        key: name(flag),
        old: None,
        new: Some(after.definitions.canonical(flag)),
        origin: after.origin(flag),
    }));
    all.sort_by(|one, other| one.key.cmp(&other.key));
    all
}

fn name(flag: &Definition) -> String {
    format!("flag {}", graylane_diagnostic::cut(&flag.key))
}
