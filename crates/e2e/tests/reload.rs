//! A configuration that changes while requests are served.

use std::fs;

use graylane_testkit::{Client, Gate, Gateway, LIMIT, Recipe, Traffic, Upstream, eventually};

/// Reloads of the longest test, in all.
const RELOADS: u64 = 1000;

/// A lane that the gateway answers itself.
fn answering(body: &str) -> Recipe {
    Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"))
        .with_token()
        .server("state = \"state\"")
}

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

#[test]
fn a_hang_up_reads_the_configuration_again() {
    let gateway = answering("one").start();

    fs::write(gateway.file(), answering("two").text()).unwrap();
    gateway.signal("HUP");
    gateway.until_revision(2);

    assert_eq!(body(&gateway), "two");
    assert_eq!(gateway.metrics().sum("graylane_config_revision", &[]), 2.0);
}

#[test]
fn a_hang_up_without_a_change_is_counted_and_changes_nothing() {
    let gateway = answering("one").start();

    gateway.signal("HUP");
    eventually(LIMIT, "the signal is heeded", || {
        gateway.changes("signal", "unchanged") == 1
    });

    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
}

#[test]
fn a_hang_up_with_a_mistake_leaves_in_use_what_is_in_use() {
    let gateway = answering("one").start();

    fs::write(gateway.file(), answering("two").limit("body = 0").text()).unwrap();
    gateway.signal("HUP");
    let reason = gateway.until_rejected("`body` is out of range");
    let rejected = gateway.metrics().sum("graylane_config_rejected", &[]);
    fs::write(gateway.file(), answering("three").text()).unwrap();
    gateway.signal("HUP");
    gateway.until_revision(2);

    assert!(reason.contains("graylane.toml:"), "{reason}");
    assert_eq!((rejected, body(&gateway)), (1.0, "three".to_owned()));
    gateway.until_nothing_is_rejected();
    assert_eq!(gateway.metrics().sum("graylane_config_rejected", &[]), 0.0);
}

#[test]
fn keys_that_only_a_restart_can_change_are_refused_by_name() {
    let gateway = answering("one").start();
    let changed = answering("two")
        .server("workers = 3")
        .more("[ofrep]\naddress = \"127.0.0.1:0\"\n[listeners.more]\naddress = \"127.0.0.1:0\"\n")
        .text()
        .replacen("state = \"state\"", "state = \"elsewhere\"", 1)
        .replacen(
            "[admin]\naddress = \"127.0.0.1:0\"",
            "[admin]\naddress = \"127.0.0.1:1\"",
            1,
        );

    let answer = gateway.order("PUT", "/config", &changed);

    assert_eq!(answer.status, 422);
    let error = answer.json()["errors"][0]["message"].to_string();
    for key in [
        "server.workers",
        "server.state",
        "admin.address",
        "ofrep.address",
        "listeners.more.address",
    ] {
        assert!(error.contains(key), "{key}: {error}");
    }
    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
    assert!(fs::read_to_string(gateway.file()).unwrap().contains("one"));
}

#[test]
fn a_limit_holds_from_the_next_request_on_also_on_a_kept_connection() {
    let upstream = Upstream::echo();
    let limited = |limit: &str| Recipe::to(upstream.address()).with_token().limit(limit).text();
    let gateway = Gateway::start(&limited("body = 10"));
    let mut kept = gateway.client();
    let small = kept.post("/", b"ten bytes!").status;

    gateway.order("PUT", "/config", limited("body = 9"));
    let refused = kept.post("/", b"ten bytes!");
    gateway.order("PUT", "/config", limited("body = 11"));
    let again = gateway.client().post("/", b"ten bytes!").status;

    assert_eq!((small, refused.status, again), (200, 413, 200));
    assert_eq!(refused.fault(), "body-too-large");
}

