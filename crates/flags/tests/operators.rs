//! Each operator of flagd's schema: rules, and the values that they give.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod flagd;
mod values;

use graylane_flags::{Bucketing, Context, FlagSet, Operand, Options, Value, ValueRef};
use serde_json::{Value as Json, json};

struct Somebody(Value);

impl Context for Somebody {
    fn targeting_key(&self) -> Option<&str> {
        Some("user-1")
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        self.0.as_ref().child(name)
    }

    fn unix_seconds(&self) -> u64 {
        1_700_000_000
    }
}

/// The value of a rule for somebody with these fields; `"failed"` where it has none.
fn value(rule: &Json, fields: &Json, bucketing: Bucketing) -> Json {
    let document = json!({"flags": {"f": {"variants": {"a": 1}, "targeting": rule}}});
    let set =
        FlagSet::compile_as_flagd(&flagd::definitions(&document, bucketing), Options::default()).unwrap();
    let explanation = set.explain(set.find("f").unwrap(), &Somebody(values::of(fields)));
    match explanation.rule.unwrap() {
        Operand::Condition(condition) => match condition.result {
            Some(value) => serde_json::to_value(value).unwrap(),
            None => json!("failed"),
        },
        Operand::Constant(value) | Operand::Variable { value, .. } => serde_json::to_value(value).unwrap(),
        Operand::Skipped => panic!("a whole rule is never skipped"),
    }
}

fn check(fields: &Json, cases: &[(Json, Json)]) {
    for (rule, wanted) in cases {
        assert_eq!(value(rule, fields, Bucketing::V3), *wanted, "{rule}");
    }
}

#[test]
fn var_reads_fields_by_path_and_has_a_default_for_missing_ones() {
    let fields = json!({"a": {"b": [10, {"c": 20}]}, "none": null, "dot.ted": 5, "name": "a"});
    check(
        &fields,
        &[
            (json!({"var": "a.b.0"}), json!(10)),
            (json!({"var": ["a.b.1.c"]}), json!(20)),
            (json!({"var": "a.b.2"}), json!(null)),
            (json!({"var": ["a.x", 7]}), json!(7)),
            (json!({"var": ["none", 7]}), json!(null)),
            (json!({"var": "dot.ted"}), json!(5)),
            (json!({"var": {"cat": [{"var": "name"}, ".b.0"]}}), json!(10)),
            (json!({"var": [{"cat": ["no", "thing"]}, 7]}), json!(7)),
            (json!({"var": "targetingKey"}), json!("user-1")),
            (json!({"var": "$flagd.flagKey"}), json!("f")),
            (json!({"var": "$flagd.timestamp"}), json!(1_700_000_000)),
            (
                json!({"var": {"cat": ["$flagd", ".timestamp"]}}),
                json!(1_700_000_000),
            ),
            (json!({"var": {"cat": ["$flagd", ".flagKey"]}}), json!("f")),
            (json!({"var": {"cat": ["targeting", "Key"]}}), json!("user-1")),
        ],
    );
}

#[test]
fn missing_and_missing_some_name_the_fields_that_are_not_there() {
    check(
        &json!({"a": 1, "b": "", "c": null}),
        &[
            (json!({"missing": ["a", "b", "c", "d"]}), json!(["b", "c", "d"])),
            (json!({"missing": {"merge": ["a", ["d"]]}}), json!(["d"])),
            (json!({"missing": []}), json!([])),
            (json!({"missing_some": [1, ["a", "d"]]}), json!([])),
            (json!({"missing_some": [2, ["a", "d", "e"]]}), json!(["d", "e"])),
        ],
    );
}

