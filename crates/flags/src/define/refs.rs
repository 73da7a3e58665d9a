//! `{"$ref": "is_staff"}` -> the evaluator of that name.

use std::collections::HashMap;

use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use crate::read::MAX_DEPTH;
use crate::{Data, Key, Node, Text};

/// The memory that all evaluators may take where they are used, in bytes: those that use each other twice would else double
/// with each step.
pub(super) const BUDGET: usize = 128 << 20;

/// The rules that others may use, by name.
#[derive(Debug, Default)]
pub(super) struct Evaluators {
    rules: HashMap<Text, Node>,
    /// The names as they were written, for hints.
    names: Vec<Text>,
}

impl Evaluators {
    pub(super) fn new(rules: Vec<(Key, Node)>) -> Self {
        let names = rules.iter().map(|(key, _)| key.name.clone()).collect();
        let rules = rules.into_iter().map(|(key, rule)| (key.name, rule)).collect();
        Self { rules, names }
    }

    /// Replaces each `$ref` in a rule by what it stands for; false where one of them stands for nothing, which is added to
    /// the mistakes once for each place, and left as it is.
    pub(super) fn resolve(&self, rule: &mut Node, budget: &mut usize, faults: &mut Faults) -> bool {
        let mut walk = Walk {
            evaluators: self,
            budget,
            faults,
            within: Vec::new(),
            good: true,
        };
        walk.node(rule, 1);
        walk.good
    }
}

struct Walk<'e> {
    evaluators: &'e Evaluators,
    budget: &'e mut usize,
    faults: &'e mut Faults,
    /// The evaluators that led here.
    within: Vec<Text>,
    good: bool,
}

impl Walk<'_> {
    /// Each step, also that into an evaluator, is one deeper, so the recursion is bounded.
    fn node(&mut self, node: &mut Node, depth: usize) {
        if depth > MAX_DEPTH {
            let fault = Diagnostic::new(format!("the rule is more than {MAX_DEPTH} deep"));
            self.wrong(fault.at(node.span.clone()));
            return;
        }
        match &mut node.data {
            Data::List(items) => items.iter_mut().for_each(|item| self.node(item, depth + 1)),
            Data::Map(fields) if fields.iter().any(|(key, _)| &*key.name == "$ref") => {
                if let Some(rule) = self.evaluator(fields, depth) {
                    *node = rule;
                }
            }
            Data::Map(fields) => fields.iter_mut().for_each(|(_, node)| self.node(node, depth + 1)),
            Data::Null | Data::Bool(_) | Data::Number(_) | Data::Text(_) => {}
        }
    }

    /// What a `$ref` stands for.
    fn evaluator(&mut self, fields: &[(Key, Node)], depth: usize) -> Option<Node> {
        let [(key, Node { span, data })] = fields else {
            let key = fields
                .iter()
                .map(|(key, _)| key)
                .find(|key| &*key.name == "$ref")?;
            let fault = Diagnostic::new("`$ref` stands alone in its object");
            self.wrong(
                fault
                    .hint("such as {\"$ref\": \"is_staff\"}")
                    .at(key.span.clone()),
            );
            return None;
        };
        let Data::Text(name) = data else {
            let fault = Diagnostic::new(format!("`$ref` takes a string, not {}", data.kind()));
            self.wrong(fault.hint("such as {\"$ref\": \"is_staff\"}").at(span.clone()));
            return None;
        };
        let Some(rule) = self.evaluators.rules.get(name) else {
            let fault = Diagnostic::new(format!("there is no evaluator {}", quote(name)));
            let names = self.evaluators.names.iter().map(|name| &**name);
            let hint = self.faults.meant_among(name, "evaluator in this file", names);
            self.wrong(fault.hint(hint).at(span.clone()));
            return None;
        };
        if let Some(first) = self.within.iter().position(|one| one == name) {
            let cycle = self.within[first..].iter().chain([name]);
            let cycle: Vec<String> = cycle.map(|name| quote(name)).collect();
            let fault = Diagnostic::new(format!(
                "the evaluators use each other in a circle: {}",
                cycle.join(" -> ")
            ));
            self.wrong(
                fault
                    .hint("one of them must not use the next")
                    .at(key.span.start..span.end),
            );
            return None;
        }
        let Some(rest) = self.budget.checked_sub(cost(rule)) else {
            self.good = false;
            if std::mem::take(self.budget) == 0 {
                // Said before.
                return None;
            }
            let fault = Diagnostic::new("the evaluators make the rules too large");
            let hint = format!("written out they may take {} MiB together", BUDGET >> 20);
            self.wrong(fault.hint(hint).at(span.clone()));
            return None;
        };
        *self.budget = rest;
        self.within.push(name.clone());
        let mut rule = rule.clone();
        self.node(&mut rule, depth + 1);
        self.within.pop();
        Some(rule)
    }

    fn wrong(&mut self, fault: Diagnostic) {
        self.good = false;
        self.faults.add_once(fault);
    }
}

/// The memory that a copy takes.
fn cost(node: &Node) -> usize {
    let below = match &node.data {
        Data::List(items) => items.iter().map(cost).sum(),
        Data::Map(fields) => {
            let fields = fields.iter();
            fields
                .map(|(key, node)| size_of::<Key>() + key.name.len() + cost(node))
                .sum()
        }
        Data::Text(text) => text.len(),
        Data::Null | Data::Bool(_) | Data::Number(_) => 0,
    };
    size_of::<Node>() + below
}
