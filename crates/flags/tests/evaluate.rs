//! Flags as flagd's JSON says them, and what they are for somebody.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod flagd;

use graylane_diagnostic::Source;
use graylane_flags::{
    Bucketing, Definitions, EvaluateError, Fields, FlagSet, Options, Prerequisite, ReadOptions, Reason,
    Split, State, ValueRef,
};
use serde_json::{Value as Json, json};

/// What a flag with this rule and the variants `on`, `off` and `true` is for a user in Berlin.
fn decide(rule: &Json) -> Result<(Option<String>, Reason), EvaluateError> {
    let document = json!({"flags": {"f": {
        "state": "ENABLED",
        "variants": {"on": 1, "off": 0, "true": 2},
        "defaultVariant": "off",
        "targeting": rule,
    }}});
    let definitions = flagd::definitions(&document, Bucketing::V2);
    let set = FlagSet::compile(&definitions, Options::default()).unwrap();
    let context = Fields {
        targeting_key: Some("user-1"),
        fields: &[("city", ValueRef::Text("berlin"))],
        unix_seconds: 1_700_000_000,
    };
    let resolution = set.evaluate(set.find("f").unwrap(), &context)?;
    let variant = resolution.variant.map(|(_, name)| name.to_owned());
    Ok((variant, resolution.reason))
}

#[test]
fn a_rule_gives_a_variant_by_name_or_by_truth_or_leaves_it_to_the_default() {
    let rules = [
        json!({"if": [{"==": [{"var": "city"}, "berlin"]}, "on", "off"]}),
        json!({"==": [{"var": "city"}, "berlin"]}),
        json!({"if": [{"==": [{"var": "city"}, "paris"]}, "on"]}),
        json!({"if": [true, "other"]}),
    ];

    let decided = rules.each_ref().map(decide);

    let is = |name: &str, reason| Ok((Some(name.to_owned()), reason));
    assert_eq!(decided[0], is("on", Reason::TargetingMatch));
    assert_eq!(decided[1], is("true", Reason::TargetingMatch));
    assert_eq!(decided[2], is("off", Reason::Default));
    assert!(matches!(decided[3], Err(EvaluateError::UnknownVariant(_))));
}

/// Flags without a rule, `on` and `off`, the default being `off`.
fn plain(keys: &[&str], bucketing: Bucketing) -> Definitions {
    let flag = json!({"variants": {"off": false, "on": true}, "defaultVariant": "off"});
    let flags: serde_json::Map<String, Json> =
        keys.iter().map(|key| ((*key).to_owned(), flag.clone())).collect();
    flagd::definitions(&json!({ "flags": flags }), bucketing)
}

/// The same with one flag, `f`, and a rule.
fn ruled(rule: &Json, bucketing: Bucketing) -> Definitions {
    let flag = json!({"variants": {"off": false, "on": true}, "defaultVariant": "off", "targeting": rule});
    flagd::definitions(&json!({"flags": {"f": flag}}), bucketing)
}

fn gray(share: u32) -> Option<Split> {
    Some(Split {
        on: 1,
        off: 0,
        by: None,
        share,
        of: 100_000,
    })
}

fn somebody<'a>(targeting_key: Option<&'a str>, fields: &'a [(&'a str, ValueRef<'a>)]) -> Fields<'a> {
    Fields {
        targeting_key,
        fields,
        unix_seconds: 0,
    }
}

const ON: Options = Options { gray_on: true };

fn answer(set: &FlagSet, key: &str, context: &Fields<'_>) -> (Option<String>, Reason) {
    let resolution = set.evaluate(set.find(key).unwrap(), context).unwrap();
    let variant = resolution.variant.map(|(_, name)| name.to_owned());
    (variant, resolution.reason)
}

#[test]
fn a_gray_flag_draws_as_fractional_does_without_a_value_to_bucket_by() {
    for bucketing in [Bucketing::V1, Bucketing::V2, Bucketing::V3] {
        let mut definitions = plain(&["f"], bucketing);
        definitions.flags[0].split = gray(30_000);
        let gray = FlagSet::compile(&definitions, ON).unwrap();
        let rule = json!({"fractional": [["on", 30_000], ["off", 70_000]]});
        let fractional = FlagSet::compile(&ruled(&rule, bucketing), ON).unwrap();

        let keys: Vec<String> = (0..2000).map(|user| format!("user-{user}")).collect();
        let mut on = 0;
        for key in &keys {
            let context = somebody(Some(key), &[]);
            let (variant, reason) = answer(&gray, "f", &context);
            on += usize::from(variant.as_deref() == Some("on"));
            assert_eq!(reason, Reason::Split);
            assert_eq!(
                answer(&fractional, "f", &context),
                (variant, Reason::TargetingMatch)
            );
        }

        assert!((500..700).contains(&on), "{on} of 2000");
    }
}