#[test]
fn if_and_or_and_not_count_what_is_empty_as_false() {
    check(
        &json!({"list": [], "map": {}, "full": [0]}),
        &[
            (json!({"if": [0, 1, "", 2, {"var": "list"}, 3, 4]}), json!(4)),
            (json!({"if": [{"var": "map"}, 1, {"var": "full"}, 2]}), json!(2)),
            (json!({"if": ["0", 1]}), json!(1)),
            (json!({"if": [false, 1]}), json!(null)),
            (json!({"if": [7]}), json!(7)),
            (json!({"and": [1, "x", 0, 5]}), json!(0)),
            (json!({"and": [1, "x"]}), json!("x")),
            (json!({"or": [0, "", "x", 5]}), json!("x")),
            (json!({"or": [0, ""]}), json!("")),
            (json!({"!": [{"var": "list"}]}), json!(true)),
            (json!({"!": 1}), json!(false)),
            (json!({"!!": ["0"]}), json!(true)),
            (json!({"!!": {"var": "nothing"}}), json!(false)),
        ],
    );
}

#[test]
fn equality_is_loose_or_strict() {
    check(
        &json!({"n": 1, "t": "1", "x": "x", "yes": true, "list": [1, "a"]}),
        &[
            (json!({"==": [{"var": "n"}, {"var": "t"}]}), json!(true)),
            (json!({"==": [{"var": "n"}, "1"]}), json!(true)),
            (json!({"==": ["1.0", {"var": "n"}]}), json!(true)),
            (json!({"==": [{"var": "yes"}, 1]}), json!(true)),
            (json!({"==": [{"var": "x"}, 0]}), json!(false)),
            (json!({"==": [{"var": "nothing"}, null]}), json!(true)),
            (json!({"==": [{"var": "nothing"}, 0]}), json!(false)),
            (json!({"==": [{"var": "nothing"}, ""]}), json!(false)),
            (json!({"==": [{"var": "list"}, [1, "a"]]}), json!(true)),
            (json!({"==": [{"var": "list"}, [1]]}), json!(false)),
            (json!({"==": [1, 1.0]}), json!(true)),
            (json!({"!=": [{"var": "x"}, "x"]}), json!(false)),
            (json!({"!=": [{"var": "nothing"}, "x"]}), json!(true)),
            (json!({"===": [{"var": "n"}, "1"]}), json!(false)),
            (json!({"===": [{"var": "t"}, "1"]}), json!(true)),
            (json!({"===": [1, 1.0]}), json!(true)),
            (json!({"===": [true, 1]}), json!(false)),
            (json!({"!==": [{"var": "n"}, "1"]}), json!(true)),
            (json!({"!==": [{"var": "t"}, "1"]}), json!(false)),
        ],
    );
}

#[test]
fn order_is_that_of_numbers_or_of_strings() {
    check(
        &json!({"n": 5}),
        &[
            (json!({"<": [{"var": "n"}, 6]}), json!(true)),
            (json!({"<": [1, {"var": "n"}, 5]}), json!(false)),
            (json!({"<=": [1, {"var": "n"}, 5]}), json!(true)),
            (json!({"<=": [6, {"var": "n"}, 9]}), json!(false)),
            (json!({">": [{"var": "n"}, "4"]}), json!(true)),
            (json!({">=": [{"var": "n"}, 5.0]}), json!(true)),
            (json!({"<": ["10", "9"]}), json!(true)),
            (json!({"<": ["x", 9]}), json!(false)),
            (json!({">=": [{"var": "nothing"}, 0]}), json!(true)),
        ],
    );
}

#[test]
fn arithmetic_reads_strings_and_is_exact_for_whole_numbers() {
    check(
        &json!({"list": [3, 1, 2]}),
        &[
            (json!({"+": [1, 2, "3"]}), json!(6.0)),
            (
                json!({"+": [9_007_199_254_740_993_i64, 0]}),
                json!(9_007_199_254_740_993_i64),
            ),
            (json!({"+": "3.5"}), json!(3.5)),
            (json!({"-": [5, 3]}), json!(2)),
            (json!({"-": [5]}), json!(-5)),
            (json!({"*": [2, 3, 4]}), json!(24)),
            (json!({"*": [i64::MAX, 2]}), json!(i64::MAX as f64 * 2.0)),
            (json!({"/": [6, 3]}), json!(2)),
            (json!({"/": [1, 2]}), json!(0.5)),
            (json!({"/": [1, 0]}), json!(null)),
            (json!({"/": [i64::MIN, -1]}), json!(9_223_372_036_854_775_808.0)),
            (json!({"%": [7, 4]}), json!(3)),
            (json!({"%": [7, 0]}), json!(null)),
            (json!({"%": [i64::MIN, -1]}), json!(-0.0)),
            (json!({"+": ["x", 1]}), json!(null)),
            (json!({"max": [1, 3, "2"]}), json!(3)),
            (json!({"min": [1, 3, "0"]}), json!(0.0)),
            (json!({"max": [{"var": "list"}]}), json!(3)),
            (json!({"min": [{"var": "list"}]}), json!(1)),
            (json!({"max": [1, "x"]}), json!(null)),
        ],
    );
}

