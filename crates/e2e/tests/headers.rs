//! What the gateway takes out of a head and what it puts in, both ways.

use graylane_testkit::{Head, Recipe, Upstream};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn seen_with(recipe: Recipe, fields: &[(&str, &str)]) -> Head {
    let upstream = Upstream::echo();
    let gateway = recipe.lane("stable", &[upstream.address()]).start();
    assert_eq!(gateway.client().get("/", fields).status, 200);
    upstream.only_request().head
}

#[test]
fn hop_by_hop_fields_of_a_request_end_at_the_gateway() {
    let fields = [
        ("Connection", "keep-alive, Foo"),
        ("Connection", "X-Bar"),
        ("Foo", "1"),
        ("X-Bar", "2"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("Proxy-Authorization", "Basic eDp5"),
        ("TE", "gzip, trailers"),
        ("Upgrade", "h2c"),
        ("X-Kept", "3"),
    ];

    let seen = seen_with(Recipe::new(), &fields);

    for name in [
        "foo",
        "x-bar",
        "keep-alive",
        "proxy-connection",
        "proxy-authorization",
        "upgrade",
    ] {
        assert!(!seen.has(name), "{name}: {seen:?}");
    }
    // The gateway may ask for trailers itself, and for nothing else.
    assert!(matches!(seen.value("te"), None | Some("trailers")), "{seen:?}");
    assert!(
        seen.values("connection")
            .iter()
            .all(|value| !value.to_ascii_lowercase().contains("foo")),
        "{seen:?}"
    );
    assert_eq!(seen.value("x-kept"), Some("3"));
}

#[test]
fn hop_by_hop_fields_of_an_answer_end_at_the_gateway() {
    let upstream = Upstream::start(|turn| {
        turn.fixed_with(
            200,
            "Connection: close, X-Bar\r\nX-Bar: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nX-Kept: 2\r\n",
            "body",
        );
        graylane_testkit::Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for _ in 0..2 {
        let response = client.get("/", &[]);

        for name in ["x-bar", "keep-alive", "proxy-connection"] {
            assert!(!response.head.has(name), "{name}: {:?}", response.head);
        }
        assert!(response.header("connection") != Some("close") && response.header("x-kept") == Some("2"));
    }
}

#[test]
fn fields_that_every_message_needs_cannot_be_named_away() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Content-Length, X-Gray-Version, X-Forwarded-For\r\n\
         Content-Length: 3\r\n\r\nabc",
    );
    let response = client.response();

    if response.status == 400 {
        assert_eq!(upstream.connections(), 0);
        return;
    }
    assert_eq!(response.json()["body"], "abc");
    let seen = upstream.only_request().head;
    assert_eq!(
        (seen.value("host"), seen.value("x-gray-version")),
        (Some("a"), Some("stable"))
    );
    assert_eq!(seen.value("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn the_upstream_learns_who_asked_and_how() {
    let seen = seen_with(Recipe::new(), &[("Host", "Shop.Test:8080")]);

    assert_eq!(seen.value("host"), Some("Shop.Test:8080"));
    assert_eq!(seen.value("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.value("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.value("x-forwarded-host"), Some("Shop.Test:8080"));
    let forwarded = seen.value("forwarded").unwrap();
    let pairs: Vec<_> = forwarded.split(';').map(str::trim).collect();
    // RFC 7239, section 4: a colon is no token character, so the host stands in quotes.
    for pair in ["for=127.0.0.1", "proto=http", "host=\"Shop.Test:8080\""] {
        assert!(
            pairs.iter().any(|other| other.eq_ignore_ascii_case(pair)),
            "{pair}: {forwarded}"
        );
    }
}

#[test]
fn what_a_stranger_says_about_forwarding_is_not_believed() {
    let fields = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "evil.test"),
        ("Forwarded", "for=203.0.113.9;proto=https"),
    ];

    let seen = seen_with(Recipe::new(), &fields);

    assert_eq!(seen.value("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.value("x-forwarded-proto"), Some("http"));
    assert_eq!(seen.value("x-forwarded-host"), Some("test.local"));
    assert!(
        !seen.value("forwarded").unwrap().contains("203.0.113.9"),
        "{seen:?}"
    );
}

#[test]
fn what_a_trusted_peer_says_about_forwarding_is_carried_on() {
    let fields = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.test"),
        ("Forwarded", "for=203.0.113.9;proto=https"),
    ];

    let seen = seen_with(Recipe::new().trusting(), &fields);

    assert_eq!(
        seen.values("x-forwarded-for").join(", "),
        "203.0.113.9, 127.0.0.1"
    );
    assert_eq!(seen.value("x-forwarded-proto"), Some("https"));
    assert_eq!(seen.value("x-forwarded-host"), Some("shop.test"));
    let forwarded = seen.values("forwarded").join(", ");
    assert!(
        forwarded.starts_with("for=203.0.113.9;proto=https, "),
        "{forwarded}"
    );
    assert!(
        forwarded.to_ascii_lowercase().contains("for=127.0.0.1"),
        "{forwarded}"
    );
}

#[test]
fn a_trace_is_made_where_there_is_none() {
    let seen = seen_with(Recipe::new(), &[]);

    let parent = seen.value("traceparent").unwrap();
    let parts: Vec<_> = parent.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [2, 32, 16, 2],
        "{parent}"
    );
    assert!(
        parent.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')),
        "{parent}"
    );
    assert!(
        parts[0] == "00" && parts[1] != "0".repeat(32) && parts[2] != "0".repeat(16),
        "{parent}"
    );
}

#[test]
fn two_requests_have_two_traces() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.get("/", &[]);
    client.get("/", &[]);

    let traces: Vec<_> = upstream
        .requests()
        .iter()
        .map(|seen| seen.head.value("traceparent").unwrap()[3..35].to_owned())
        .collect();
    assert_ne!(traces[0], traces[1]);
}

#[test]
fn a_trace_that_is_there_goes_on() {
    let seen = seen_with(Recipe::new(), &[("traceparent", PARENT), ("tracestate", "a=b")]);

    assert_eq!(
        (
            &seen.value("traceparent").unwrap()[..35],
            seen.value("tracestate")
        ),
        (&PARENT[..35], Some("a=b"))
    );
}

#[test]
fn a_trace_that_is_wrong_is_replaced() {
    let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
    let no_parent = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
    let upper = PARENT.to_ascii_uppercase();
    let longer = format!("{PARENT}-more");
    let version = format!("ff{}", &PARENT[2..]);
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for wrong in [
        "",
        "x",
        &PARENT[..54],
        &zeros,
        &no_parent,
        &upper,
        &longer,
        &version,
    ] {
        client.get("/", &[("traceparent", wrong)]);
        let seen = upstream.requests().pop().unwrap().head;

        let parent = seen.value("traceparent").unwrap();
        assert!(
            parent.len() == 55 && parent.starts_with("00-") && parent != wrong,
            "{wrong:?}: {parent}"
        );
        assert!(
            !parent[3..35].eq_ignore_ascii_case(&PARENT[3..35]),
            "{wrong:?}: {parent}"
        );
    }
}

#[test]
fn two_traces_in_one_request_are_none() {
    let other = PARENT.replace('4', "5");

    let seen = seen_with(Recipe::new(), &[("traceparent", PARENT), ("traceparent", &other)]);

    let parent = seen.value("traceparent").unwrap();
    assert!(
        parent[..35] != PARENT[..35] && parent[..35] != other[..35],
        "{parent}"
    );
}

#[test]
fn trailers_cannot_say_what_the_gateway_alone_says() {
    let upstream = Upstream::start(|turn| {
        turn.chunked(
            "Trailer: X-Gray-Version, X-Sum\r\n",
            &["data"],
            "X-Gray-Version: other\r\nX-Sum: 4\r\n",
        )
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: X-Gray-Version, X-Forwarded-For, X-Sum\r\n\
         Transfer-Encoding: chunked\r\n\r\n0\r\nX-Gray-Version: canary\r\nX-Forwarded-For: 192.0.2.1\r\n\
         X-Sum: 0\r\n\r\n",
    );
    let response = client.response();

    let names = |fields: &[(String, String)]| -> Vec<_> {
        fields.iter().map(|(name, _)| name.to_ascii_lowercase()).collect()
    };
    assert_eq!(names(&response.trailers), ["x-sum"]);
    assert_eq!(names(&upstream.only_request().trailers), ["x-sum"]);
}

#[test]
fn trailers_cannot_frame_route_or_authenticate_the_request() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 7\r\n\
         Transfer-Encoding: gzip\r\nHost: b\r\nAuthorization: Basic eDp5\r\nCookie: a=b\r\nX-Sum: 0\r\n\r\n",
    );
    let response = client.response();

    assert_eq!(response.status, 200);
    let trailers = upstream.only_request().trailers;
    assert_eq!(trailers.len(), 1, "{trailers:?}");
    assert_eq!(upstream.faults(), Vec::<String>::new());
}