#[test]
fn an_exchange_under_way_ends_under_the_configuration_it_began_with() {
    let gate = Gate::new();
    let old = Upstream::gated(&gate, "old");
    let new = Upstream::fixed("new");
    let to = |upstream: &Upstream| Recipe::to(upstream.address()).with_token();
    let gateway = to(&old).start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    old.until_request("it is under way", |_| true);

    let answer = gateway.order("PUT", "/config", to(&new).text());
    let meanwhile = gateway.client().get("/", &[]).text();
    gate.open();
    let ended = client.response();
    let after = client.get("/", &[]).text();

    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!((meanwhile.as_str(), ended.text().as_str()), ("new", "old"));
    assert_eq!((ended.status, after.as_str()), (200, "new"));
}

/// All users go to one of two lanes, by the parity of `n`; everything that an answer shows tells the parity.
fn flipped(n: u64, even: &Upstream, odd: &Upstream) -> String {
    let word = ["even", "odd"][n as usize % 2];
    Recipe::new()
        .service("paths = [\"/lane\"]")
        .lane("stable", &[even.address()])
        .weighted("odd", (n % 2 * 100) as f64, &[odd.address()])
        .with_token()
        .server("state = \"state\"")
        .more(&format!(
            "[services.own]\nshow_lane = true\nbaseline = {word:?}\n[lanes.own.{word}]\n\
             respond = {{ status = {}, body = \"{word}\", content_type = \"text/{word}\" }}\n# {n}\n",
            200 + n % 2
        ))
        .text()
}

/// Asks both services: an answer that has something of two configurations is a failure.
fn ask(client: &mut Client, connection: (&str, &str)) -> Result<(), String> {
    let fields = [("X-User-Id", "42"), connection];
    // Only the last one may end the connection.
    let lane = client.try_request("GET", "/lane", &fields[..1], b"")?;
    let own = client.try_request("GET", "/", &fields, b"")?;
    // `stable` and `odd` are the lanes, and the upstreams say which of them they were told.
    let (shown, body) = (lane.header("x-gray-version").unwrap_or_default(), lane.text());
    let word = own.text();
    let told = (
        own.header("content-type").unwrap_or_default(),
        own.header("x-gray-version").unwrap_or_default(),
        own.status,
    );
    let status = if word == "odd" { 201 } else { 200 };
    let right = lane.status == 200
        && matches!((shown, &*body), ("stable", "even stable") | ("odd", "odd odd"))
        && told == (&*format!("text/{word}"), &*word, status);
    right
        .then_some(())
        .ok_or_else(|| format!("{} {shown} {body}; {word} {told:?}", lane.status))
}

fn telling(name: &'static str) -> Upstream {
    Upstream::start(move |turn| {
        let lane = turn.head.value("x-gray-version").unwrap_or_default().to_owned();
        turn.fixed(200, &format!("{name} {lane}"))
    })
}

#[test]
fn a_thousand_reloads_under_load_fail_no_request_and_mix_no_answer() {
    let (even, odd) = (telling("even"), telling("odd"));
    let gateway = Gateway::start(&flipped(0, &even, &odd));
    let traffic = Traffic::start(gateway.address(), 2, ask);
    traffic.until_more(10);
    let first = gateway.resident_memory();

    for n in 1..=RELOADS {
        let text = flipped(n, &even, &odd);
        // Each of the ways in turn.
        if n % 2 == 0 {
            let answer = gateway.order("PUT", "/config", text);
            assert_eq!(answer.status, 200, "{}", answer.text());
        } else {
            fs::write(gateway.file(), text).unwrap();
            gateway.signal("HUP");
            gateway.until_revision(n + 1);
        }
    }
    traffic.until_more(10);
    let answers = traffic.end();

    assert_eq!(gateway.revision(), RELOADS + 1);
    let growth = gateway.resident_memory().saturating_sub(first);
    eprintln!(
        "{answers} answers during {RELOADS} reloads; memory grew by {} KiB",
        growth >> 10
    );
    assert!(growth < 32 << 20, "memory grew by {growth} bytes");
}
