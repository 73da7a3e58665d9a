use graylane_flags::Context;

use super::*;

fn refused(body: &str) -> (&'static str, String) {
    let mistake = read(body.as_bytes()).expect_err(body);
    (mistake.code, mistake.details)
}

#[test]
fn fields_of_every_type_are_read() {
    let body = br#" {"other":[{}],"context":{"targetingKey":"u\"1","n":-3,"f":0.30000000000000004,"big":18446744073709551615,
        "t":"x","e":"\u00e9","no":false,"nil":null,"l":[1,{"a":2}],"m":{"deep":{"er":"z"}}}} "#;

    let caller = read(body).expect("a context");

    assert_eq!(caller.targeting_key(), Some("u\"1"));
    assert_eq!(caller.field("targetingKey"), Some(ValueRef::Text("u\"1")));
    assert_eq!(caller.field("n"), Some(ValueRef::Integer(-3)));
    assert_eq!(caller.field("f"), Some(ValueRef::Float(0.1 + 0.2)));
    assert_eq!(
        caller.field("big"),
        Some(ValueRef::Float(18_446_744_073_709_551_615.0))
    );
    assert_eq!(caller.field("e"), Some(ValueRef::Text("é")));
    assert_eq!(caller.field("no"), Some(ValueRef::Bool(false)));
    assert_eq!(caller.field("nil"), Some(ValueRef::Null));
    let path = ["m", "deep", "er"].map(Box::from);
    assert_eq!(caller.below(&path), Some(ValueRef::Text("z")));
    assert_eq!(caller.field("absent"), None);
    assert!(!caller.missed_key());
}

#[test]
fn a_body_without_context_is_an_empty_one() {
    for body in [
        "",
        " \n",
        "{}",
        r#"{"context":{}}"#,
        r#"{"context":{"targetingKey":null}}"#,
    ] {
        let caller = read(body.as_bytes()).expect(body);

        assert_eq!(caller.targeting_key(), None, "{body}");
        assert!(caller.missed_key(), "{body}");
        assert!(!caller.missed_key(), "{body}");
    }
}

#[test]
fn what_is_no_json_is_a_parse_error_with_a_place() {
    let deep = format!(r#"{{"context":{{"a":{}"#, "[".repeat(200));
    for body in [
        "{",
        "nonsense",
        r#"{"context":{}} x"#,
        r#"{"context":{"a":NaN}}"#,
        r#"{"context":{"a":1e999}}"#,
        r#"{"context":{"a":01}}"#,
        &deep,
    ] {
        let (code, details) = refused(body);

        assert_eq!(code, "PARSE_ERROR", "{body}");
        assert!(details.contains(" at line 1 column "), "{details}");
    }
    assert_eq!(
        read(b"{\"context\":{\"a\":\"\xff\"}}")
            .expect_err("no UTF-8")
            .code,
        "PARSE_ERROR"
    );
}

#[test]
fn what_is_no_context_is_an_invalid_context_with_a_place() {
    for body in [
        "[]",
        "3",
        r#"{"context":null}"#,
        r#"{"context":[]}"#,
        r#"{"context":{"targetingKey":7}}"#,
        r#"{"context":{"targetingKey":["a"]}}"#,
        r#"{"context":{"a":1,"a":2}}"#,
        r#"{"context":{"targetingKey":"a","targetingKey":"a"}}"#,
        r#"{"context":{"a":{"b":1,"b":2}}}"#,
        r#"{"context":{},"context":{}}"#,
    ] {
        let (code, details) = refused(body);

        assert_eq!(code, "INVALID_CONTEXT", "{body}: {details}");
        assert!(details.contains(" at line 1 column "), "{details}");
    }
}

#[test]
fn a_name_that_stands_twice_is_found_among_many() {
    let fields: Vec<_> = (0..50).map(|number| format!("\"f{number}\":1")).collect();
    let fields = fields.join(",");

    let nested = refused(&format!(r#"{{"context":{{"a":{{{fields},"f40":1}}}}}}"#)).1;
    let flat = refused(&format!(r#"{{"context":{{{fields},"f3":1}}}}"#)).1;

    assert!(nested.starts_with("the name \"f40\" stands twice"), "{nested}");
    assert!(flat.starts_with("the name \"f3\" stands twice"), "{flat}");
}

#[test]
fn a_context_has_a_limit_of_fields_and_of_values() {
    let fields: Vec<_> = (0..=MAX_FIELDS)
        .map(|number| format!("\"f{number}\":1"))
        .collect();
    let items = vec!["1"; MAX_VALUES].join(",");

    let fields = refused(&format!(r#"{{"context":{{{}}}}}"#, fields.join(","))).1;
    let values = refused(&format!(r#"{{"context":{{"a":[{items}]}}}}"#)).1;

    assert!(fields.starts_with("more than 1000 fields"), "{fields}");
    assert!(values.starts_with("more than 10000 values"), "{values}");
}

#[test]
fn a_long_body_is_not_quoted_back_whole() {
    let long = "x".repeat(100_000);

    let (_, details) = refused(&format!(r#"{{"context":"{long}"}}"#));

    assert!(details.len() < 300, "{}", details.len());
    assert!(details.ends_with(" column 100013"), "{details}");
}
