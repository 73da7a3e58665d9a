use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::Unit;
use crate::dot::{self, Node};

#[cfg(test)]
mod tests;

/// Why units do not make a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two units have the same name.
    #[error("unit `{unit}` is declared twice")]
    Duplicate {
        /// The name.
        unit: Arc<str>,
    },
    /// A unit requires one that does not exist.
    #[error("unit `{unit}` requires `{requirement}`, which is not declared")]
    Missing {
        /// Who asked for it.
        unit: Arc<str>,
        /// What is not there.
        requirement: Arc<str>,
    },
    /// Units require each other in a circle.
    #[error("units require each other in a circle: {}", .circle.join(" -> "))]
    Cycle {
        /// Each unit requires the one after it; the last is the first again.
        circle: Vec<Arc<str>>,
    },
}

/// Units that can be started: every requirement is there, and none goes in a circle.
#[derive(Debug)]
pub struct Graph {
    /// In the order of declaration; the other fields name a unit by its place here.
    pub(crate) units: Vec<Unit>,
    pub(crate) links: Links,
}

/// Who requires whom, in both directions.
#[derive(Debug, Default)]
pub(crate) struct Links {
    pub(crate) requires: Vec<Vec<usize>>,
    pub(crate) required_by: Vec<Vec<usize>>,
}

impl Graph {
    /// The graph of these units.
    ///
    /// # Errors
    /// Two units have the same name, a requirement is missing, or requirements go in a circle.
    pub fn new(units: impl IntoIterator<Item = Unit>) -> Result<Self, GraphError> {
        let units: Vec<Unit> = units.into_iter().collect();
        let links = link(&units)?;
        let mut front = Front::new(&links);
        while let Some(unit) = front.next() {
            front.up(unit, &links);
        }
        match circle(&links, &front.missing) {
            None => Ok(Self { units, links }),
            Some(circle) => {
                let circle = circle
                    .into_iter()
                    .map(|unit| Arc::clone(&units[unit].name))
                    .collect();
                Err(GraphError::Cycle { circle })
            }
        }
    }

    /// The units as Graphviz text: an edge points from a unit to one that it requires.
    pub fn to_dot(&self) -> String {
        dot::draw(self.units.iter().map(|unit| Node {
            name: &unit.name,
            requires: unit.requires.iter().map(|requirement| &**requirement).collect(),
            note: None,
            marked: false,
            marked_edge: None,
        }))
    }
}

fn link(units: &[Unit]) -> Result<Links, GraphError> {
    let mut places = HashMap::with_capacity(units.len());
    for (place, unit) in units.iter().enumerate() {
        if places.insert(&*unit.name, place).is_some() {
            return Err(GraphError::Duplicate {
                unit: Arc::clone(&unit.name),
            });
        }
    }
    let mut links = Links {
        requires: vec![Vec::new(); units.len()],
        required_by: vec![Vec::new(); units.len()],
    };
    for (place, unit) in units.iter().enumerate() {
        for requirement in &unit.requires {
            let Some(&required) = places.get(&**requirement) else {
                let (unit, requirement) = (Arc::clone(&unit.name), Arc::clone(requirement));
                return Err(GraphError::Missing { unit, requirement });
            };
            links.requires[place].push(required);
            links.required_by[required].push(place);
        }
    }
    Ok(links)
}

/// Kahn's algorithm ("Topological sorting of large networks", CACM 5/11, 1962) as a state: what may begin now.
#[derive(Debug)]
pub(crate) struct Front {
    /// How many requirements of each unit are not up yet.
    missing: Vec<usize>,
    /// A sorted set, so that the order of declaration decides between units that may begin at once.
    free: BTreeSet<usize>,
}

impl Front {
    pub(crate) fn new(links: &Links) -> Self {
        let missing: Vec<usize> = links.requires.iter().map(Vec::len).collect();
        let free = missing
            .iter()
            .enumerate()
            .filter(|(_, missing)| **missing == 0)
            .map(|(unit, _)| unit)
            .collect();
        Self { missing, free }
    }

    /// The next unit that may begin; each is given once.
    pub(crate) fn next(&mut self) -> Option<usize> {
        self.free.pop_first()
    }

    /// This unit is up.
    pub(crate) fn up(&mut self, unit: usize, links: &Links) {
        for &waiting in &links.required_by[unit] {
            self.missing[waiting] -= 1;
            if self.missing[waiting] == 0 {
                self.free.insert(waiting);
            }
        }
    }
}

/// A circle among the units that never became free, its first unit repeated at its end.
fn circle(links: &Links, missing: &[usize]) -> Option<Vec<usize>> {
    let mut unit = missing.iter().position(|missing| *missing > 0)?;
    let mut walk = Vec::new();
    // A unit that never became free has a requirement that never became free either, so the walk goes on until it
    // meets itself. What lies before that point only leads to the circle.
    loop {
        if let Some(start) = walk.iter().position(|seen| *seen == unit) {
            walk.drain(..start);
            walk.push(unit);
            return Some(walk);
        }
        walk.push(unit);
        unit = *links.requires[unit]
            .iter()
            .find(|required| missing[**required] > 0)?;
    }
}
