//! Reading and compiling many flags, as a reload does it.

use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::ours::compile;
use crate::shapes::Shape;

/// One third of the flags has no rule, one third a split, one third conditions and a split. The first of several turns
/// fills the allocator's pools.
pub fn run(flags: usize, turns: usize) {
    let shapes = [Shape::Static, Shape::Split, Shape::Rule];
    let every: Map<String, Value> = (0..flags)
        .map(|number| (format!("flag-{number:05}"), shapes[number % 3].flag()))
        .collect();
    let document = json!({"flags": every}).to_string();
    let mut least = f64::MAX;
    for _ in 0..turns {
        let start = Instant::now();
        let set = compile(&document);
        least = least.min(start.elapsed().as_secs_f64() * 1000.0);
        assert_eq!(set.len(), flags, "every flag is there");
    }
    println!("ms {least}\nbytes {}", document.len());
}
