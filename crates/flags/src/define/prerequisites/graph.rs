//! No flag may want itself, nor want so many others that its evaluation takes long.

use graylane_diagnostic::{Diagnostic, quote};

use super::{Edge, Slot};
use crate::define::faults::Faults;

/// The flags of a chain, each of which wants the next. An evaluation may therefore recurse.
const LONGEST: u32 = 16;
/// The flags that an evaluation may have to evaluate, one that is wanted on two ways counted twice.
const MOST: u32 = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    /// On the way that is looked at: whoever wants it closes a circle.
    Open,
    Done,
}

/// Marks the flags of each circle, and those that want too much, as broken. Without recursion, for a way may be long.
pub(super) fn check(slots: &[Slot], edges: &[Vec<Edge>], broken: &mut [bool], faults: &mut Faults) {
    let mut marks = vec![Mark::New; edges.len()];
    // The longest chain from each flag, and how many flags its evaluation may evaluate, itself included.
    let mut sizes = vec![(1_u32, 1_u32); edges.len()];
    for root in 0..edges.len() {
        if marks[root] != Mark::New {
            continue;
        }
        if edges[root].is_empty() {
            marks[root] = Mark::Done;
            continue;
        }
        marks[root] = Mark::Open;
        // Each flag of the way, and how many of its edges have been looked at.
        let mut way = vec![(root, 0)];
        while let Some((flag, looked_at)) = way.last_mut() {
            let flag = *flag;
            let Some(edge) = edges[flag].get(*looked_at) else {
                marks[flag] = Mark::Done;
                way.pop();
                size(slots, edges, flag, &mut sizes, broken, faults);
                continue;
            };
            *looked_at += 1;
            match marks[edge.to] {
                Mark::New => {
                    marks[edge.to] = Mark::Open;
                    way.push((edge.to, 0));
                }
                Mark::Open => circle(slots, &way, edge, broken, faults),
                Mark::Done => {}
            }
        }
    }
}

fn circle(slots: &[Slot], way: &[(usize, usize)], last: &Edge, broken: &mut [bool], faults: &mut Faults) {
    // The target is open, hence on the way.
    let start = way.iter().rposition(|(flag, _)| *flag == last.to).unwrap_or(0);
    let flags: Vec<usize> = way[start..].iter().map(|(flag, _)| *flag).collect();
    if flags.iter().all(|flag| broken[*flag]) {
        return;
    }
    let shown = if flags.len() > SHOWN {
        &flags[..SHOWN]
    } else {
        &flags
    };
    let mut names: Vec<String> = shown.iter().map(|flag| quote(&slots[*flag].key)).collect();
    if shown.len() < flags.len() {
        names.push("…".to_owned());
    }
    names.push(quote(&slots[last.to].key));
    let fault = Diagnostic::new(format!(
        "flags want each other in a circle: {}",
        names.join(" -> ")
    ));
    faults.add(
        fault
            .hint("one of them must not want the next")
            .at(last.span.clone()),
    );
    flags.iter().for_each(|flag| broken[*flag] = true);
}

/// The flags of a circle that a message names.
const SHOWN: usize = 8;

/// Everything that the flag wants has its size already, but for what is in a circle.
fn size(
    slots: &[Slot],
    edges: &[Vec<Edge>],
    flag: usize,
    sizes: &mut [(u32, u32)],
    broken: &mut [bool],
    faults: &mut Faults,
) {
    let mut longest = 1;
    let mut most = 1_u32;
    for edge in &edges[flag] {
        let (length, size) = sizes[edge.to];
        longest = longest.max(length + 1);
        most = most.saturating_add(size);
    }
    sizes[flag] = (longest, most);
    let Some(edge) = edges[flag].first() else {
        return;
    };
    let name = quote(&slots[flag].key);
    let fault = if longest > LONGEST {
        Diagnostic::new(format!(
            "{name} and what it wants are a chain of more than {LONGEST} flags"
        ))
    } else if most > MOST {
        Diagnostic::new(format!(
            "{name} and what it wants are more than {MOST} flags to evaluate"
        ))
    } else {
        return;
    };
    if !broken[flag] {
        faults.add(
            fault
                .hint("fewer prerequisites, or one rule in `targeting`")
                .at(edge.span.clone()),
        );
        broken[flag] = true;
    }
    // Said once: whoever wants this flag follows from it.
    sizes[flag] = (1, 1);
}

/// Whoever wants a broken flag is broken as well: gives each of those, with the one that it wants.
pub(super) fn spread(edges: &[Vec<Edge>], broken: &mut [bool]) -> Vec<(usize, usize)> {
    let mut wanted_by: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    for (from, edges) in edges.iter().enumerate() {
        edges.iter().for_each(|edge| wanted_by[edge.to].push(from));
    }
    let mut next: Vec<usize> = (0..edges.len()).filter(|flag| broken[*flag]).collect();
    let mut told = Vec::new();
    while let Some(to) = next.pop() {
        for from in &wanted_by[to] {
            if !std::mem::replace(&mut broken[*from], true) {
                told.push((*from, to));
                next.push(*from);
            }
        }
    }
    told
}
