//! Health checks: an endpoint that is not well gets no requests until it is.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod grpc;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};
use std::{fs, thread};

use graylane_testkit::{
    Authority, DeadEnd, Gateway, Issued, LIMIT, Next, Recipe, Turn, Upstream, eventually,
};
use serde_json::Value;

/// Asks often, so that nobody waits for long, and leaves a busy machine its time.
const OFTEN: &str = "interval = \"100ms\", timeout = \"10s\"";

/// A lane of these endpoints, which are checked in this way.
fn checked(endpoints: &[SocketAddr], health: &str) -> Recipe {
    let list: Vec<String> = endpoints.iter().map(|at| format!("\"http://{at}\"")).collect();
    let list = list.join(", ");
    let lines = format!("endpoints = [{list}]\nhealth = {{ {health}, {OFTEN} }}\n");
    Recipe::new().lane_lines("stable", &lines).with_token()
}

/// What the admin port says of an endpoint.
fn endpoint(gateway: &Gateway, at: SocketAddr) -> Value {
    endpoint_named(gateway, &at.to_string())
}

fn endpoint_named(gateway: &Gateway, wanted: &str) -> Value {
    let page = gateway.ask("/endpoints").json();
    let all = page["endpoints"].as_array().unwrap();
    let found = all.iter().find(|one| one["endpoint"] == wanted);
    found
        .unwrap_or_else(|| panic!("{wanted} is not in {page}"))
        .clone()
}

/// Waits until a check of the endpoint has ended, and it stands so.
fn until(gateway: &Gateway, at: SocketAddr, healthy: bool) -> Value {
    until_named(gateway, &at.to_string(), healthy)
}

fn until_named(gateway: &Gateway, name: &str, healthy: bool) -> Value {
    eventually(LIMIT, &format!("{name}: healthy is {healthy}"), || {
        let one = endpoint_named(gateway, name);
        one["healthy"] == healthy && !one["checks"]["last"].is_null()
    });
    endpoint_named(gateway, name)
}

/// Who serves so many requests, one after the other.
fn served(gateway: &Gateway, requests: usize) -> Vec<String> {
    let mut client = gateway.client();
    let mut all: Vec<String> = (0..requests).map(|_| client.get("/", &[]).text()).collect();
    all.dedup();
    all.sort();
    all.dedup();
    all
}

fn named(name: &'static str) -> impl Fn(&mut Turn<'_>) -> Next + Send + Sync + 'static {
    move |turn| turn.fixed(200, name)
}

/// Answers checks with a status that the test changes, and everything else with its name.
fn moody(name: &'static str) -> (Upstream, Arc<AtomicU16>) {
    let status = Arc::new(AtomicU16::new(200));
    let mood = Arc::clone(&status);
    let upstream = Upstream::start(move |turn| match turn.head.target() {
        "/healthz" => turn.fixed(mood.load(SeqCst), ""),
        _ => turn.fixed(200, name),
    });
    (upstream, status)
}

#[test]
fn an_endpoint_that_dies_is_out_and_comes_back_when_it_lives_again() {
    let place = DeadEnd::new();
    let steady = Upstream::start(named("steady"));
    let mortal = place.serve(named("mortal"));
    let gateway = checked(&[steady.address(), place.address()], "kind = \"http\"").start();
    until(&gateway, place.address(), true);
    let both = served(&gateway, 20);

    drop(mortal);
    let out = until(&gateway, place.address(), false);
    let one = served(&gateway, 20);
    let _reborn = place.serve(named("reborn"));
    until(&gateway, place.address(), true);
    let again = served(&gateway, 20);

    assert_eq!(
        (both, one, again),
        (
            vec!["mortal".to_owned(), "steady".into()],
            vec!["steady".into()],
            vec!["reborn".into(), "steady".into()]
        )
    );
    assert!(
        out["checks"]["last"]["found"]
            .as_str()
            .unwrap()
            .contains("unreachable"),
        "{out}"
    );
    let (log, name) = (gateway.stderr(), place.address());
    let told = |end: &str| log.contains(&format!("endpoint {name} of lane stable of shop {end}"));
    assert!(
        told("is out: checks that failed in a row: 3; the last: unreachable"),
        "{log}"
    );
    assert!(told("is back: checks that passed in a row: 2"), "{log}");
}

