//! Keys.

use graylane_ofrep::Settings;

use crate::kit::{FLAGS, Site, key};

fn locked() -> Site {
    Site::with(Settings {
        keys: vec![key("one", "first"), key("two", "second")],
        ..Settings::default()
    })
}

#[test]
fn a_key_opens_as_bearer_token_and_as_api_key() {
    let site = locked();

    for header in [
        "authorization: Bearer first",
        "authorization: bearer second",
        "x-api-key: second",
    ] {
        assert_eq!(site.ask("POST", FLAGS, &[header], "").status, 200, "{header}");
    }
}

#[test]
fn without_a_known_key_nothing_is_told() {
    let site = locked();

    for header in [
        "authorization: Bearer other",
        "authorization: Basic first",
        "x-api-key: firs",
        "accept: x",
    ] {
        for (method, path) in [
            ("POST", FLAGS),
            ("POST", "/ofrep/v1/evaluate/flags/plain"),
            ("POST", "/ofrep/v1/evaluate/flags/missing"),
            ("GET", "/ofrep/v1/sse"),
            ("GET", "/nothing"),
        ] {
            let reply = site.ask(method, path, &[header], "");

            assert_eq!(
                (reply.status, reply.header("www-authenticate")),
                (401, Some("Bearer"))
            );
            reply.json("generalErrorResponse");
            assert!(!String::from_utf8_lossy(&reply.body).contains("other"));
        }
    }
    assert_eq!(site.server.counters().unauthorized(), 20);
}

#[test]
fn the_address_of_the_event_stream_opens_the_event_stream_alone() {
    let site = locked();
    let bulk = site
        .ask("POST", FLAGS, &["x-api-key: first"], "")
        .json("bulkEvaluationSuccess");
    let stream = bulk["eventStreams"][0]["endpoint"]["requestUri"]
        .as_str()
        .unwrap();
    let (_, query) = stream.split_once('?').expect("a ticket");

    let mut line = site.line();
    line.send(format!("GET {stream} HTTP/1.1\r\nhost: flags\r\n\r\n"));

    assert_eq!(line.head().unwrap().status, 200);
    assert_eq!(site.ask("POST", &format!("{FLAGS}?{query}"), &[], "").status, 401);
    assert_eq!(site.ask("GET", "/ofrep/v1/sse?ticket=00", &[], "").status, 401);
}

#[test]
fn keys_can_be_replaced_while_it_runs() {
    let site = locked();
    let mut line = site.line();
    assert_eq!(line.ask("POST", FLAGS, &["x-api-key: first"], "").status, 200);

    site.server.replace(Settings {
        keys: vec![key("three", "third")],
        ..Settings::default()
    });

    assert_eq!(line.ask("POST", FLAGS, &["x-api-key: first"], "").status, 401);
    assert_eq!(line.ask("POST", FLAGS, &["x-api-key: third"], "").status, 200);
}
