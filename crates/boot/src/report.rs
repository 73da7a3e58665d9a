use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::dot::{self, Node};
use crate::outcome::millis;

#[cfg(test)]
mod tests;

/// When a unit began to come up and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The unit's name.
    pub unit: Arc<str>,
    /// What it requires.
    pub requires: Vec<Arc<str>>,
    /// When it began, from the begin of the whole start.
    pub at: Duration,
    /// How long its `init` took.
    pub took: Duration,
}

impl Timing {
    fn end(&self) -> Duration {
        self.at + self.took
    }
}

/// How long a start took, and why.
///
/// Displayed as an aligned table in the order of start; `*` marks the critical path, `after` names the requirement that a
/// unit waited for last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    timings: Vec<Timing>,
    /// For each unit the place of the requirement that it waited for last.
    after: Vec<Option<usize>>,
    /// Places in the order of start.
    critical: Vec<usize>,
}

impl Report {
    /// The timings must be in the order of start, so that requirements come first.
    pub(crate) fn new(timings: Vec<Timing>) -> Self {
        let places: HashMap<&str, usize> = timings
            .iter()
            .enumerate()
            .map(|(place, timing)| (&*timing.unit, place))
            .collect();
        let after: Vec<Option<usize>> = timings
            .iter()
            .map(|timing| {
                last_to_end(
                    &timings,
                    timing
                        .requires
                        .iter()
                        .filter_map(|name| places.get(&**name).copied()),
                )
            })
            .collect();
        let mut critical = Vec::new();
        let mut unit = last_to_end(&timings, 0..timings.len());
        while let Some(place) = unit {
            critical.push(place);
            unit = after[place];
        }
        critical.reverse();
        Self {
            timings,
            after,
            critical,
        }
    }

    /// The units in the order of start.
    pub fn timings(&self) -> &[Timing] {
        &self.timings
    }

    /// How long the whole start took: until the last unit was up.
    pub fn total(&self) -> Duration {
        self.timings.iter().map(Timing::end).max().unwrap_or_default()
    }

    /// The chain of requirements that determined the total, in the order of start: to start faster, make one of these
    /// faster.
    pub fn critical_path(&self) -> Vec<&str> {
        self.critical
            .iter()
            .map(|place| &*self.timings[*place].unit)
            .collect()
    }

    /// The start as Graphviz text: boxes with the time of each unit, edges from a unit to one that it requires, the
    /// critical path in red.
    pub fn to_dot(&self) -> String {
        dot::draw(self.timings.iter().enumerate().map(|(place, timing)| {
            let marked = self.critical.contains(&place);
            Node {
                name: &timing.unit,
                requires: timing.requires.iter().map(|requirement| &**requirement).collect(),
                note: Some(millis(timing.took)),
                marked,
                marked_edge: self.after[place]
                    .filter(|_| marked)
                    .map(|after| &*self.timings[after].unit),
            }
        }))
    }
}

/// The first of those that end last.
fn last_to_end(timings: &[Timing], places: impl Iterator<Item = usize>) -> Option<usize> {
    places.reduce(|last, place| {
        if timings[place].end() > timings[last].end() {
            place
        } else {
            last
        }
    })
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 4]> = self
            .timings
            .iter()
            .zip(&self.after)
            .map(|(timing, after)| {
                let after = after
                    .map(|place| self.timings[place].unit.to_string())
                    .unwrap_or_default();
                [
                    timing.unit.to_string(),
                    millis(timing.at),
                    millis(timing.took),
                    after,
                ]
            })
            .collect();
        let width = |column: usize, title: &str| {
            rows.iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
                .max(title.len())
        };
        let (unit, at, took) = (width(0, "unit"), width(1, "at"), width(2, "took"));
        writeln!(f, "  {:unit$}  {:>at$}  {:>took$}  after", "unit", "at", "took")?;
        for (place, row) in rows.iter().enumerate() {
            let mark = if self.critical.contains(&place) { '*' } else { ' ' };
            let line = format!(
                "{mark} {:unit$}  {:>at$}  {:>took$}  {}",
                row[0], row[1], row[2], row[3]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        write!(f, "total {}", millis(self.total()))?;
        if !self.critical.is_empty() {
            write!(f, ": {}", self.critical_path().join(", then "))?;
        }
        Ok(())
    }
}