#[test]
fn a_gray_flag_sticks_to_a_field_whether_it_is_a_number_or_a_string() {
    let mut definitions = plain(&["f"], Bucketing::V3);
    definitions.flags[0].split = gray(50_000).map(|split| Split {
        by: Some("uid".into()),
        ..split
    });
    let set = FlagSet::compile(&definitions, ON).unwrap();

    for uid in 0..100_i64 {
        let text = uid.to_string();
        let number = [("uid", ValueRef::Integer(uid))];
        let string = [("uid", ValueRef::Text(&text))];
        let answers = [&number, &string].map(|fields| answer(&set, "f", &somebody(None, fields)));
        assert_eq!(answers[0], answers[1], "{uid}");
    }
    let without = [("uid", ValueRef::Bool(true))];
    assert_eq!(
        answer(&set, "f", &somebody(Some("k"), &without)),
        (Some("off".to_owned()), Reason::Default)
    );
}

#[test]
fn without_a_key_a_gray_flag_is_off_until_all_have_it() {
    let keyless = somebody(None, &[]);
    let of = |share| {
        let mut definitions = plain(&["f"], Bucketing::V3);
        definitions.flags[0].split = gray(share);
        answer(&FlagSet::compile(&definitions, ON).unwrap(), "f", &keyless)
    };

    assert_eq!(of(99_999), (Some("off".to_owned()), Reason::Default));
    assert_eq!(of(100_000), (Some("on".to_owned()), Reason::Split));
}

#[test]
fn gray_flags_that_are_switched_off_and_disabled_flags_say_so() {
    let mut definitions = plain(&["gray", "disabled"], Bucketing::V3);
    let at = |definitions: &Definitions, key: &str| {
        definitions
            .flags
            .iter()
            .position(|flag| *flag.key == *key)
            .unwrap()
    };
    let (first, second) = (at(&definitions, "gray"), at(&definitions, "disabled"));
    definitions.flags[first].split = gray(100_000);
    definitions.flags[second].state = State::Disabled;

    let set = FlagSet::compile(&definitions, Options::default()).unwrap();

    let user = somebody(Some("k"), &[]);
    assert_eq!(
        answer(&set, "gray", &user),
        (Some("off".to_owned()), Reason::Disabled)
    );
    assert_eq!(answer(&set, "disabled", &user), (None, Reason::Disabled));
}

#[test]
fn a_flag_whose_prerequisite_has_another_variant_has_its_default() {
    let mut definitions = plain(&["a", "b"], Bucketing::V3);
    definitions.flags[1].default = Some(1);
    definitions.flags[0].default = Some(0);
    definitions.flags[0].split = gray(100_000);
    definitions.flags[0].prerequisites = vec![Prerequisite {
        flag: 1,
        variants: vec![1],
    }];
    let user = somebody(Some("k"), &[]);

    let good = answer(&FlagSet::compile(&definitions, ON).unwrap(), "a", &user);
    definitions.flags[1].default = Some(0);
    let set = FlagSet::compile(&definitions, ON).unwrap();
    let bad = answer(&set, "a", &user);

    assert_eq!(good, (Some("on".to_owned()), Reason::Split));
    assert_eq!(bad, (Some("off".to_owned()), Reason::Default));
    let explanation = set.explain(set.find("a").unwrap(), &user);
    let waiting = &explanation.prerequisites[0];
    assert_eq!((&*waiting.flag, waiting.holds), ("b", false));
    assert_eq!(waiting.wanted, ["on"]);
    assert_eq!(waiting.answer.variant.as_deref(), Some("off"));
    assert_eq!(explanation.split, None);
}

