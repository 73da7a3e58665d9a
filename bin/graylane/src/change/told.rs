//! What the audit log is told of a change: the change as a whole, what overrides the files, and each key.

use graylane_audit::Entry;
use graylane_config::Environment;

use super::difference::Difference;
use super::{Done, Origin, Trigger};
use crate::load::{Loaded, Wanted};

/// Keys and flags that are told one by one of one change.
const MOST: usize = 1000;

/// Bytes of their values. In JSON they may take several times as many, and one call to the log has its limit: a change
/// must not be refused because it is large.
const MOST_BYTES: usize = 1 << 20;

/// A configuration that comes into use, and each value in it that came from outside a file: what the files say is not
/// what runs.
fn whole(action: &'static str, origin: &Origin, loaded: &Loaded, done: &Done) -> Vec<Entry> {
    let overrides = loaded.overrides.iter().map(|one| Entry {
        key: Some(one.key.clone()),
        old: one.old.as_ref().map(ToString::to_string),
        new: Some(one.new.to_string()),
        source: Some(one.origin.to_string()),
        ..entry("override", origin, loaded, done)
    });
    let whole = entry(action, origin, loaded, done);
    [whole].into_iter().chain(overrides).collect()
}

/// A start: also the switches of the process, which no file says either, and which hold until it ends.
pub(super) fn start(wanted: &Wanted, usual: Environment, loaded: &Loaded, done: &Done) -> Vec<Entry> {
    let origin = Origin::of(Trigger::Start);
    let environment = wanted.asked.environment;
    let on = |is_on: bool, key, source| is_on.then_some((key, source, "false", "true"));
    let switches = [
        (environment != usual).then(|| {
            (
                "env",
                "--env or GRAYLANE_ENV",
                usual.as_str(),
                environment.as_str(),
            )
        }),
        on(wanted.quarantine, "quarantine", "--quarantine"),
        on(wanted.gray_on, "grayscale_on", "--grayscale-on or GRAYSCALE_ON"),
    ];
    let mut entries = whole("start", &origin, loaded, done);
    entries.extend(
        switches
            .into_iter()
            .flatten()
            .map(|(key, source, old, new)| Entry {
                key: Some(key.to_owned()),
                old: Some(old.to_owned()),
                new: Some(new.to_owned()),
                source: Some(source.to_owned()),
                ..entry("override", &origin, loaded, done)
            }),
    );
    entries
}

/// A change, with each key and flag that differs; the last entry counts those that are too many.
pub(super) fn change(
    origin: &Origin,
    loaded: &Loaded,
    done: &Done,
    differences: &[Difference],
) -> Vec<Entry> {
    let mut entries = whole("accept", origin, loaded, done);
    let mut bytes = 0;
    let told = differences.iter().take(MOST).take_while(|one| {
        let length = |value: &Option<String>| {
            value
                .as_ref()
                .map_or(0, String::len)
                .min(graylane_audit::VALUE_LIMIT)
        };
        bytes += length(&one.old) + length(&one.new) + one.key.len();
        bytes <= MOST_BYTES
    });
    let before = entries.len();
    entries.extend(told.map(|one| Entry {
        key: Some(one.key.clone()),
        old: one.old.clone(),
        new: one.new.clone(),
        source: one.origin.clone(),
        ..entry("change", origin, loaded, done)
    }));
    let more = differences.len() - (entries.len() - before);
    if more > 0 {
        entries.push(Entry {
            reason: Some(format!("and {more} more keys and flags")),
            ..entry("change", origin, loaded, done)
        });
    }
    entries
}

fn entry(action: &'static str, origin: &Origin, loaded: &Loaded, done: &Done) -> Entry {
    // All of them: which of several keys signed the file that changed is not known here.
    let signers = loaded.signers.join(" ");
    Entry {
        revision: Some(done.revision),
        digest: Some(done.digest.clone()),
        ..origin.entry(action, Some(&*signers).filter(|signers| !signers.is_empty()))
    }
}
