//! One flag.

use graylane_flags::Reason;
use graylane_ofrep::Outcome;
use serde_json::{Value, json};

use crate::kit::{FLAGS, Site};

fn success(site: &Site, key: &str, context: &str) -> Value {
    let reply = site.flag(key, context);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json("serverEvaluationSuccess")
}

#[test]
fn a_flag_without_rule_has_its_variant_value_and_metadata() {
    let site = Site::new();

    let answer = success(&site, "plain", r#"{"targetingKey":"u"}"#);

    let expected = json!({
        "key": "plain", "reason": "STATIC", "variant": "on", "value": true,
        "metadata": {"flagSetId": "shop", "team": "pay", "sla": 1.5, "beta": true, "revision": 1}
    });
    assert_eq!(answer, expected);
}

#[test]
fn every_type_of_value_is_answered() {
    let site = Site::new();

    for (key, value) in [
        ("plain", json!(true)),
        ("text", json!("quote \" and \u{1}")),
        ("whole", json!(1)),
        ("fraction", json!(0.5)),
        ("object", json!({"a": [1, null, {"b": "c"}]})),
    ] {
        assert_eq!(success(&site, key, "{}")["value"], value, "{key}");
    }
    assert_eq!(success(&site, "text", "{}")["variant"], "a\"b");
}

#[test]
fn the_context_decides() {
    let site = Site::new();

    let hit = success(&site, "country", r#"{"targetingKey":"u","country":"CN"}"#);
    let miss = success(&site, "country", r#"{"targetingKey":"u","country":"DE"}"#);

    assert_eq!(
        (&hit["reason"], &hit["value"]),
        (&json!("TARGETING_MATCH"), &json!(true))
    );
    assert_eq!(
        (&miss["reason"], &miss["value"]),
        (&json!("UNKNOWN"), &json!(false))
    );
    assert_eq!(miss["metadata"]["reason"], "DEFAULT");
    assert_eq!(hit["metadata"].get("reason"), None);
}

#[test]
fn a_gray_flag_is_split() {
    let site = Site::new();

    let answers = [0, 1, 2, 3, 4, 5, 6, 7]
        .map(|user| success(&site, "gray", &format!(r#"{{"targetingKey":"{user}"}}"#)));

    assert!(
        answers.iter().all(|answer| answer["reason"] == "SPLIT"),
        "{answers:?}"
    );
    for value in [true, false] {
        assert!(
            answers.iter().any(|answer| answer["value"] == value),
            "{answers:?}"
        );
    }
}

#[test]
fn what_is_left_to_the_code_has_no_value() {
    let site = Site::new();

    for (key, reason) in [("retired", "DISABLED"), ("code", "UNKNOWN")] {
        let answer = success(&site, key, r#"{"targetingKey":"u"}"#);

        assert_eq!(answer["reason"], reason, "{key}");
        assert!(
            answer.get("value").is_none() && answer.get("variant").is_none(),
            "{answer}"
        );
    }
}

#[test]
fn a_key_of_odd_characters_is_found_and_answered() {
    let site = Site::new();

    for encoded in ["odd%20%22key%22%2F%E2%9C%93", "odd%20%22key%22/%e2%9c%93"] {
        assert_eq!(success(&site, encoded, "{}")["key"], "odd \"key\"/✓");
    }
    let reply = site.flag("a%22%5C%00%0D%0A%3C", "{}");

    let answer = reply.fails(404, "flagNotFound", "FLAG_NOT_FOUND");
    assert_eq!(answer["key"], "a\"\\\0\r\n<");
}

#[test]
fn a_flag_that_there_is_not_is_not_found() {
    let site = Site::new();

    let answer = site
        .flag("missing", "{}")
        .fails(404, "flagNotFound", "FLAG_NOT_FOUND");

    assert_eq!(answer["key"], "missing");
}

#[test]
fn each_failure_has_its_word() {
    let site = Site::new();

    for (key, body, code) in [
        ("plain", "{", "PARSE_ERROR"),
        ("plain", r#"{"context":{"a":1e999}}"#, "PARSE_ERROR"),
        ("plain", r#"{"context":{"a":1,"a":1}}"#, "INVALID_CONTEXT"),
        ("plain", r#"{"context":{"targetingKey":1}}"#, "INVALID_CONTEXT"),
        ("half", "", "TARGETING_KEY_MISSING"),
        (
            "half",
            r#"{"context":{"targetingKey":""}}"#,
            "TARGETING_KEY_MISSING",
        ),
        ("gray", r#"{"context":{}}"#, "TARGETING_KEY_MISSING"),
        ("lost", r#"{"context":{"lost":true}}"#, "GENERAL"),
        ("%ff", "", "PARSE_ERROR"),
    ] {
        let reply = site.ask("POST", &format!("{FLAGS}/{key}"), &[], body);

        let answer = reply.fails(400, "evaluationFailure", code);
        assert!(!answer["errorDetails"].as_str().unwrap().is_empty(), "{answer}");
    }
}

#[test]
fn a_context_without_targeting_key_is_enough_where_nothing_needs_one() {
    let site = Site::new();

    for body in [
        "",
        "{}",
        r#"{"context":{}}"#,
        r#"{"context":{"targetingKey":null}}"#,
    ] {
        let reply = site.ask("POST", &format!("{FLAGS}/plain"), &[], body);

        assert_eq!(reply.status, 200, "{body}");
    }
}

#[test]
fn a_rule_that_decides_without_the_targeting_key_is_right() {
    let site = Site::new();

    let answer = success(&site, "either", "{}");

    assert_eq!(answer["variant"], "unknown");
}

#[test]
fn the_revision_of_the_whole_stands_once_and_replaces_one_of_the_file() {
    let site = Site::new();

    let reply = site.flag("plain", "{}");

    let text = String::from_utf8(reply.body).unwrap();
    assert_eq!(text.matches("\"revision\":").count(), 1, "{text}");
    assert!(text.contains("\"revision\":1}"), "{text}");
}

#[test]
fn a_selector_leaves_only_its_own_set() {
    let site = Site::new();
    let ask = |selector: &str| {
        let selector = format!("flagd-selector: {selector}");
        site.ask("POST", &format!("{FLAGS}/plain"), &[&selector], "")
    };

    for same in ["flagSetId=shop", " flagSetId=shop ", "flagSetId=", ""] {
        assert_eq!(ask(same).status, 200, "{same}");
    }
    ask("flagSetId=other").fails(404, "flagNotFound", "FLAG_NOT_FOUND");
    ask("source=file").fails(400, "evaluationFailure", "GENERAL");
}

#[test]
fn a_connection_serves_one_request_after_another() {
    let site = Site::new();
    let mut line = site.line();

    for _ in 0..3 {
        assert_eq!(line.ask("POST", &format!("{FLAGS}/plain"), &[], "{}").status, 200);
        assert_eq!(
            line.ask("POST", &format!("{FLAGS}/missing"), &[], "{}").status,
            404
        );
        assert_eq!(line.ask("POST", &format!("{FLAGS}/plain"), &[], "{").status, 400);
    }
}

#[test]
fn a_body_may_come_in_chunks() {
    let site = Site::new();
    let mut line = site.line();

    line.send(format!(
        "POST {FLAGS}/country HTTP/1.1\r\nhost: f\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    line.send("c\r\n{\"context\":{\r\n");
    line.send("e\r\n\"country\":\"CN\"\r\n2\r\n}}\r\n0\r\n\r\n");

    assert_eq!(line.reply().json("serverEvaluationSuccess")["value"], true);
}

#[test]
fn another_path_and_another_method_say_so_in_json() {
    let site = Site::new();

    for path in ["/", "/ofrep/v1/configuration", "/ofrep/v1/evaluate/flagsy"] {
        let reply = site.ask("POST", path, &[], "");
        assert_eq!(reply.status, 404, "{path}");
        reply.json("generalErrorResponse");
    }
    for (method, path, allowed) in [
        ("GET", FLAGS, "POST, OPTIONS"),
        ("PUT", "/ofrep/v1/evaluate/flags/plain", "POST, OPTIONS"),
        ("OPTIONS", FLAGS, "POST, OPTIONS"),
        ("POST", "/ofrep/v1/sse", "GET, OPTIONS"),
    ] {
        let reply = site.ask(method, path, &[], "");
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, Some(allowed)),
            "{method} {path}"
        );
        reply.json("generalErrorResponse");
    }
}

#[test]
fn evaluations_are_counted_by_what_they_came_to() {
    let site = Site::new();

    for (key, context) in [
        ("plain", "{}"),
        ("plain", "{}"),
        ("country", "{}"),
        ("half", r#"{"targetingKey":"u"}"#),
        ("gray", r#"{"targetingKey":"u"}"#),
        ("retired", "{}"),
        ("missing", "{}"),
        ("half", "{}"),
        ("lost", r#"{"lost":1}"#),
        ("plain", "[]"),
    ] {
        site.flag(key, context);
    }

    let counters = site.server.counters();
    let counts = Outcome::ALL.map(|outcome| counters.evaluations(outcome));
    assert_eq!(counters.evaluations(Outcome::Reason(Reason::Static)), 2);
    assert_eq!(counts, [2, 1, 1, 1, 1, 1, 0, 1, 1]);
    assert_eq!((counters.single(), counters.bad_requests()), (9, 1));
}
