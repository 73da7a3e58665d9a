//! All flags.

use graylane_flags::Reason;
use graylane_ofrep::Outcome;
use serde_json::{Value, json};

use crate::kit::{FLAGS, Reply, Site, set, usual};

const USER: &str = r#"{"targetingKey":"u","country":"DE"}"#;

fn tag(reply: &Reply) -> String {
    reply.header("etag").expect("a tag").to_owned()
}

fn flag<'a>(answer: &'a Value, key: &str) -> &'a Value {
    let flags = answer["flags"].as_array().unwrap();
    flags.iter().find(|flag| flag["key"] == key).unwrap()
}

#[test]
fn all_flags_are_answered_in_written_order() {
    let site = Site::new();

    let reply = site.bulk(&[], USER);

    let answer = reply.json("bulkEvaluationSuccess");
    let keys: Vec<_> = answer["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| flag["key"].as_str().unwrap())
        .collect();
    assert_eq!(reply.status, 200);
    assert_eq!(&keys[..4], ["plain", "text", "whole", "fraction"]);
    assert_eq!(keys.len(), 13);
    assert_eq!(answer["metadata"], json!({"flagSetId": "shop", "revision": 1}));
    assert_eq!(
        answer["eventStreams"],
        json!([{"type": "sse", "endpoint": {"requestUri": "/ofrep/v1/sse"}, "inactivityDelaySec": 120}])
    );
}

#[test]
fn a_flag_is_the_same_alone_and_among_all() {
    let site = Site::new();

    let answer = site.bulk(&[], USER).json("bulkEvaluationSuccess");

    for key in [
        "plain", "text", "whole", "object", "country", "half", "gray", "code", "retired",
    ] {
        let alone: Value = serde_json::from_slice(&site.flag(key, USER).body).unwrap();
        assert_eq!(flag(&answer, key), &alone);
    }
}

#[test]
fn a_slash_at_the_end_and_an_empty_body_are_fine() {
    let site = Site::new();

    for path in [FLAGS.to_owned(), format!("{FLAGS}/")] {
        let reply = site.ask("POST", &path, &[], "");

        assert_eq!(reply.status, 200);
        reply.json("bulkEvaluationSuccess");
    }
}

#[test]
fn a_flag_that_fails_spoils_only_itself() {
    let site = Site::new();

    let answer = site.bulk(&[], r#"{"lost":true}"#).json("bulkEvaluationSuccess");

    assert_eq!(flag(&answer, "lost")["errorCode"], "GENERAL");
    assert_eq!(flag(&answer, "half")["errorCode"], "TARGETING_KEY_MISSING");
    assert_eq!(flag(&answer, "gray")["errorCode"], "TARGETING_KEY_MISSING");
    assert_eq!(flag(&answer, "country")["reason"], "UNKNOWN");
    assert_eq!(flag(&answer, "plain")["value"], true);
}

#[test]
fn a_wrong_body_fails_as_a_whole() {
    let site = Site::new();

    let answer = site
        .ask("POST", FLAGS, &[], "[")
        .fails(400, "bulkEvaluationFailure", "INVALID_CONTEXT");
    assert!(answer.get("key").is_none(), "{answer}");
    site.ask("POST", FLAGS, &[], "{")
        .fails(400, "bulkEvaluationFailure", "PARSE_ERROR");
    site.bulk(&["flagd-selector: x"], USER)
        .fails(400, "bulkEvaluationFailure", "GENERAL");
}

#[test]
fn the_same_question_again_is_not_modified() {
    let site = Site::new();
    let first = tag(&site.bulk(&[], USER));

    for known in [
        first.clone(),
        format!("W/{first}"),
        first.trim_matches('"').to_owned(),
        format!("\"other\", {first}"),
        "*".to_owned(),
    ] {
        let reply = site.bulk(&[&format!("if-none-match: {known}")], USER);

        assert_eq!(
            (reply.status, reply.header("etag")),
            (304, Some(&*first)),
            "{known}"
        );
        assert!(reply.header("content-type").is_none() && reply.body.is_empty());
    }
    let same = site.bulk(&[], r#"{"country":"DE","targetingKey":"\u0075"}"#);
    assert_eq!(tag(&same), first);
    assert_eq!(site.server.counters().not_modified(), 5);
}

#[test]
fn a_not_modified_answer_leaves_the_connection_usable() {
    let site = Site::new();
    let mut line = site.line();
    let body = format!(r#"{{"context":{USER}}}"#);
    let first = tag(&line.ask("POST", FLAGS, &[], &body));

    for _ in 0..3 {
        assert_eq!(
            line.ask("POST", FLAGS, &[&format!("if-none-match: {first}")], &body)
                .status,
            304
        );
    }

    assert_eq!(line.ask("POST", FLAGS, &[], &body).status, 200);
}

#[test]
fn another_context_has_another_tag_even_where_all_values_are_equal() {
    let site = Site::new();
    let first = tag(&site.bulk(&[], USER));

    for other in [
        r#"{"targetingKey":"u","country":"CN"}"#,
        r#"{"targetingKey":"u","country":"FR"}"#,
        r#"{"targetingKey":"u","country":"DE","more":null}"#,
        r#"{"targetingKey":"v","country":"DE"}"#,
        r#"{"country":"DE"}"#,
    ] {
        let reply = site.bulk(&[&format!("if-none-match: {first}")], other);

        assert_eq!(reply.status, 200, "{other}");
        assert_ne!(tag(&reply), first, "{other}");
    }
}

#[test]
fn another_value_of_the_same_variant_has_another_tag() {
    let site = Site::new();
    let before = site.bulk(&[], USER);

    // The same revision and digest, so that nothing but the value can tell.
    let published = set(&usual(1), 1);
    site.publisher.publish(graylane_ofrep::Published {
        flags: set(&usual(99), 1).flags,
        ..published
    });
    let after = site.bulk(&[&format!("if-none-match: {}", tag(&before))], USER);

    assert_eq!(after.status, 200);
    assert_eq!(flag(&after.json("bulkEvaluationSuccess"), "whole")["value"], 99);
    assert_ne!(tag(&after), tag(&before));
}

#[test]
fn another_revision_has_another_tag() {
    let site = Site::new();
    let before = tag(&site.bulk(&[], USER));

    site.publisher.publish(set(&usual(1), 2));
    let after = site.bulk(&[&format!("if-none-match: {before}")], USER);

    assert_eq!(after.status, 200);
    assert_eq!(after.json("bulkEvaluationSuccess")["metadata"]["revision"], 2);
}

#[test]
fn a_selector_leaves_only_its_own_set_and_has_a_tag_of_its_own() {
    let site = Site::new();

    let all = site.bulk(&[], USER);
    let same = site.bulk(&["flagd-selector: flagSetId=shop"], USER);
    let none = site.bulk(&["flagd-selector: flagSetId=other"], USER);

    assert_eq!(same.body, all.body);
    assert_ne!(tag(&same), tag(&all));
    assert_eq!(none.json("bulkEvaluationSuccess")["flags"], json!([]));
}

#[test]
fn what_an_event_told_goes_along_and_is_tolerated_whatever_it_is() {
    let site = Site::new();
    let first = tag(&site.bulk(&[], USER));
    let body = format!(r#"{{"context":{USER}}}"#);
    let ask = |query: &str| {
        let known = format!("if-none-match: {first}");
        site.ask("POST", &format!("{FLAGS}?{query}"), &[&known], &body)
            .status
    };

    for query in [
        "flagConfigEtag=abc",
        "flagConfigEtag=abc&flagConfigLastModified=0",
        "flagConfigLastModified=2026-02-20T21:28:18Z&flagConfigEtag=%ff",
        "flagConfigLastModified=nonsense&&=&a",
    ] {
        assert_eq!(ask(query), 304, "{query}");
    }
    assert_eq!(site.server.counters().behind(), 0);
    assert_eq!(
        ask("flagConfigEtag=9-abc&flagConfigLastModified=99999999999"),
        304
    );
    assert_eq!(site.server.counters().behind(), 1);
}

#[test]
fn the_flags_of_a_bulk_are_counted_each() {
    let site = Site::new();

    site.bulk(&[], USER);

    let counters = site.server.counters();
    assert_eq!(counters.bulk(), 1);
    assert_eq!(counters.evaluations(Outcome::Reason(Reason::Split)), 1);
    let all: u64 = Outcome::ALL
        .iter()
        .map(|outcome| counters.evaluations(*outcome))
        .sum();
    assert_eq!(all, 13);
}