#[test]
fn an_endpoint_that_fails_its_first_check_is_out_at_once_and_says_why() {
    let (sick, status) = moody("sick");
    let (well, _) = moody("well");
    status.store(503, SeqCst);
    let health = "kind = \"http\", path = \"/healthz\", fails = 100";

    let gateway = checked(&[sick.address(), well.address()], health).start();
    let out = until(&gateway, sick.address(), false);
    until(&gateway, well.address(), true);

    assert_eq!(out["checks"]["last"]["found"], "status 503");
    assert_eq!(served(&gateway, 10), ["well"]);
    let metrics = gateway.metrics();
    let at = |one: &Upstream| one.address().to_string();
    for (name, healthy, result) in [(at(&sick), 0.0, "status"), (at(&well), 1.0, "passed")] {
        let labels = [
            ("service", "shop"),
            ("lane", "stable"),
            ("endpoint", name.as_str()),
        ];
        assert_eq!(metrics.sum("graylane_endpoint_healthy", &labels), healthy);
        let mut labels = labels.to_vec();
        labels.push(("result", result));
        assert!(metrics.sum("graylane_health_checks_total", &labels) >= 1.0);
    }
}

#[test]
fn a_lane_of_which_none_is_healthy_is_shown_and_still_asked() {
    let (one, first) = moody("one");
    let (other, second) = moody("other");
    let health = "kind = \"http\", path = \"/healthz\", fails = 1, passes = 1";
    let gateway = checked(&[one.address(), other.address()], health).start();
    until(&gateway, one.address(), true);
    let before = gateway.readiness();

    first.store(500, SeqCst);
    second.store(404, SeqCst);
    until(&gateway, one.address(), false);
    until(&gateway, other.address(), false);
    let without = gateway.readiness();
    let answers = served(&gateway, 10);
    first.store(200, SeqCst);
    until(&gateway, one.address(), true);
    let after = gateway.readiness();

    let told = |page: &Value| page["lanes_without_healthy_endpoint"].clone();
    assert_eq!(
        (told(&before), told(&after)),
        (serde_json::json!({}), serde_json::json!({}))
    );
    let why = &told(&without)["shop/stable"];
    assert_eq!(why[one.address().to_string()], "status 500", "{without}");
    assert_eq!(why[other.address().to_string()], "status 404", "{without}");
    assert_eq!(without["ready"], true);
    assert_eq!(answers, ["one", "other"]);
}

#[test]
fn endpoints_that_hang_drip_or_talk_without_end_are_out_each_with_its_reason() {
    let hanging = Upstream::start(|turn| turn.hang());
    let dripping = Upstream::start(|turn| {
        while turn.write("H") {
            // Ends with the connection; paced by the gateway's reading.
            thread::park_timeout(std::time::Duration::from_millis(20));
        }
        Next::Close
    });
    let endless = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\n");
        while turn.write("X-More: and more\r\n") {}
        Next::Close
    });
    let nonsense = Upstream::start(|turn| {
        turn.write("SSH-2.0-OpenSSH_9.2\r\n\r\n");
        Next::Close
    });
    let all = [&hanging, &dripping, &endless, &nonsense].map(Upstream::address);
    let recipe = checked(&all, "kind = \"http\"").text().replace("10s", "300ms");

    let gateway = Gateway::start(&recipe);
    let found = all.map(|at| {
        let one = until(&gateway, at, false);
        one["checks"]["last"]["found"].as_str().unwrap().to_owned()
    });

    assert_eq!(found[0], "no answer in time");
    assert!(
        found[1] == "no answer in time" || found[1].starts_with("broken"),
        "{found:?}"
    );
    assert!(found[2].starts_with("broken"), "{found:?}");
    assert!(found[3].starts_with("broken"), "{found:?}");
}

#[test]
fn an_endpoint_that_takes_connections_passes_a_check_of_tcp_whatever_it_says() {
    let place = DeadEnd::new();
    let mute = place.serve(|turn| turn.hang());
    let gateway = checked(&[place.address()], "kind = \"tcp\"").start();

    until(&gateway, place.address(), true);
    drop(mute);
    let out = until(&gateway, place.address(), false);

    assert!(out["checks"]["passed"].as_u64() >= Some(1), "{out}");
    assert!(out["checks"]["failed"].as_u64() >= Some(3), "{out}");
}

