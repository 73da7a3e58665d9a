//! Bytes that no client of good will sends.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::kit::{FLAGS, Line, Reply, Site};

static SITE: LazyLock<Site> = LazyLock::new(Site::new);

/// Whatever the body is, the answer is one of the protocol's.
fn right(reply: &Reply, single: bool) {
    match (reply.status, single) {
        (200, true) => reply.json("serverEvaluationSuccess"),
        (200, false) => reply.json("bulkEvaluationSuccess"),
        (400 | 413, true) => reply.json("evaluationFailure"),
        (400 | 413, false) => reply.json("bulkEvaluationFailure"),
        (404, true) => reply.json("flagNotFound"),
        other => panic!("{other:?}: {reply:?}"),
    };
}

fn ask(line: &mut Line, body: &[u8]) {
    right(&line.ask("POST", &format!("{FLAGS}/half"), &[], body), true);
    right(&line.ask("POST", FLAGS, &[], body), false);
}

/// Pieces of a context, so that many bodies come close to being one.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("{\"context\":{".to_owned()),
        Just("\"targetingKey\":".to_owned()),
        Just("\"country\":".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
        Just("[".to_owned()),
        Just("]".to_owned()),
        Just(",".to_owned()),
        Just(":".to_owned()),
        Just("\"CN\"".to_owned()),
        Just("NaN".to_owned()),
        Just("null".to_owned()),
        Just("1e400".to_owned()),
        Just("-0.0".to_owned()),
        Just("\"\\ud800\"".to_owned()),
        Just("[".repeat(200)),
        "\"[^\"]{0,6}\"",
        "[0-9.eE+-]{1,20}",
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat().into_bytes())
}

fn run<T: std::fmt::Debug>(strategy: impl Strategy<Value = T>, mut then: impl FnMut(&mut Line, T)) {
    let line = std::cell::RefCell::new(SITE.line());
    let then = std::cell::RefCell::new(&mut then);
    TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(300)
    })
    .run(&strategy, |input| {
        then.borrow_mut()(&mut line.borrow_mut(), input);
        Ok(())
    })
    .unwrap();
}

#[test]
fn any_bytes_as_body_have_an_answer_of_the_protocol() {
    run(prop::collection::vec(any::<u8>(), 0..200), |line, body| {
        ask(line, &body);
    });
}

#[test]
fn anything_like_a_context_has_an_answer_of_the_protocol() {
    run(pieces(), |line, body| ask(line, &body));
}

#[test]
fn any_key_in_the_path_has_an_answer_of_the_protocol() {
    run(
        "([a-zA-Z0-9/.+&=;:@!$'()*,~_-]|%[0-9a-fA-F]{2}|%[g-z]?){0,30}",
        |line, key| {
            let reply = line.ask("POST", &format!("{FLAGS}/x{key}"), &[], "{}");
            right(&reply, true);
        },
    );
}

#[test]
fn any_value_of_a_header_that_is_read_has_an_answer_of_the_protocol() {
    let name = prop::sample::select(vec![
        "if-none-match",
        "flagd-selector",
        "last-event-id",
        "authorization",
        "origin",
    ]);
    run((name, "[ -~]{0,40}"), |line, (name, value)| {
        let header = format!("{name}: {value}");
        let reply = line.ask("POST", FLAGS, &[&header], "");
        if reply.status != 304 {
            right(&reply, false);
        }
    });
}

#[test]
fn any_bytes_at_all_leave_the_server_alive() {
    run(prop::collection::vec(any::<u8>(), 0..300), |_, bytes| {
        SITE.line().send(&bytes);
    });

    assert_eq!(SITE.flag("plain", "{}").status, 200);
}

#[test]
fn nesting_to_any_depth_is_refused_or_answered() {
    let mut line = SITE.line();

    for depth in [10, 100, 126, 127, 128, 1_000, 100_000] {
        let list = format!(
            "{{\"context\":{{\"a\":{}{}}}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        );
        let map = format!(
            "{{\"context\":{}1{}}}",
            "{\"a\":".repeat(depth),
            "}".repeat(depth)
        );
        ask(&mut line, list.as_bytes());
        ask(&mut line, map.as_bytes());
    }
}
