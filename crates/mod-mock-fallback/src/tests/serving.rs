use std::time::{Duration, Instant};

use super::*;
use crate::report;

const USERS: &str = r#"
[[mock]]
name = "user"
method = "GET"
path = "/users/{id}"
headers = { Content-Type = "application/json", X-Kind = "mock" }
body = '''{"id":{{path.id}},"q":"{{query.q}}","h":"{{header.x-h}}","t":"{{trace}}","s":"{{service}}","l":"{{lane}}","f":"{{fault}}","m":"{{method}}"}'''
"#;

#[test]
fn a_reply_has_the_values_of_its_request_and_says_what_it_is() {
    let fallback = Stage::with(USERS).start();

    let reply = Failed {
        lane: 1,
        headers: &[("x-h", b"caf\xe9\"")],
        ..get("/users/a%20b?x=1&q=%22+2&q=3")
    };
    let reply = reply.on(&fallback).unwrap();

    assert_eq!(reply.status, 200);
    let fields: Vec<_> = reply
        .fields
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    assert_eq!(
        fields,
        [
            ("content-type", "application/json"),
            ("x-kind", "mock"),
            ("x-gray-mock", "user")
        ]
    );
    assert_eq!(
        String::from_utf8(reply.body).unwrap(),
        format!(
            r#"{{"id":"a b","q":"\" 2","h":"caf{}\"","t":"{}","s":"shop","l":"canary","f":"unreachable","m":"GET"}}"#,
            '\u{fffd}',
            "ab".repeat(16)
        )
    );
}

#[test]
fn the_most_specific_mock_answers() {
    let mock = |lines: &str, body: &str| format!("[[mock]]\n{lines}\nbody = \"{body}\"\n");
    let mocks = [
        mock("path = \"/{all...}\"", "all"),
        mock("path = \"/a/{x}\"", "one"),
        mock("path = \"/a/{x}\"\nmethod = \"GET\"", "get"),
        mock("path = \"/a/{x}\"\nmethod = \"HEAD\"", "head"),
        mock("path = \"/a/{x}\"\nservice = \"other\"", "other"),
        mock("path = \"/a/b\"\nmethod = \"POST\"", "post"),
    ];
    let fallback = Stage::with(&mocks.concat()).start();
    let of = |lane, method, target| {
        body(
            Failed {
                lane,
                method,
                ..get(target)
            }
            .on(&fallback),
        )
    };

    assert_eq!(of(0, "GET", "/"), "all");
    assert_eq!(of(0, "GET", "/a/b"), "get");
    assert_eq!(of(0, "HEAD", "/a/b"), "head");
    assert_eq!(of(0, "PUT", "/a/b"), "one");
    assert_eq!(of(0, "POST", "/a/b"), "post");
    assert_eq!(of(2, "GET", "/a/b"), "other");
    assert_eq!(of(2, "GET", "/a/b/c"), "all");
}

#[test]
fn a_mock_for_get_is_for_head_and_for_nothing_else() {
    let fallback = Stage::with(USERS).start();
    let of = |method| {
        Failed {
            method,
            ..get("/users/1")
        }
        .on(&fallback)
    };

    assert!(of("HEAD").is_some());
    assert!(of("POST").is_none() && of("get").is_none());
}