#[test]
fn strings_are_joined_cut_and_searched() {
    check(
        &json!({"t": "héllo", "n": 12, "f": 1.5, "roles": ["dev", "ops"]}),
        &[
            (
                json!({"cat": ["a", {"var": "n"}, {"var": "f"}, true, null, 2.0]}),
                json!("a121.5true2"),
            ),
            (json!({"cat": [{"var": "roles"}]}), json!("dev,ops")),
            (
                json!({"cat": [1e21, "/", 1e-7, "/", 1.5e-9]}),
                json!("1e+21/1e-7/1.5e-9"),
            ),
            (json!({"substr": [{"var": "t"}, 1]}), json!("éllo")),
            (json!({"substr": [{"var": "t"}, -2]}), json!("lo")),
            (json!({"substr": [{"var": "t"}, 1, 2]}), json!("él")),
            (json!({"substr": [{"var": "t"}, 1, -1]}), json!("éll")),
            (json!({"substr": [{"var": "t"}, -99, 99]}), json!("héllo")),
            (json!({"substr": [{"var": "t"}, 99]}), json!("")),
            (json!({"substr": [{"var": "t"}, 2, -9]}), json!("")),
            (json!({"substr": [12345, 1, 2]}), json!("23")),
            (json!({"in": ["ll", {"var": "t"}]}), json!(true)),
            (json!({"in": [{"var": "n"}, "3124"]}), json!(true)),
            (json!({"in": ["dev", {"var": "roles"}]}), json!(true)),
            (json!({"in": [{"var": "t"}, ["hello", "héllo"]]}), json!(true)),
            (json!({"in": [{"var": "n"}, ["12"]]}), json!(false)),
            (json!({"in": [{"var": "n"}, [1, 12]]}), json!(true)),
            (json!({"in": ["x", {"var": "nothing"}]}), json!(false)),
            (json!({"starts_with": [{"var": "t"}, "hé"]}), json!(true)),
            (json!({"starts_with": [{"var": "n"}, "1"]}), json!(null)),
            (json!({"ends_with": [{"var": "t"}, "lo"]}), json!(true)),
            (json!({"ends_with": ["lo"]}), json!(null)),
        ],
    );
}

