//! Pages of browsers.

use graylane_ofrep::{Origins, Settings};

use crate::kit::{FLAGS, Reply, Site, key};

const PAGE: &str = "origin: https://app.example";
const PREFLIGHT: [&str; 3] = [
    PAGE,
    "access-control-request-method: POST",
    "access-control-request-headers: content-type,if-none-match,x-api-key",
];

fn site(cors: Origins) -> Site {
    Site::with(Settings {
        cors,
        keys: vec![key("one", "first")],
        ..Settings::default()
    })
}

fn listed() -> Origins {
    Origins::Listed(vec!["https://app.example".into(), "https://other.example".into()])
}

fn allowed(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

#[test]
fn a_listed_page_may_ask_before_it_shows_a_key() {
    let site = site(listed());

    let reply = site.ask("OPTIONS", FLAGS, &PREFLIGHT, "");

    let headers = reply.header("access-control-allow-headers").unwrap();
    for name in [
        "authorization",
        "content-type",
        "if-none-match",
        "x-api-key",
        "last-event-id",
    ] {
        assert!(headers.split(", ").any(|other| other == name), "{name}");
    }
    assert_eq!(
        (reply.status, allowed(&reply)),
        (204, Some("https://app.example"))
    );
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, POST"));
    assert_eq!(reply.header("vary"), Some("Origin"));
}

#[test]
fn a_listed_page_may_read_answers_and_their_tags() {
    let site = site(listed());

    for headers in [&[PAGE, "x-api-key: first"][..], &[PAGE]] {
        let reply = site.ask("POST", FLAGS, headers, "");

        assert_eq!(allowed(&reply), Some("https://app.example"));
        assert!(
            reply
                .header("access-control-expose-headers")
                .unwrap()
                .contains("ETag")
        );
        assert_eq!(reply.header("vary"), Some("Origin"));
    }
}

#[test]
fn another_page_may_not() {
    let site = site(listed());
    let other = ["origin: https://app.example.evil", PREFLIGHT[1]];

    let before = site.ask("OPTIONS", FLAGS, &other, "");
    let after = site.ask("POST", FLAGS, &[other[0], "x-api-key: first"], "");

    assert_eq!((before.status, allowed(&before)), (403, None));
    before.json("generalErrorResponse");
    assert_eq!((after.status, allowed(&after)), (200, None));
    assert_eq!(after.header("vary"), Some("Origin"));
}

#[test]
fn any_page_may_where_any_is_set() {
    let site = site(Origins::Any);

    let before = site.ask("OPTIONS", FLAGS, &PREFLIGHT, "");
    let after = site.ask("POST", FLAGS, &[PAGE, "x-api-key: first"], "");

    assert_eq!((before.status, allowed(&before)), (204, Some("*")));
    assert_eq!((after.status, allowed(&after)), (200, Some("*")));
}

#[test]
fn nothing_is_said_where_nothing_is_set() {
    let site = site(Origins::None);

    let before = site.ask("OPTIONS", FLAGS, &PREFLIGHT, "");
    let after = site.ask("POST", FLAGS, &[PAGE, "x-api-key: first"], "");

    assert_eq!((before.status, allowed(&before)), (401, None));
    assert_eq!(
        (after.status, allowed(&after), after.header("vary")),
        (200, None, None)
    );
}

#[test]
fn the_origins_can_be_replaced_while_it_runs() {
    let site = site(Origins::None);

    site.server.replace(Settings {
        cors: listed(),
        ..Settings::default()
    });

    assert_eq!(site.ask("OPTIONS", FLAGS, &PREFLIGHT, "").status, 204);
}
