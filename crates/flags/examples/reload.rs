//! Reading and compiling many flags, to be counted: `reload FORMAT FLAGS TURNS` does it so often, and says how long the
//! quickest turn took.
//!
//! Format: `json`, a third of the flags each without a rule, with a split, and with conditions and a split, as
//! `ci/bench/flags` has them; `toml`, gray flags, every tenth with a rule. The difference between two numbers of turns under
//! `valgrind --tool=callgrind` is the cost of one.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to be measured, not one to be relied on"
)]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use serde_json::{Map, Value, json};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, flags, turns] = &*arguments else {
        println!("usage: reload FORMAT FLAGS TURNS");
        return;
    };
    let flags: usize = flags.parse().unwrap();
    let text = if format == "json" {
        json(flags)
    } else {
        toml(flags)
    };
    let name = format!("flags.{format}");
    let mut least = f64::MAX;
    for _ in 0..turns.parse().unwrap() {
        let start = Instant::now();
        let set = compile(&name, &text);
        least = least.min(start.elapsed().as_secs_f64() * 1e3);
        assert_eq!(set.len(), flags);
    }
    println!("{} bytes in {least:.2} ms", text.len());
}

#[inline(never)]
fn compile(name: &str, text: &str) -> FlagSet {
    let source = Source::new(name, black_box(text).to_owned());
    let reading = Definitions::read([&source], ReadOptions::default()).unwrap();
    FlagSet::compile(&reading.definitions, Options { gray_on: true }).unwrap()
}

fn json(flags: usize) -> String {
    let split = json!({"fractional": [["on", 30], ["off", 70]]});
    let rule = json!({"if": [
        {"and": [
            {"in": [{"var": "country"}, ["DE", "FR", "NL"]]},
            {"sem_ver": [{"var": "version"}, ">=", "2.1.0"]},
            {"ends_with": [{"var": "email"}, "@example.com"]},
        ]},
        split,
        "off",
    ]});
    let flag = |number: usize| {
        let default = if number.is_multiple_of(3) { "on" } else { "off" };
        let variants = json!({"on": true, "off": false});
        let mut flag = json!({"state": "ENABLED", "variants": variants, "defaultVariant": default});
        match number % 3 {
            0 => {}
            1 => flag["targeting"] = split.clone(),
            _ => flag["targeting"] = rule.clone(),
        }
        flag
    };
    let every: Map<String, Value> = (0..flags)
        .map(|number| (format!("flag-{number:05}"), flag(number)))
        .collect();
    json!({"flags": every}).to_string()
}

fn toml(flags: usize) -> String {
    let mut text = String::new();
    for flag in 0..flags {
        let _infallible = write!(text, "[flags.flag-{flag}]\nstate = \"gray-{}\"\n", flag % 101);
        if flag.is_multiple_of(10) {
            let _infallible = write!(
                text,
                "[flags.flag-{flag}.targeting]\nif = [{{ \"==\" = [{{ var = \"country\" }}, \"DE\"] }}, \"on\"]\n"
            );
        }
    }
    text
}
