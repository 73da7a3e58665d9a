//! Evaluations to be counted: `instructions SHAPE BUCKETING COUNT [CONTEXTS]` evaluates one flag so often, for so many
//! contexts one after the other (64 where nothing is said), and says how long it took.
//!
//! Shapes: `static`, `name` (found by name, then static), `gray` (30 % by the targeting key), `rule` (three conditions,
//! then 30 %), `typed-static`, `typed-gray` and `typed-rule` (the same through a flag of the code), `empty` (the loop
//! alone). Bucketing: `v1`, `v2` or `v3`. The difference between two counts under `valgrind --tool=callgrind`, divided by
//! the difference in evaluations, is the cost of one.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to be measured, not one to be relied on"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use graylane_flags::{
    Bound, Bucketing, Data, Definition, Definitions, Fields, Flag, FlagSet, Key, Kind, Node, Number, Options,
    Registry, Rule, Split, State, Value, ValueRef, Variant,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (shape, bucketing, count, users) = match &*arguments {
        [shape, bucketing, count] => (shape, bucketing, count, 64),
        [shape, bucketing, count, users] => (shape, bucketing, count, users.parse().unwrap()),
        _ => {
            println!("usage: instructions SHAPE BUCKETING COUNT [CONTEXTS]");
            return;
        }
    };
    let bucketing = match bucketing.as_str() {
        "v1" => Bucketing::V1,
        "v2" => Bucketing::V2,
        _ => Bucketing::V3,
    };
    let set = FlagSet::compile(&definitions(bucketing), Options { gray_on: true }).unwrap();
    let keys: Vec<String> = (0..users).map(|user| format!("user-{user:06}")).collect();
    let fields: Vec<[(&str, ValueRef<'_>); 4]> = (0..users)
        .map(|user| {
            [
                ("country", ValueRef::Text(["DE", "FR", "NL"][user % 3])),
                ("version", ValueRef::Text(["2.1.0", "2.2.7", "2.14.3"][user % 3])),
                ("email", ValueRef::Text("user-000017@example.com")),
                ("plan", ValueRef::Text("enterprise")),
            ]
        })
        .collect();
    let contexts: Vec<Fields<'_>> = std::iter::zip(&keys, &fields)
        .map(|(key, fields)| Fields {
            targeting_key: Some(key),
            fields,
            unix_seconds: 1_700_000_000,
        })
        .collect();
    let count: usize = count.parse().unwrap();
    let start = Instant::now();
    let on = run(&Arc::new(set), shape, &contexts, count);
    let each = start.elapsed().as_secs_f64() * 1e9 / count as f64;
    println!("{shape}: on for {on} of {count}, {each:.1} ns each");
}

fn run(set: &Arc<FlagSet>, shape: &str, contexts: &[Fields<'_>], count: usize) -> u64 {
    let mut registry = Registry::new();
    let [banner, checkout, search] =
        ["banner", "shop-checkout-v2", "search-v3"].map(|key| registry.boolean(key, false).unwrap());
    let (bound, _) = Bound::new(Arc::clone(set), &registry.freeze());
    let [fixed, gray, rule] = [banner, checkout, search].map(|flag| flag.id(&bound).unwrap());
    let (set, bound) = (&**set, &bound);
    let is_on = |value: Option<ValueRef<'_>>| matches!(value, Some(ValueRef::Bool(true)));
    let evaluated = |flag, context| is_on(set.evaluate(black_box(flag), context).unwrap().value);
    let read = |flag: &Flag<bool>, context| black_box(flag).value(black_box(bound), context);
    match shape {
        "empty" => count_on(contexts, count, |context| context.targeting_key.is_some()),
        "static" => count_on(contexts, count, |context| evaluated(fixed, context)),
        "name" => count_on(contexts, count, |context| {
            let flag = set.find(black_box("banner")).unwrap();
            is_on(set.evaluate(flag, context).unwrap().value)
        }),
        "gray" => count_on(contexts, count, |context| evaluated(gray, context)),
        "rule" => count_on(contexts, count, |context| evaluated(rule, context)),
        "typed-static" => count_on(contexts, count, |context| read(&banner, context)),
        "typed-gray" => count_on(contexts, count, |context| read(&checkout, context)),
        _ => count_on(contexts, count, |context| read(&search, context)),
    }
}

/// The loop, the same for every shape.
#[inline(never)]
fn count_on<'a>(contexts: &'a [Fields<'a>], count: usize, is_on: impl Fn(&'a Fields<'a>) -> bool) -> u64 {
    let mut on = 0;
    for _ in 0..count / contexts.len() {
        for context in contexts {
            on += u64::from(is_on(black_box(context)));
        }
    }
    on
}

fn definitions(bucketing: Bucketing) -> Definitions {
    let mut flags: Vec<Definition> = (0..100).map(|index| boolean(&format!("flag-{index}"))).collect();
    flags.push(boolean("banner"));
    flags.push(Definition {
        split: Some(Split {
            on: 0,
            off: 1,
            by: None,
            share: 30_000,
            of: 100_000,
        }),
        ..boolean("shop-checkout-v2")
    });
    let countries = list(vec![text("DE"), text("FR"), text("NL")]);
    let conditions = operator(
        "and",
        vec![
            operator("in", vec![var("country"), countries]),
            operator("sem_ver", vec![var("version"), text(">="), text("2.1.0")]),
            operator("ends_with", vec![var("email"), text("@example.com")]),
        ],
    );
    let draw = operator(
        "fractional",
        vec![
            list(vec![text("on"), number(30)]),
            list(vec![text("off"), number(70)]),
        ],
    );
    flags.push(Definition {
        targeting: Some(Rule::from(&operator("if", vec![conditions, draw, text("off")]))),
        ..boolean("search-v3")
    });
    Definitions {
        flags,
        metadata: Vec::new(),
        bucketing,
    }
}

fn boolean(key: &str) -> Definition {
    let variant = |name: &str, value| Variant {
        name: name.into(),
        value: Value::Bool(value),
    };
    Definition {
        key: key.into(),
        span: 0..0,
        state: State::Enabled,
        kind: Kind::Boolean,
        variants: [variant("on", true), variant("off", false)].into(),
        default: Some(1),
        targeting: None,
        split: None,
        prerequisites: Vec::new(),
        metadata: Vec::new(),
    }
}

fn node(data: Data) -> Node {
    Node { span: 0..0, data }
}

fn operator(name: &str, operands: Vec<Node>) -> Node {
    let key = Key {
        span: 0..0,
        name: name.into(),
    };
    node(Data::Map(vec![(key, list(operands))]))
}

fn list(items: Vec<Node>) -> Node {
    node(Data::List(items))
}

fn text(text: &str) -> Node {
    node(Data::Text(text.into()))
}

fn number(number: i64) -> Node {
    node(Data::Number(Number::Integer(number)))
}

fn var(name: &str) -> Node {
    operator("var", vec![text(name)])
}