#[test]
fn lists_are_mapped_filtered_folded_and_merged() {
    let fields = json!({"n": [1, 2, 3], "users": [{"name": "a", "age": 5}, {"name": "b", "age": 50}]});
    check(
        &fields,
        &[
            (
                json!({"map": [{"var": "n"}, {"*": [{"var": ""}, 2]}]}),
                json!([2, 4, 6]),
            ),
            (
                json!({"map": [{"var": "users"}, {"var": "name"}]}),
                json!(["a", "b"]),
            ),
            (json!({"map": [{"var": "nothing"}, 1]}), json!([])),
            (
                json!({"filter": [{"var": "users"}, {">": [{"var": "age"}, 18]}]}),
                json!([{"age": 50, "name": "b"}]),
            ),
            (
                json!({"reduce": [{"var": "n"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 10]}),
                json!(16),
            ),
            (
                json!({"reduce": [{"var": "users"}, {"+": [{"var": "current.age"}, {"var": "accumulator"}]}, 0]}),
                json!(55),
            ),
            (json!({"reduce": [{"var": "nothing"}, 1, 7]}), json!(7)),
            (
                json!({"all": [{"var": "n"}, {">": [{"var": ""}, 0]}]}),
                json!(true),
            ),
            (json!({"all": [[], true]}), json!(false)),
            (
                json!({"some": [{"var": "n"}, {">": [{"var": ""}, 2]}]}),
                json!(true),
            ),
            (
                json!({"none": [{"var": "n"}, {">": [{"var": ""}, 3]}]}),
                json!(true),
            ),
            (json!({"none": [[], true]}), json!(true)),
            (json!({"merge": [1, {"var": "n"}, [4]]}), json!([1, 1, 2, 3, 4])),
            (
                json!({"map": [{"var": "n"}, {"map": [["x"], {"var": ""}]}]}),
                json!([["x"], ["x"], ["x"]]),
            ),
            (
                json!({"some": [{"map": [{"var": "n"}, [{"var": ""}]]}, {"in": [2, {"var": ""}]}]}),
                json!(true),
            ),
        ],
    );
}

#[test]
fn sem_ver_reads_versions_as_flagd_does() {
    let is = |version: Json, relation: &str, other: &str, wanted: Json| {
        let fields = json!({ "v": version });
        // Once with a constant version, once with a computed one.
        for other in [json!(other), json!({"cat": [other]})] {
            let rule = json!({"sem_ver": [{"var": "v"}, relation, other]});
            assert_eq!(value(&rule, &fields, Bucketing::V3), wanted, "{rule} {fields}");
        }
    };
    is(json!("1.2.3"), "=", "1.2.3", json!(true));
    is(json!("v1.2.3"), "=", "1.2.3", json!(true));
    is(json!("1.2"), "=", "V1.2.0", json!(true));
    is(json!("1.2.3+b1"), "=", "1.2.3+b2", json!(true));
    is(json!(1.5), ">", "1.4.9", json!(true));
    is(json!(2), ">=", "2.0.0", json!(true));
    is(json!("1.10.0"), ">", "1.9.0", json!(true));
    is(json!("1.9.0"), "<", "1.10.0", json!(true));
    is(json!("1.10.0"), "<=", "1.10.0", json!(true));
    is(json!("1.10.0"), "<", "1.10.0", json!(false));
    is(json!("1.10.1"), ">=", "1.10.2", json!(false));
    is(json!("1.2.3"), "!=", "1.2.3", json!(false));
    is(json!("1.99.3"), "^", "1.2.3", json!(true));
    is(json!("2.0.0"), "^", "1.2.3", json!(false));
    is(json!("1.2.99"), "~", "1.2.3", json!(true));
    is(json!("1.3.0"), "~", "1.2.3", json!(false));
    is(json!("3000000.0.0"), ">", "1.2.3", json!(true));
    is(json!("3000000.0.0"), "^", "3000000.1.2", json!(true));
    is(json!("1.0.0-rc.1"), "<", "1.0.0", json!(true));
    is(json!("1.0.0-rc.2"), ">", "1.0.0-rc.1", json!(true));
    is(json!("1.0.0-rc.10"), ">", "1.0.0-rc.9", json!(true));
    is(json!("1.0.0-rc"), ">", "1.0.0-9", json!(true));
    is(json!("1.0.0-rc.1"), ">", "1.0.0-rc", json!(true));
    for wrong in [
        "",
        "x",
        "1.",
        ".1",
        "01.0.0",
        "1.02.0",
        "1.0.0.0",
        "1.0-rc",
        "1.0.0-",
        "1.0.0-01",
        "1.0.0+",
        "1.0.0-a..b",
    ] {
        is(json!(wrong), ">=", "1.0.0", json!(null));
        is(json!("1.0.0"), "=", wrong, json!(null));
    }
    is(json!("1.0.0"), "==", "1.0.0", json!(null));
    is(json!(null), "=", "1.0.0", json!(null));
    is(json!(true), "=", "1.0.0", json!(null));
}

#[test]
fn fractional_buckets_by_a_value_or_by_both_keys() {
    let arms = [
        json!(["a", 25]),
        json!(["b", 25]),
        json!(["c", 25]),
        json!(["d", 25]),
    ];
    let by = |first: Option<Json>| json!({"fractional": first.iter().chain(&arms).collect::<Vec<_>>()});
    let fields = json!({"id": "jack", "n": 5, "list": [1]});
    let of = |rule: Json, bucketing| value(&rule, &fields, bucketing);

    // Both keys at once are the same as both keys joined, in the second generation.
    let joined = by(Some(json!({"cat": ["f", "user-1"]})));
    assert_eq!(of(by(None), Bucketing::V2), of(joined, Bucketing::V2));
    // `null` means both keys in the second generation and nothing in the third.
    let null = by(Some(json!({"var": "nothing"})));
    assert_eq!(of(null.clone(), Bucketing::V2), of(by(None), Bucketing::V2));
    assert_eq!(of(null, Bucketing::V3), json!(null));
    // Numbers are hashed by the third only, and lists by none.
    let number = by(Some(json!({"var": "n"})));
    assert_eq!(of(number.clone(), Bucketing::V2), json!(null));
    assert_ne!(of(number, Bucketing::V3), json!(null));
    for bucketing in [Bucketing::V1, Bucketing::V2, Bucketing::V3] {
        assert_eq!(of(by(Some(json!({"var": "list"}))), bucketing), json!(null));
    }
}

#[test]
fn fractional_gives_what_flagd_gives_in_each_generation() {
    let rule = json!({"fractional": [
        {"cat": ["fractional-flag", {"var": "name"}]},
        ["clubs", 25], ["diamonds", 25], ["hearts", 25], ["spades", 25],
    ]});
    let names = ["jack", "queen", "ten", "nine", "3"];

    let [first, second, third] = [Bucketing::V1, Bucketing::V2, Bucketing::V3]
        .map(|bucketing| names.map(|name| value(&rule, &json!({ "name": name }), bucketing)));

    // The reference vectors of the specifications.
    assert_eq!(first, ["spades", "clubs", "diamonds", "hearts", "diamonds"]);
    assert_eq!(second, ["hearts", "spades", "clubs", "diamonds", "clubs"]);
    assert_eq!(third, ["diamonds", "diamonds", "clubs", "clubs", "spades"]);
}

#[test]
fn weights_are_whole_numbers_that_may_be_computed() {
    let weights = |a: Json, b: Json| {
        let rule = json!({"fractional": [["a", a], ["b", b]]});
        value(
            &rule,
            &json!({"w": 10, "half": 0.5, "big": 2_147_483_648_i64}),
            Bucketing::V3,
        )
    };
    let var = |name: &str| json!({ "var": name });

    assert_eq!(weights(json!(0), json!(1)), "b");
    assert_eq!(weights(json!(0), var("w")), "b");
    assert_eq!(weights(json!({"-": [5, 10]}), var("w")), "b");
    assert_eq!(weights(json!(-1), json!(1)), "b");
    assert_eq!(weights(json!(0), json!(1.0)), "b");
    for (a, b) in [
        (json!(0), json!(0)),
        (json!(0), json!({"-": [1, 1]})),
        (json!(0), var("half")),
        (json!(0), var("big")),
        (json!(1), json!(2_147_483_647)),
        (json!(0), var("nothing")),
        (json!(0.5), json!(1)),
        (json!(0), json!("1")),
    ] {
        assert_eq!(weights(a.clone(), b.clone()), json!(null), "{a} {b}");
    }
}

#[test]
fn a_run_that_makes_or_looks_at_too_much_fails() {
    let count = |length: i64| (0..length).collect::<Vec<i64>>();
    let fields = json!({"t": "x".repeat(1000), "many": count(150), "endless": count(100_001)});
    check(
        &fields,
        &[
            (
                json!({"cat": [{"var": "t"}, {"var": "t"}, {"var": "t"}]}),
                json!("failed"),
            ),
            (
                json!({"merge": [{"var": "many"}, {"var": "many"}]}),
                json!("failed"),
            ),
            (json!({"in": [149, {"merge": [{"var": "many"}]}]}), json!(true)),
            (json!({"some": [{"var": "many"}, false]}), json!(false)),
            (json!({"some": [{"var": "endless"}, false]}), json!("failed")),
        ],
    );
}
