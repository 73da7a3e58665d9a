//! `explain` says offline what the gateway does online, from the command line and from the admin port.

use std::process::Command;

use graylane_testkit::{Gateway, Ran, Recipe, Upstream, binary, run};
use serde_json::Value;

fn explain(gateway: &Gateway, arguments: &[&str]) -> Ran {
    run(Command::new(binary())
        .args(["explain", "--json", "-c"])
        .arg(gateway.file())
        .args(arguments))
}

fn gateway(stable: &Upstream, canary: &Upstream) -> Gateway {
    Recipe::new()
        .key(r#"["header:X-User-Id", "cookie:uid", "query:uid"]"#)
        .service("paths = [\"/\", \"/shop\"]")
        .lane("stable", &[stable.address()])
        .weighted("canary", 30.0, &[canary.address()])
        .trusting()
        .start()
}

#[test]
fn five_hundred_users_are_routed_as_explained() {
    let (stable, canary) = (Upstream::fixed("stable"), Upstream::fixed("canary"));
    let gateway = gateway(&stable, &canary);
    let check = |user: usize| {
        let key = format!("u{user}");
        let header = format!("X-User-Id: {key}");
        let offline = explain(&gateway, &["--host", "test.local", "--path", "/", "-H", &header]).json();
        let live = gateway
            .ask(&format!("/explain?host=test.local&path=/&header=X-User-Id:{key}"))
            .json();
        let routed = gateway.client().get("/", &[("X-User-Id", &key)]).text();

        assert_eq!(offline, live, "{key}");
        assert_eq!(offline["lane"], routed.as_str(), "{key}");
        routed == "canary"
    };

    let canaries: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|part| scope.spawn(move || (0..125).filter(|n| check(part * 125 + n)).count()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });

    assert!((100..=200).contains(&canaries), "{canaries} of 500 at 30 %");
}

#[test]
fn an_explanation_gives_every_reason() {
    let upstream = Upstream::fixed("x");
    let gateway = gateway(&upstream, &upstream);
    let ask = |arguments: &[&str]| explain(&gateway, &[&["--host", "any.test"], arguments].concat()).json();

    // Bucket 28,899 of key `1` under salt `shop` is a golden value of the hash.
    let canary = ask(&["--path", "/shop/cart", "-H", "X-User-Id: 1"]);

    assert_eq!(
        (&canary["service"], &canary["lane"], &canary["reason"]),
        (&"shop".into(), &"canary".into(), &"weight".into())
    );
    assert_eq!(
        (&canary["bucket"], &canary["buckets"]),
        (&28_899.into(), &100_000.into())
    );
    assert_eq!(canary["interval"], serde_json::json!([0, 30_000]));
    assert_eq!(
        canary["key"],
        serde_json::json!({"source": "header:x-user-id", "value": "1"})
    );
    assert_eq!(
        (&canary["rule"]["path"], &canary["weight"]),
        (&"/shop".into(), &"30 %".into())
    );
    assert_eq!(canary["revision"], 1);
    let stable = ask(&["--path", "/", "-H", "X-User-Id: user-42"]);
    assert_eq!(
        (&stable["lane"], &stable["reason"], &stable["interval"]),
        (&"stable".into(), &"baseline".into(), &Value::Null)
    );
}

#[test]
fn the_key_is_looked_for_in_the_order_of_the_sources() {
    let upstream = Upstream::fixed("x");
    let gateway = gateway(&upstream, &upstream);
    let source = |arguments: &[&str]| {
        let record = explain(&gateway, &[&["--host", "a"], arguments].concat()).json();
        (record["key"]["source"].clone(), record["key"]["value"].clone())
    };

    let all = source(&["--path", "/?uid=q", "-H", "Cookie: uid=c", "-H", "X-User-Id: h"]);
    let cookie = source(&["--path", "/?uid=q", "-H", "Cookie: uid=c"]);
    let query = source(&["--path", "/?uid=q"]);
    let client = source(&["--path", "/", "--peer", "203.0.113.5"]);

    assert_eq!(all, ("header:x-user-id".into(), "h".into()));
    assert_eq!(cookie, ("cookie:uid".into(), "c".into()));
    assert_eq!(query, ("query:uid".into(), "q".into()));
    assert_eq!(client, ("client".into(), "203.0.113.5".into()));
}

#[test]
fn a_wish_counts_only_from_a_trusted_peer() {
    let upstream = Upstream::fixed("x");
    let gateway = gateway(&upstream, &upstream);
    let ask = |peer: &str, lane: &str| {
        let header = format!("X-Gray-Version: {lane}");
        let arguments = [
            "--host",
            "a",
            "--path",
            "/",
            "--peer",
            peer,
            "-H",
            "X-User-Id: user-42",
            "-H",
            &header,
        ];
        let offline = explain(&gateway, &arguments).json();
        let query = format!(
            "/explain?host=a&path=/&peer={peer}&header=X-User-Id:user-42&header=X-Gray-Version:{lane}"
        );
        assert_eq!(offline, gateway.ask(&query).json());
        (offline["lane"].clone(), offline["reason"].clone())
    };

    assert_eq!(ask("127.0.0.1", "canary"), ("canary".into(), "forced".into()));
    assert_eq!(
        ask("127.0.0.1", "blue"),
        ("stable".into(), "forced-unknown".into())
    );
    assert_eq!(ask("203.0.113.5", "canary"), ("stable".into(), "baseline".into()));
}

#[test]
fn people_get_an_explanation_in_words() {
    let upstream = Upstream::fixed("x");
    let gateway = gateway(&upstream, &upstream);

    let ran = run(Command::new(binary())
        .args([
            "explain",
            "--host",
            "a",
            "--path",
            "/",
            "-H",
            "X-User-Id: 1",
            "-c",
        ])
        .arg(gateway.file()));

    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for word in ["shop", "canary", "28899", "header:x-user-id"] {
        assert!(
            ran.stdout.replace([',', '_'], "").contains(word),
            "{word}: {}",
            ran.stdout
        );
    }
}

#[test]
fn a_request_that_no_service_matches_has_an_exit_code_of_its_own() {
    let upstream = Upstream::fixed("x");
    let gateway = Recipe::to(upstream.address())
        .service("hosts = [\"shop.test\"]")
        .start();

    let ran = explain(&gateway, &["--host", "other.test", "--path", "/"]);

    assert_eq!(ran.code, 17, "{ran:?}");
    assert_eq!(gateway.ask("/explain?host=other.test&path=/").status, 404);
}
