//! The sums of a run, as a table of classes.

use std::collections::BTreeMap;

use crate::cases::{Cases, Name};
use crate::judge::{Class, Did, Finding, Judged};
use crate::lane::PEERS;

/// Sums over all lanes.
#[derive(Debug, Default)]
pub struct Sums {
    pub cases: u64,
    pub sent: u64,
    pub replayed: u64,
    classes: BTreeMap<Class, (u64, Option<Name>)>,
    careless: BTreeMap<&'static str, u64>,
    refused_as_server: BTreeMap<&'static str, (u64, String)>,
    pub findings: Vec<(String, Finding)>,
    /// What was found once and not again, and how often that was so.
    pub late: Vec<String>,
}

impl Sums {
    pub fn add(&mut self, judged: Judged) {
        self.cases += judged.classes.len() as u64;
        self.sent += judged.sent;
        self.replayed += judged.replayed;
        for (name, class) in judged.classes {
            let (count, example) = self.classes.entry(class).or_default();
            *count += 1;
            example.get_or_insert(name);
        }
        for (name, count) in judged.careless {
            *self.careless.entry(name).or_default() += count;
        }
        for (name, target) in judged.refused_as_server {
            self.refused_as_server.entry(name).or_insert((0, target)).0 += 1;
        }
    }

    /// All sends of a request to a program.
    pub fn executions(&self) -> u64 {
        self.sent + self.replayed
    }

    pub fn print(&self, cases: &Cases) {
        let mut rows: Vec<_> = self.classes.iter().collect();
        rows.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        println!(
            "{:>12}  {:<44} for example",
            "cases",
            PEERS.map(|name| format!("{name:<9}")).concat(),
        );
        for (class, (count, example)) in rows {
            let words = class.map(|did| {
                let word = match did {
                    Did::Forwarded => "forwards",
                    Did::Refused => "refuses",
                    Did::NotReached => "-",
                };
                format!("{word:<9}")
            });
            let example = example.map_or_else(String::new, |name| cases.called(name));
            println!("{count:>12}  {:<44} {example}", words.concat());
        }
        if let Some(first) = self.late.first() {
            let count = self.late.len();
            println!("{count:>12}  found once and not again, for example: {first}");
        }
        for (name, count) in &self.careless {
            println!("{count:>12}  {name} forwarded what no strict reader takes");
        }
        for (name, (count, target)) in &self.refused_as_server {
            println!(
                "{count:>12}  {name} as a server refused a stream that ours forwards, for example at {target}"
            );
        }
    }
}