#[test]
fn an_endpoint_that_flaps_below_its_threshold_stays() {
    let turn = Arc::new(AtomicU16::new(0));
    let counted = Arc::clone(&turn);
    let flapping = Upstream::start(move |turn| {
        // Two of three checks fail, never three in a row; the first passes.
        let status = if counted.fetch_add(1, SeqCst).is_multiple_of(3) {
            200
        } else {
            500
        };
        turn.fixed(status, "")
    });
    let gateway = checked(&[flapping.address()], "kind = \"http\"").start();

    eventually(LIMIT, "a dozen checks have ended", || {
        endpoint(&gateway, flapping.address())["checks"]["failed"].as_u64() >= Some(12)
    });

    assert_eq!(endpoint(&gateway, flapping.address())["healthy"], true);
    assert!(!gateway.stderr().contains("is out"), "{}", gateway.stderr());
}

#[test]
fn an_endpoint_that_passes_its_checks_and_fails_its_requests_stays() {
    let liar = Upstream::start(|turn| match turn.head.target() {
        "/healthz" => turn.fixed(200, ""),
        _ => turn.fixed(500, "no"),
    });
    let gateway = checked(&[liar.address()], "kind = \"http\", path = \"/healthz\"").start();
    until(&gateway, liar.address(), true);

    let status = gateway.client().get("/", &[]).status;

    // What requests find is the breaker's matter.
    assert_eq!(status, 500);
    assert_eq!(endpoint(&gateway, liar.address())["healthy"], true);
}

/// A gateway as an endpoint: over TLS by this certificate, and for HTTP/2 too.
fn secured(issued: &Issued) -> Gateway {
    let recipe = Recipe::new()
        .lane_lines("stable", "respond = { body = \"secured\" }\n")
        .more("[listeners.web.tls]\ncertificates = [{ certificate = \"a.pem\", key = \"a.key\" }]\n");
    let setup = recipe.setup().file("a.pem", &issued.certificate);
    setup.file("a.key", &issued.key).start()
}

#[test]
fn a_check_over_tls_demands_the_same_proof_as_a_request() {
    let (known, strange) = (Authority::new(), Authority::new());
    let good = secured(&known.give(&["127.0.0.1"]));
    let other = secured(&strange.give(&["127.0.0.1"]));
    for (kind, protocol) in [("tcp", "http1"), ("http", "http1"), ("http", "http2")] {
        let lines = format!(
            "endpoints = [\"https://{}\", \"https://{}\"]\nprotocol = \"{protocol}\"\ntls = {{ ca = \"ca.pem\" }}\n\
             health = {{ kind = \"{kind}\", {OFTEN} }}\n",
            good.address(),
            other.address()
        );
        let gateway = Recipe::new().lane_lines("stable", &lines).setup();
        let gateway = gateway.file("ca.pem", known.pem()).start();

        let out = until_named(&gateway, &format!("https://{}", other.address()), false);
        until_named(&gateway, &format!("https://{}", good.address()), true);

        let found = out["checks"]["last"]["found"].as_str().unwrap();
        assert!(
            found.starts_with("unreachable: invalid peer certificate"),
            "{kind} {protocol}: {found}"
        );
        assert_eq!(served(&gateway, 4), ["secured"], "{kind} {protocol}");
    }
}

#[test]
fn a_reload_changes_what_is_asked_and_keeps_what_is_known() {
    let upstream = Upstream::start(|turn| match turn.head.target() {
        "/new" => turn.fixed(500, ""),
        _ => turn.fixed(200, "served"),
    });
    let at = upstream.address();
    let gateway = checked(&[at], "kind = \"http\", path = \"/old\"").start();
    let before = until(&gateway, at, true);

    let changed = checked(&[at], "kind = \"http\", path = \"/new\"");
    assert_eq!(gateway.order("PUT", "/config", changed.text()).status, 200);
    let after = until(&gateway, at, false);

    assert!(after["checks"]["passed"].as_u64() >= before["checks"]["passed"].as_u64());
    assert!(
        after["checks"]["failed"].as_u64() >= Some(3),
        "not at once: it was well, {after}"
    );
}

