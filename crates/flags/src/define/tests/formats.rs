use super::*;
use crate::{Bucketing, Kind, State, Value};

#[test]
fn flagds_json_and_toml_say_the_same() {
    let json = r#"{"$schema": "https://flagd.dev/schema/v0/flags.json",
        "metadata": {"flagSetId": "shop", "revision": 7, "bucketing": "flagd-v2"},
        "$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@a.example"]}},
        "flags": {
            "shop-v2": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off",
                "targeting": {"if": [{"$ref": "staff"}, "on"]}, "metadata": {"team": "pay", "n": 1.5, "b": true}},
            "gray": {"state": "gray-0.5"},
            "size": {"state": "DISABLED", "variants": {"s": 1, "l": 2.5}, "defaultVariant": null},
            "look": {"state": "ENABLED", "variants": {"a": {"x": [1, null, {"y": "z"}]}, "b": {}}}}}"#;
    let toml = r#"
bucketing = "flagd-v2"
revision = 7
[metadata]
flagSetId = "shop"
[evaluators]
staff.ends_with = [{ var = "email" }, "@a.example"]
[flags.shop-v2]
state = "enabled"
variants = { on = true, off = false }
default = "off"
targeting = '{"if": [{"$ref": "staff"}, "on"]}'
metadata = { team = "pay", n = 1.5, b = true }
[flags.gray]
state = "gray-0.5"
variants.on = true
variants.off = false
default_variant = "off"
[flags.size]
state = false
variants = { s = 1, l = 2.5 }
[flags.look]
state = "on"
variants.a.x = [1, 0, { y = "z" }]
variants.b = {}
"#;

    let (json, toml) = (json.replace("null, {", "0, {"), toml);

    assert_eq!(without_places(good(&json)), without_places(good(toml)));
    let definitions = good(&json);
    assert_eq!(definitions.bucketing, Bucketing::V2);
    assert_eq!(
        definitions.metadata,
        [("flagSetId".into(), Value::Text("shop".into()))]
    );
    let kinds: Vec<Kind> = definitions.flags.iter().map(|flag| flag.kind).collect();
    assert_eq!(kinds, [Kind::Boolean, Kind::Boolean, Kind::Number, Kind::Object]);
    assert_eq!(
        reading(&json, ReadOptions::default()).unwrap().revisions,
        [Some(7)]
    );
    assert_eq!(
        reading(toml, ReadOptions::default()).unwrap().revisions,
        [Some(7)]
    );
}

#[test]
fn flags_may_stand_in_an_array_with_their_keys() {
    let flags = good(
        r#"{"flags": [{"key": "b", "state": "ENABLED", "variants": {"x": "1"}}, {"key": "a", "state": "on", "variants": {"x": 1}}]}"#,
    );

    assert_eq!(keys(&flags), ["b", "a"]);
    let twice = r#"{"key": "a", "state": "on", "variants": {"x": 1}}"#;
    assert!(
        bad(&format!("{{\"flags\": [{twice}, {twice}]}}")).starts_with("error: the flag `a` stands twice\n")
    );
    assert!(bad(r#"{"flags": [{"state": "ENABLED"}]}"#).starts_with("error: the flag has no `key`\n"));
    assert!(bad(r#"{"flags": [{"key": ""}]}"#).starts_with("error: `key` is empty\n"));
    assert!(
        bad(r#"{"flags": [1]}"#).starts_with("error: each of the `flags` takes an object, not a number\n")
    );
}

#[test]
fn a_state_is_read_in_each_of_its_spellings() {
    let state = |word: &str| {
        one(&format!(
            "state = {word}\nvariants = {{ on = true, off = false }}"
        ))
        .state
    };

    for word in [
        "\"ENABLED\"",
        "\"enabled\"",
        "\"Enabled\"",
        "true",
        "\"true\"",
        "\"on\"",
        "\"ON\"",
        "1",
        "\"1\"",
    ] {
        assert_eq!(state(word), State::Enabled, "{word}");
    }
    for word in [
        "\"DISABLED\"",
        "\"disabled\"",
        "false",
        "\"False\"",
        "\"off\"",
        "0",
        "\"0\"",
    ] {
        assert_eq!(state(word), State::Disabled, "{word}");
    }
}

#[test]
fn an_absent_default_is_left_to_the_code() {
    let default = |line: &str| {
        let flag = format!(
            "{{\"flags\": {{\"f\": {{\"state\": \"ENABLED\", {line}\"variants\": {{\"a\": 1, \"b\": 2}}}}}}}}"
        );
        good(&flag).flags[0].default
    };

    assert_eq!(default(""), None);
    assert_eq!(default("\"defaultVariant\": null, "), None);
    assert_eq!(default("\"defaultVariant\": \"\", "), None);
    assert_eq!(default("\"defaultVariant\": \"b\", "), Some(1));
}

#[test]
fn an_empty_rule_is_none_and_null_is_a_rule() {
    let targeting = |rule: &str| {
        let flag = format!(
            "{{\"flags\": {{\"f\": {{\"state\": \"ENABLED\", \"targeting\": {rule}, \"variants\": {{\"a\": 1}}}}}}}}"
        );
        good(&flag).flags.remove(0).targeting.map(|rule| rule.to_node())
    };

    assert_eq!(targeting("{}"), None);
    assert_eq!(targeting("null").map(|node| node.data), Some(crate::Data::Null));
}

#[test]
fn keys_that_flagd_allows_beside_its_own_are_passed_over_in_json() {
    let flags = good(
        r#"{"$comment": "x", "flags": {"f": {"description": "x", "owner": 1, "state": "ENABLED", "variants": {"a": 1}}}}"#,
    );

    assert_eq!(keys(&flags), ["f"]);
}

#[test]
fn a_rule_in_a_string_has_its_own_places() {
    let base = "[flags.f]\nstate = \"on\"\nvariants = { a = 1 }\n";

    let plain = bad(&format!("{base}targeting = '''\n{{\"if\": [\n  1,]}}'''\n"));
    let escaped = bad(&format!("{base}targeting = \"{{\\\"if\\\": [1,]}}\"\n"));

    assert!(plain.contains(" --> flags.toml:6:4\n"), "{plain}");
    assert!(escaped.contains(" --> flags.toml:4:13\n"), "{escaped}");
}
