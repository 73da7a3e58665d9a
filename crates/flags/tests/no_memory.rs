//! Evaluations take no memory: counted by an allocator of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(unsafe_code, reason = "an allocator cannot be written without")]

mod flagd;
mod values;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use graylane_flags::{Bucketing, Fields, FlagSet, Options, Split, Value, ValueRef};
use serde_json::json;

struct Counting;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is left to the system's allocator; the counter is a plain cell of the thread.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.with(|taken| taken.set(taken.get() + 1));
        // SAFETY: the caller keeps to the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps to the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn taken_by(work: impl FnOnce()) -> u64 {
    let before = TAKEN.with(Cell::get);
    work();
    TAKEN.with(Cell::get) - before
}

#[test]
fn no_evaluation_takes_memory() {
    let rule = |rule: serde_json::Value| {
        json!({
            "variants": {"on": true, "off": false}, "defaultVariant": "off",
            "targeting": {"if": [rule, "on", "off"]},
        })
    };
    let document = json!({"flags": {
        "static": {"variants": {"on": true}, "defaultVariant": "on"},
        "gray": {"variants": {"on": true, "off": false}, "defaultVariant": "off"},
        "text": rule(json!({"==": [{"cat": ["a", {"var": "n"}, {"var": "f"}]}, {"substr": ["xa51.5", 1]}]})),
        "shorthand": rule(json!({"fractional": [["on", 30], ["off", 70]]})),
        "seeded": rule(json!({"fractional": [{"cat": ["s", {"var": "email"}]}, ["on", {"-": [5, 4]}], ["off", 70]]})),
        "object": rule(json!({"fractional": [{"var": "user"}, ["on", 30], ["off", 70]]})),
        "version": rule(json!({"and": [
            {"sem_ver": [{"var": "version"}, ">=", "1.2.3"]},
            {"sem_ver": [{"var": "version"}, "<", {"cat": ["9.", {"var": "n"}]}]},
            {"sem_ver": [{"var": "f"}, "~", "1.5"]},
        ]})),
        "lists": rule(json!({"in": [7, {"merge": [
            {"map": [{"var": "user.ids"}, {"+": [{"var": ""}, 1]}]},
            {"filter": [{"var": "user.ids"}, {"<": [1, {"var": ""}, 9]}]},
            {"missing": ["email", "nothing"]},
            [{"reduce": [{"var": "user.ids"}, {"max": [{"var": "current"}, {"var": "accumulator"}]}, 0]}],
        ]}]})),
    }});
    let sets = [Bucketing::V1, Bucketing::V2, Bucketing::V3].map(|bucketing| {
        let mut definitions = flagd::definitions(&document, bucketing);
        for gray in definitions.flags.iter_mut().filter(|flag| *flag.key == *"gray") {
            let (on, off) = (1, 0);
            gray.split = Some(Split {
                on,
                off,
                by: Some("n".into()),
                share: 300,
                of: 1000,
            });
        }
        FlagSet::compile(&definitions, Options { gray_on: true }).unwrap()
    });
    let user = values::of(&json!({"ids": [3, 6, 20], "tier": "gold"}));
    let Value::Map(user) = &user else {
        panic!("it is an object")
    };
    let context = Fields {
        targeting_key: Some("user-1"),
        fields: &[
            ("n", ValueRef::Integer(5)),
            ("f", ValueRef::Float(1.5)),
            ("email", ValueRef::Text("a@b.example")),
            ("version", ValueRef::Text("1.5.0-rc.1+build")),
            ("user", ValueRef::Map(user)),
        ],
        unix_seconds: 1_700_000_000,
    };

    for set in &sets {
        for (id, flag) in set.iter() {
            let mut answer = None;
            let taken = taken_by(|| answer = Some(set.evaluate(set.find(flag.key()).unwrap(), &context)));
            assert_eq!(taken, 0, "{}", flag.key());
            assert!(answer.unwrap().unwrap().value.is_some(), "{} {id:?}", flag.key());
        }
    }
    assert_eq!(taken_by(|| drop(Box::new(0))), 1);
}
