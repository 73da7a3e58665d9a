mod cause;
mod count;
mod ids;
mod on;
mod report;

use std::io::Write;

use super::context::{self, Somebody};
use super::source::FlagFiles;
use crate::cli::flags::Diff;
use crate::exit::Failure;

use cause::Comparison;
use count::Counter;
use ids::Ids;

/// Says who would get another variant, and why.
pub(crate) fn run(asked: &Diff, out: &mut impl Write) -> Result<(), Failure> {
    let (old, new) = (FlagFiles::read(&asked.old)?, FlagFiles::read(&asked.new)?);
    let (before, after) = (
        old.compile(asked.gray.grayscale_on)?,
        new.compile(asked.gray.grayscale_on)?,
    );
    let comparison = Comparison::new(&old, &new);
    let mut keys = comparison.keys();
    for key in &asked.flag {
        if !keys.contains(&key.as_str()) {
            return Err(super::no_flag(key, keys));
        }
    }
    keys.retain(|key| asked.flag.is_empty() || asked.flag.iter().any(|flag| flag == key));
    let all = keys.len();
    // A flag that means the same gives the same.
    let different = keys.into_iter().filter(|key| !comparison.is_same(key));
    let mut counters: Vec<Counter<'_>> = different
        .map(|key| Counter::new(key, (&old, &before), (&new, &after), comparison.causes(key)))
        .collect();

    let fields = context::fields(&asked.who)?;
    let given = context::targeting_key(&fields);
    let now = context::now();
    let mut ids = Ids::open(asked)?;
    while let Some(id) = ids.next()? {
        let (targeting_key, field) = match &asked.key {
            Some(name) if name != "targetingKey" => (given, Some((name.as_str(), id))),
            _ => (Some(id), None),
        };
        let somebody = Somebody {
            targeting_key,
            field,
            others: &fields,
            unix_seconds: now,
        };
        for counter in &mut counters {
            counter.count(id, &somebody);
        }
    }
    let count = ids.finish();
    let broken: Vec<String> = counters
        .iter()
        .flat_map(|counter| report::broken(asked, counter, count))
        .collect();
    if asked.json {
        crate::command::json(&report::value(&counters, all, count, &broken), out)?;
    } else {
        let text = report::text(&counters, all, count);
        out.write_all(text.as_bytes()).map_err(Failure::Output)?;
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(Failure::Gates(broken))
    }
}