#[test]
fn a_lane_that_is_checked_no_more_is_healthy_again() {
    let (one, status) = moody("one");
    let (other, _) = moody("other");
    status.store(500, SeqCst);
    let health = "kind = \"http\", path = \"/healthz\"";
    let with = checked(&[one.address(), other.address()], health);
    let gateway = with.start();
    until(&gateway, one.address(), false);

    let without: String = with
        .text()
        .lines()
        .filter(|line| !line.starts_with("health ="))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(gateway.order("PUT", "/config", without).status, 200);
    eventually(LIMIT, "it is healthy", || {
        endpoint(&gateway, one.address())["healthy"] == true
    });

    assert_eq!(endpoint(&gateway, one.address())["checks"], Value::Null);
    assert_eq!(served(&gateway, 20), ["one", "other"]);
    assert!(!gateway.metrics().has("graylane_endpoint_healthy"));
}

#[test]
fn an_endpoint_that_is_gone_is_asked_no_more() {
    let (stays, _) = moody("stays");
    let (goes, _) = moody("goes");
    let health = "kind = \"http\", path = \"/healthz\"";
    let gateway = checked(&[stays.address(), goes.address()], health).start();
    until(&gateway, goes.address(), true);

    let fewer = checked(&[stays.address()], health);
    assert_eq!(gateway.order("PUT", "/config", fewer.text()).status, 200);
    // The change is followed before the next check of who stays begins.
    let checks = || stays.requests().len();
    let seen = checks();
    eventually(LIMIT, "two more checks", || checks() >= seen + 2);
    let asked = goes.requests().len();
    let seen = checks();
    eventually(LIMIT, "five more checks", || checks() >= seen + 5);

    assert_eq!(goes.requests().len(), asked);
}

#[test]
fn a_mistake_in_the_table_is_told_with_its_place() {
    let gateway = checked(&[SocketAddr::from(([127, 0, 0, 1], 1))], "kind = \"tcp\"").start();
    let text = fs::read_to_string(gateway.file()).unwrap();

    let answer = gateway.order("PUT", "/config", text.replace("\"tcp\"", "\"tpc\""));

    assert_eq!(answer.status, 422);
    let error = answer.json()["errors"][0].to_string();
    assert!(
        error.contains("no kind of check") && error.contains("did you mean `tcp`?"),
        "{error}"
    );
}

#[test]
fn whom_the_checks_have_put_out_is_asked_when_everybody_else_has_just_died() {
    let (sick, status) = moody("sick");
    status.store(503, SeqCst);
    let place = DeadEnd::new();
    let mortal = place.serve(named("mortal"));
    let list = format!("\"http://{}\", \"http://{}\"", sick.address(), place.address());
    let health = "{ kind = \"http\", path = \"/healthz\", interval = \"1h\", timeout = \"10s\" }";
    let lines = format!("endpoints = [{list}]\nhealth = {health}\n");
    let gateway = Recipe::new().lane_lines("stable", &lines).with_token().start();
    until(&gateway, sick.address(), false);
    until(&gateway, place.address(), true);
    let well = served(&gateway, 20);

    // Nobody checks again within this test.
    drop(mortal);
    let left = served(&gateway, 20);

    assert_eq!((well, left), (vec!["mortal".to_owned()], vec!["sick".to_owned()]));
}

#[test]
fn an_explanation_says_who_answers_in_place_of_a_lane_that_is_down() {
    let (dead, stable) = (DeadEnd::new(), Upstream::fixed("stable"));
    let canary = format!(
        "weight = 100.0\nendpoints = [\"http://{}\"]\nhealth = {{ kind = \"tcp\", {OFTEN} }}\n",
        dead.address()
    );
    let recipe = Recipe::to(stable.address())
        .lane_lines("canary", &canary)
        .with_token();
    let fallback = |recipe: Recipe| {
        let gateway = recipe.start();
        until(&gateway, dead.address(), false);
        let explanation = gateway.ask("/explain?host=test.local&path=/").json();
        assert_eq!(explanation["lane"], "canary");
        let answer = gateway.client().get("/", &[]);
        (explanation["fallback"].clone(), answer.status, answer.text())
    };

    let instead = fallback(recipe.clone());
    let (nobody, status, _) = fallback(recipe.service("fallback = \"fail\""));

    assert_eq!(instead, ("stable".into(), 200, "stable".to_owned()));
    assert_eq!((nobody, status), (Value::Null, 502));
}
