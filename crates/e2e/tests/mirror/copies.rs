//! What is copied, and what a copy is.

use std::time::Instant;

use graylane_testkit::{DeadEnd, Gate, LIMIT, Next, Recipe, Response, Upstream, eventually};

use super::{compared, copied, dropped, failed, mirrored, until_copied};

#[test]
fn every_request_goes_to_the_other_lane_as_well_and_is_marked() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();
    let mut client = gateway.client();

    let got = client.get("/a?b=c", &[("X-A", "1")]);
    let posted = client.post("/p", b"hello");
    client.send("PUT /c HTTP/1.1\r\nHost: test.local\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
    let put = client.response();

    assert_eq!([got.status, posted.status, put.status], [200; 3]);
    assert_eq!(
        (got.header("x-gray-version"), put.json()["body"].as_str()),
        (Some("stable"), Some("hello world"))
    );
    let metrics = until_copied(&gateway, 3);
    let (mut seen, mut copies) = (stable.requests(), next.requests());
    copies.sort_by_key(|copy| copy.head.target().to_owned());
    seen.sort_by_key(|one| one.head.target().to_owned());
    assert_eq!(copies.len(), 3);
    for (one, copy) in seen.iter().zip(&copies) {
        assert_eq!((&one.head.first, &one.body), (&copy.head.first, &copy.body));
        assert_eq!(one.head.value("x-gray-version"), Some("stable"));
        assert_eq!(copy.head.values("x-gray-version"), ["next"]);
        assert_eq!(
            (one.head.value("x-gray-mirror"), copy.head.values("x-gray-mirror")),
            (None, vec!["stable"])
        );
        for field in ["host", "x-a", "traceparent", "x-forwarded-for", "content-length"] {
            assert_eq!(one.head.values(field), copy.head.values(field), "{field}");
        }
        assert!(copy.complete);
    }
    assert_eq!((stable.faults(), next.faults()), (Vec::new(), Vec::new()));
    assert_eq!(compared(&metrics, "2xx", "2xx"), 3);
    for side in ["original", "mirror"] {
        let count = metrics.sum("graylane_mirror_head_seconds_count", &[("side", side)]);
        assert_eq!(count, 3.0, "{side}");
    }
}

#[test]
fn what_each_side_took_is_told_apart() {
    let gate = Gate::new();
    let stable = Upstream::fixed("original");
    let next = Upstream::gated(&gate, "copy");
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    let asked = Instant::now();
    gateway.client().get("/", &[]);
    let original = asked.elapsed();
    next.until_request("the copy arrived", |_| true);
    let held = Instant::now();
    // The copy is held up for longer than the original took.
    eventually(LIMIT, "time goes by", || held.elapsed() > original);
    let held = held.elapsed();
    gate.open();

    let metrics = until_copied(&gateway, 1);
    let took = |side| metrics.sum("graylane_mirror_head_seconds_sum", &[("side", side)]);
    assert!(took("original") <= original.as_secs_f64(), "{}", took("original"));
    assert!(took("mirror") >= held.as_secs_f64(), "{}", took("mirror"));
}

#[test]
fn copies_do_not_count_as_traffic_of_either_lane() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    for _ in 0..5 {
        gateway.client().get("/", &[]);
    }

    let metrics = until_copied(&gateway, 5);
    let requests = |lane| metrics.sum("graylane_requests_total", &[("lane", lane)]);
    assert_eq!((requests("stable"), requests("next")), (5.0, 0.0));
    assert_eq!(metrics.sum("graylane_exchanges_in_flight", &[]), 0.0);
}

#[test]
fn connections_to_the_other_lane_are_used_again() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();
    let mut client = gateway.client();

    for copies in 1..=5 {
        client.post("/", b"body");
        until_copied(&gateway, copies);
    }
    next.close_connections();
    client.get("/", &[]);

    let metrics = until_copied(&gateway, 6);
    assert_eq!((next.requests().len(), next.connections()), (6, 2));
    assert_eq!(compared(&metrics, "2xx", "2xx"), 6);
}

#[test]
fn a_share_is_what_goes_and_none_is_none() {
    for (share, from, to) in [("0", 0, 0), ("10", 50, 150), ("\"0.001%\"", 0, 5)] {
        let (stable, next) = (Upstream::fixed("original"), Upstream::fixed("copy"));
        let gateway = mirrored(stable.address(), next.address(), &format!("share = {share}")).start();
        let mut client = gateway.client();

        let answers: Vec<_> = (0..1_000).map(|_| client.get("/", &[]).text()).collect();

        let copies = copied(&gateway.metrics());
        assert!(answers.iter().all(|text| text == "original"));
        assert!((from..=to).contains(&copies), "{copies} of {share} %");
    }
}

#[test]
fn only_the_methods_that_are_named_are_copied() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let lines = "share = 100\nmethods = [\"GET\", \"HEAD\"]";
    let gateway = mirrored(stable.address(), next.address(), lines).start();
    let mut client = gateway.client();

    client.post("/", b"written once");
    client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
    client.response_to_head();
    client.get("/g", &[]);

    until_copied(&gateway, 2);
    let mut methods: Vec<_> = next
        .requests()
        .iter()
        .map(|one| one.head.method().to_owned())
        .collect();
    methods.sort();
    assert_eq!(
        (methods, stable.requests().len()),
        (vec!["GET".to_owned(), "HEAD".to_owned()], 3)
    );
}

