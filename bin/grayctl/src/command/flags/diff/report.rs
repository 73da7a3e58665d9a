use std::fmt::Write as _;

use graylane_diagnostic::{printable, quote};
use serde_json::{Value, json};

use super::count::{Counter, Moves};
use crate::cli::flags::Diff;
use crate::command::flags::view::table;

/// For people: a table of the flags that differ, and who moves from where to where.
pub(super) fn text(counters: &[Counter<'_>], flags: usize, ids: u64) -> String {
    let mut text = String::new();
    if !counters.is_empty() {
        let head = ["flag", "moved", "", "leave", "enter", "why"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for counter in counters {
            rows.extend(rows_of(counter, ids));
        }
        text = table(&rows);
        text.push('\n');
    }
    _ = writeln!(
        text,
        "{ids} ids, {flags} flag(s), {} of them the same",
        flags - counters.len()
    );
    text
}

fn rows_of(counter: &Counter<'_>, ids: u64) -> Vec<Vec<String>> {
    let causes: Vec<&str> = counter.causes.iter().map(|cause| cause.text.as_str()).collect();
    let mut rows = vec![vec![
        printable(counter.key),
        counter.moved.count.to_string(),
        percent(counter.moved.count, ids),
        counter.leave.count.to_string(),
        counter.enter.count.to_string(),
        printable(&causes.join("; ")),
    ]];
    for (from, to, count) in counter.ways() {
        rows.push(vec![
            format!("  {} -> {}", printable(from), printable(to)),
            count.to_string(),
            percent(count, ids),
        ]);
    }
    if counter.revalued.count > 0 {
        let count = counter.revalued.count;
        rows.push(vec![
            "  another value".to_owned(),
            count.to_string(),
            percent(count, ids),
        ]);
    }
    rows
}

/// To thousandths, but never 0 or 100 where it is not.
fn percent(count: u64, of: u64) -> String {
    if count == 0 || of == 0 {
        return "0 %".to_owned();
    }
    if count == of {
        return "100 %".to_owned();
    }
    let thousandths = (u128::from(count) * 100_000 + u128::from(of) / 2) / u128::from(of);
    let thousandths = thousandths.clamp(1, 99_999);
    let text = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// For programs.
pub(super) fn value(counters: &[Counter<'_>], flags: usize, ids: u64, broken: &[String]) -> Value {
    let way = |(from, to, count): (&str, &str, u64)| json!({ "from": from, "to": to, "count": count });
    let moves = |moves: &Moves| json!({ "count": moves.count, "examples": moves.examples });
    let flag = |counter: &Counter<'_>| {
        json!({
            "flag": counter.key,
            "moved": moves(&counter.moved),
            "leave": moves(&counter.leave),
            "enter": moves(&counter.enter),
            "another_value": moves(&counter.revalued),
            "ways": counter.ways().into_iter().map(way).collect::<Vec<_>>(),
            "cause": counter.causes.first().map(|cause| cause.kind),
            "causes": counter.causes,
        })
    };
    json!({
        "ids": ids,
        "same": flags - counters.len(),
        "flags": counters.iter().map(flag).collect::<Vec<_>>(),
        "broken_gates": broken,
    })
}

/// The gates that a flag breaks.
pub(super) fn broken(asked: &Diff, counter: &Counter<'_>, ids: u64) -> Vec<String> {
    let tell = |moves: &Moves, what: &str| {
        let examples: Vec<String> = moves.examples.iter().map(|id| quote(id)).collect();
        format!(
            "{}: {} of {ids} ids ({}) {what}: {}",
            quote(counter.key),
            moves.count,
            percent(moves.count, ids),
            examples.join(", ")
        )
    };
    let mut broken = Vec::new();
    if let Some(most) = asked.max_moved
        && counter.moved.count as f64 * 100.0 > most * ids as f64
    {
        broken.push(tell(
            &counter.moved,
            &format!("change variant, more than {most} %"),
        ));
    }
    if asked.only_growing && counter.leave.count > 0 {
        broken.push(tell(&counter.leave, "leave the on variant"));
    }
    if asked.only_shrinking && counter.enter.count > 0 {
        broken.push(tell(&counter.enter, "enter the on variant"));
    }
    broken
}