#[test]
fn only_what_was_chosen_is_answered() {
    let faults = Stage::with(USERS).start();
    let stage = Stage::new("folder = \"mocks\"\non = [\"timeout\", \"502\"]\nservices = [\"other\"]\n");
    let chosen = stage.file("a.toml", USERS).start();
    let of = |fallback: &Fallback, trouble, lane| {
        let failed = Failed {
            trouble,
            lane,
            ..get("/users/1")
        };
        failed.on(fallback).is_some()
    };

    for fault in [
        Fault::NoEndpoint,
        Fault::Unreachable,
        Fault::UpstreamTimeout,
        Fault::UpstreamBroken,
    ] {
        assert!(of(&faults, Trouble::Fault(fault), 0), "{fault:?}");
        assert_eq!(
            of(&chosen, Trouble::Fault(fault), 2),
            fault == Fault::UpstreamTimeout,
            "{fault:?}"
        );
    }
    assert!(!of(&faults, Trouble::Fault(Fault::DeadlineExceeded), 0));
    assert!(!faults.rescues_status(502) && chosen.rescues_status(502) && !chosen.rescues_status(503));
    assert!(of(&chosen, Trouble::Status(502), 2) && !of(&chosen, Trouble::Status(503), 2));
    assert!(!of(&chosen, Trouble::Status(502), 0), "it is another service");
}

#[test]
fn what_is_served_and_what_is_not_is_counted_over_reloads() {
    let stage = Stage::with(USERS);
    let first = stage.start();

    get("/users/1").on(&first);
    get("/nothing").on(&first);
    let stage = stage.file("b.toml", "[[mock]]\npath = \"/b\"\n");
    let next = stage
        .read(|settings| {
            let renewed = first.renew(settings, &Arc::new(topology()));
            renewed.map_err(|error| panic!("{error}"))
        })
        .unwrap();
    get("/users/2").on(&*next);
    Failed {
        trouble: Trouble::Fault(Fault::NoEndpoint),
        ..get("/b")
    }
    .on(&*next);

    let text = metrics(&*next);
    for line in [
        "graylane_mocks 2\n",
        "graylane_mocks_served_total{mock=\"user\",reason=\"unreachable\"} 2\n",
        "graylane_mocks_served_total{mock=\"b.toml#1\",reason=\"no-endpoint\"} 1\n",
        "graylane_mocks_missed_total{reason=\"unreachable\"} 1\n",
    ] {
        assert!(text.contains(line), "{text}");
    }
    let request = PageRequest {
        path: "/mocks",
        query: "",
        gateway: &String::new,
    };
    let page: serde_json::Value = serde_json::from_str(&next.page(&request).unwrap().body).unwrap();
    assert_eq!(page["mocks"][1]["served"]["unreachable"], 2, "{page}");
    assert_eq!(page["mocks"][1]["place"], "a.toml:2");
    assert_eq!(page["missed"]["unreachable"], 1);
}

#[test]
fn a_reload_with_a_mistake_is_refused_and_what_is_in_use_goes_on() {
    let stage = Stage::with(USERS);
    let first = stage.start();
    let stage = stage.file("a.toml", "[[mock]]\n");

    let refused = stage.read::<()>(|settings| match first.renew(settings, &Arc::new(topology())) {
        Err(StartError::Settings(error)) => Err(error),
        other => panic!("{other:?}"),
    });

    assert_eq!(refused.unwrap_err().at, "[[mock]]");
    assert!(get("/users/1").on(&first).is_some());
}

#[test]
fn it_is_degraded_for_a_minute_after_a_mock() {
    let fallback = Stage::with(USERS).start();
    let before = fallback.health();

    get("/users/1").on(&fallback);

    let in_ = |seconds| report::health(&fallback, Instant::now() + Duration::from_secs(seconds));
    assert_eq!(before, Health::Good);
    assert!(matches!(in_(30), Health::Degraded(why) if why.starts_with("a mock was served 30 s ago")));
    assert_eq!(in_(120), Health::Good);
}

#[test]
fn an_answer_stays_small_whatever_is_asked() {
    let text = format!(
        "[[mock]]\npath = \"/{{x...}}\"\nbody = \"{}\"\n",
        "{{path.x}}".repeat(256)
    );
    let fallback = Stage::with(&text).start();
    let target = format!("/{}", "%00".repeat(20_000));

    let reply = get(&target).on(&fallback).unwrap();

    assert_eq!(reply.body.len(), 256 * 1024 * '\u{fffd}'.len_utf8());
}