#[test]
fn a_copy_is_not_copied_again_and_a_stranger_cannot_pass_for_one() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let to_and_fro = mirrored(stable.address(), next.address(), "share = 100")
        .more("[lanes.shop.next.mirror]\nto = \"stable\"\nshare = 100\n");
    let believing = to_and_fro.clone().trusting().start();
    let doubting = to_and_fro.start();

    let named = ("Connection", "close, x-gray-mirror");
    let passed = believing
        .client()
        .get("/copy", &[("X-Gray-Mirror", "elsewhere"), named]);
    let stripped = doubting.client().get(
        "/",
        &[("X-Gray-Mirror", "stable"), ("X_Gray_Mirror", "stable"), named],
    );

    until_copied(&doubting, 1);
    let field = |answer: &Response| {
        let seen = answer.json();
        let fields = seen["headers"].as_array().unwrap().clone();
        let named = fields
            .iter()
            .filter(|field| field[0].as_str().unwrap().contains("mirror"));
        named
            .map(|field| field[1].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (field(&passed), field(&stripped)),
        (vec!["elsewhere".to_owned()], Vec::new())
    );
    assert_eq!(copied(&believing.metrics()), 0);
    let copy = next.only_request().head;
    assert_eq!(copy.values("x-gray-mirror"), ["stable"]);
    assert!(!copy.has("x_gray_mirror"));
    assert_eq!(stable.requests().len(), 2);
}

#[test]
fn what_wants_more_than_an_answer_is_not_copied() {
    let stable = Upstream::start(|turn| match turn.head.has("upgrade") {
        true => turn.upgrade_and_echo("websocket", ""),
        false => turn.echo(),
    });
    let next = Upstream::echo();
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    let mut waiting = gateway.client();
    waiting.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    waiting.send("abc");
    let told = waiting.response();
    let mut talking = gateway.client();
    talking.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let (switched, _) = talking.response_head().unwrap();

    assert_eq!((told.status, switched.status()), (200, 101));
    let metrics = gateway.metrics();
    assert_eq!(
        (
            copied(&metrics),
            dropped(&metrics, "unfit"),
            next.requests().len()
        ),
        (0, 2, 0)
    );
}

#[test]
fn a_copy_goes_on_when_the_client_has_left() {
    let gate = Gate::new();
    let stable = Upstream::start(|turn| turn.hang());
    let next = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.echo()
        }
    });
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    let mut client = gateway.client();
    client.send("POST /left HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    next.until_request("the copy arrived", |seen| seen.head.target() == "/left");
    drop(client);
    eventually(LIMIT, "the original is over", || stable.open() == 0);
    gate.open();

    let metrics = until_copied(&gateway, 1);
    assert_eq!(
        (compared(&metrics, "none", "2xx"), next.only_request().body),
        (1, b"hello".to_vec())
    );
}

#[test]
fn nothing_goes_to_the_other_lane_before_the_request_is_whole() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    let mut leaving = gateway.client();
    leaving.send("POST /cut HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    stable.until_request("the original begins", |seen| seen.head.target() == "/cut");
    let begun = gateway.metrics();
    drop(leaving);
    eventually(LIMIT, "it is given up", || {
        dropped(&gateway.metrics(), "unsent") == 1
    });

    assert_eq!(begun.sum("graylane_mirror_in_flight", &[]), 1.0);
    let metrics = gateway.metrics();
    assert_eq!(metrics.sum("graylane_mirror_in_flight", &[]), 0.0);
    assert_eq!((copied(&metrics), next.connections()), (0, 0));
}

#[test]
fn a_request_that_no_endpoint_took_is_not_copied() {
    let nobody = DeadEnd::new();
    let next = Upstream::echo();
    let gateway = mirrored(nobody.address(), next.address(), "share = 100").start();

    let response = gateway.client().post("/", b"hello");

    assert_eq!((response.status, response.fault()), (502, "unreachable"));
    eventually(LIMIT, "its copy is given up", || {
        dropped(&gateway.metrics(), "unsent") == 1
    });
    assert_eq!((copied(&gateway.metrics()), next.connections()), (0, 0));
}

#[test]
fn what_differs_is_seen() {
    let stable = Upstream::fixed("fine");
    let next = Upstream::start(|turn| {
        let status = turn.head.target()[1..].parse().unwrap();
        match status {
            0 => Next::Close,
            status => turn.fixed(status, ""),
        }
    });
    let gateway = mirrored(stable.address(), next.address(), "share = 100").start();

    for target in ["/200", "/302", "/404", "/404", "/500", "/0"] {
        let response = gateway.client().post(target, b"x");

        assert_eq!((response.status, response.text().as_str()), (200, "fine"));
    }

    let metrics = until_copied(&gateway, 6);
    let seen = ["2xx", "3xx", "4xx", "5xx", "none"].map(|mirror| compared(&metrics, "2xx", mirror));
    assert_eq!((seen, failed(&metrics, "broken")), ([1, 1, 2, 1, 1], 1));
    let heads = |side| metrics.sum("graylane_mirror_head_seconds_count", &[("side", side)]);
    assert_eq!((heads("original"), heads("mirror")), (5.0, 5.0));
}

#[test]
fn without_a_mirror_there_is_no_word_of_it() {
    let stable = Upstream::echo();
    let gateway = Recipe::to(stable.address()).start();

    gateway.client().get("/", &[]);

    assert!(!gateway.ask("/metrics").text().contains("mirror"));
}