#[test]
fn prerequisites_in_a_ring_or_in_too_long_a_chain_are_refused() {
    let waits_for = |flag| {
        vec![Prerequisite {
            flag,
            variants: vec![0],
        }]
    };
    let keys: Vec<String> = (0..17).map(|key| format!("f{key:02}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut chain = plain(&keys, Bucketing::V3);
    for index in 0..16 {
        chain.flags[index].prerequisites = waits_for(index as u32 + 1);
    }
    let mut ring = plain(&["a", "b"], Bucketing::V3);
    ring.flags[0].prerequisites = waits_for(1);
    ring.flags[1].prerequisites = waits_for(0);
    let mut wide = plain(&keys, Bucketing::V3);
    for index in 0..10 {
        wide.flags[index].prerequisites = [waits_for(index as u32 + 1), waits_for(index as u32 + 1)].concat();
    }

    let refused = |definitions: &Definitions| match FlagSet::compile(definitions, ON) {
        Ok(_) => 0,
        Err(mistakes) => mistakes.iter().count(),
    };

    assert_eq!(refused(&chain), 1);
    assert_eq!(refused(&ring), 2);
    assert_eq!(refused(&wide), 3);
    chain.flags[15].prerequisites.clear();
    assert_eq!(refused(&chain), 0);
}

#[test]
fn a_wrong_rule_is_refused_with_its_place_and_a_hint() {
    let cases = [
        (
            json!({"starts_wiht": ["a", "b"]}),
            "`starts_wiht` is no operator",
            "did you mean `starts_with`?",
        ),
        (json!({"==": [1]}), "`==` has 1 operands", "it takes 2 operands"),
        (
            json!({"if": [{"$ref": "gone"}, "on"]}),
            "there is no evaluator `gone`",
            "define it under `$evaluators`",
        ),
        (
            json!({"a": 1, "b": 2}),
            "an object with 2 keys is no rule",
            "one key, the operator",
        ),
        (
            json!({"var": "$flagd.key"}),
            "flagd gives no `$flagd.key`",
            "`$flagd.timestamp`",
        ),
        (
            json!({"sem_ver": [{"var": "v"}, "===", "1"]}),
            "`sem_ver` has no such relation",
            "`>=`",
        ),
        (
            json!({"sem_ver": [{"var": "v"}, "=", "one"]}),
            "`one` is no semantic version",
            "1.2.3",
        ),
        (
            json!({"fractional": ["a", "b"]}),
            "this entry of `fractional` is no list",
            "[\"on\", 30]",
        ),
        (
            json!({"fractional": [["a", -5], ["b", 9]]}),
            "a weight is negative",
            "the least weight is 0",
        ),
        (
            json!({"fractional": [["a", 2_147_483_647], ["b", 1]]}),
            "add up to 2147483648",
            "at most 2147483647",
        ),
    ];

    for (rule, message, hint) in cases {
        let mistakes = FlagSet::compile(&ruled(&rule, Bucketing::V3), ON).unwrap_err();
        let first = mistakes.iter().next().unwrap();
        assert!(first.message.contains(message), "{}", first.message);
        assert!(first.hint.as_ref().unwrap().contains(hint), "{:?}", first.hint);
        assert!(first.span.is_some());
    }
}

#[test]
fn a_rule_that_becomes_too_deep_by_its_evaluators_is_refused() {
    let deep = |inner: Json| (0..40).fold(inner, |inner, _| json!({"!": inner}));
    let document = json!({
        "$evaluators": {"inner": deep(json!(true)), "outer": deep(json!({"$ref": "inner"}))},
        "flags": {"f": {"variants": {"on": true}, "targeting": {"$ref": "outer"}}},
    });

    let mistakes = FlagSet::compile(&flagd::definitions(&document, Bucketing::V3), ON).unwrap_err();

    let first = mistakes.iter().next().unwrap();
    assert_eq!(first.message, "the rule is nested deeper than 64 levels");
    assert!(first.hint.as_ref().unwrap().contains("split it"));
}

#[test]
fn every_flag_is_found_by_its_key_and_no_other() {
    let keys: Vec<String> = (0..1000)
        .map(|key| format!("{}{key}", "k".repeat(key % 20)))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();

    let set = FlagSet::compile(&plain(&keys, Bucketing::V3), ON).unwrap();

    assert_eq!(set.len(), 1000);
    assert!(set.iter().all(|(id, flag)| set.find(flag.key()) == Some(id)));
    assert!(["", "k", "x1", "k1000"].iter().all(|key| set.find(key).is_none()));
    assert_eq!(FlagSet::default().find("x"), None);
}

#[test]
fn flags_with_the_same_rule_answer_by_their_own_variants_and_keys() {
    let rule =
        r#""targeting": {"if": [{"==": [{"var": "a"}, "1"]}, "x", {"fractional": [["x", 50], ["y", 50]]}]}"#;
    let text = format!(
        r#"{{"flags": {{
            "one": {{"state": "ENABLED", "variants": {{"x": 1, "y": 2}}, {rule}}},
            "two": {{"state": "ENABLED", "variants": {{"x": 1, "y": 2}}, {rule}}},
            "turned": {{"state": "ENABLED", "variants": {{"y": 2, "x": 1}}, {rule}}},
            "other": {{"state": "ENABLED", "variants": {{"x": 3, "y": 4}}, {rule}}}}}}}"#
    );
    let source = Source::new("flags.json", text);
    let reading = Definitions::read([&source], ReadOptions::default()).unwrap();

    let set = FlagSet::compile(&reading.definitions, Options::default()).unwrap();

    let keys = ["one", "two", "turned", "other"];
    let value = |key: &str, context: &Fields<'_>| {
        let found = set.evaluate(set.find(key).unwrap(), context).unwrap();
        match found.value {
            Some(ValueRef::Integer(value)) => value,
            other => panic!("{key}: {other:?}"),
        }
    };
    let chosen = somebody(None, &[("a", ValueRef::Text("1"))]);
    assert_eq!(keys.map(|key| value(key, &chosen)), [1, 1, 1, 3]);
    let users: Vec<String> = (0..100).map(|user| format!("user-{user}")).collect();
    let drawn = |key: &str| -> Vec<i64> {
        let contexts = users.iter().map(|user| somebody(Some(user), &[]));
        contexts.map(|context| value(key, &context)).collect()
    };
    // Each flag has cohorts of its own.
    assert_ne!(drawn("one"), drawn("two"));
    assert_ne!(drawn("one"), drawn("turned"));
}
