use graylane_wire::{Limits, Table, parse_request, parse_response};

use super::*;

const LIMITS: Limits = Limits {
    head: 64 * 1024,
    fields: 100,
};
const MADE: &[u8; 55] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The lines of the head that goes on, for a request with these lines.
fn sent(trusted: bool, lines: &[&str]) -> Vec<String> {
    let head = format!(
        "GET /a?b=c HTTP/1.1\r\nHost: a.test\r\n{}\r\n\r\n",
        lines.join("\r\n")
    );
    let head = head.replace("\r\n\r\n\r\n", "\r\n\r\n");
    let mut table = Table::new();
    let parsed = parse_request(head.as_bytes(), LIMITS, &mut 0, &mut table)
        .unwrap()
        .unwrap();
    let policy = graylane_context::Policy::default();
    let onward = Onward {
        hop: &Hop::new("192.0.2.1", Scheme::Http),
        trusted,
        gray: gray::Onward {
            policy: &policy,
            spoken: gray::Spoken::new(&policy),
            is_believed: trusted,
            service: "shop",
            lane: "stable",
            tag: "base",
        },
        traceparent: (!parsed.fields.has(Known::Traceparent)).then_some(MADE),
        wish: None,
    };
    let mut out = Vec::new();
    request(&parsed, &onward, &mut out);
    let text = String::from_utf8(out).unwrap();
    text.split_terminator("\r\n").map(str::to_owned).collect()
}

/// What is left of these lines.
fn left(lines: &[&str]) -> Vec<String> {
    let all = sent(true, lines);
    let end = all
        .iter()
        .position(|line| line.starts_with("x-gray-version"))
        .unwrap();
    all[2..end].to_vec()
}

#[test]
fn a_head_goes_on_with_what_the_next_hop_should_know() {
    let lines = sent(
        false,
        &[
            "X-User-Id:  7 ",
            "X-Gray-Version: canary",
            "X-Forwarded-For: 6.6.6.6",
        ],
    );

    assert_eq!(
        lines,
        [
            "GET /a?b=c HTTP/1.1",
            "Host: a.test",
            "X-User-Id:  7 ",
            "x-gray-version: stable",
            "x-forwarded-for: 192.0.2.1",
            "x-forwarded-proto: http",
            "x-forwarded-host: a.test",
            "forwarded: for=192.0.2.1;host=a.test;proto=http",
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "",
        ]
    );
}

#[test]
fn what_a_trusted_peer_said_of_earlier_hops_goes_on() {
    let lines = sent(
        true,
        &[
            "X-Forwarded-For: 6.6.6.6",
            "X-Forwarded-For: 7.7.7.7",
            "X-Forwarded-Proto: https",
            "X-Forwarded-Host: b.test",
            "Forwarded: for=6.6.6.6",
        ],
    );

    for line in [
        "x-forwarded-for: 6.6.6.6, 7.7.7.7, 192.0.2.1",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: b.test",
        "forwarded: for=6.6.6.6, for=192.0.2.1;host=a.test;proto=http",
    ] {
        assert!(lines.iter().any(|sent| sent == line), "{line}: {lines:?}");
    }
}

#[test]
fn hop_by_hop_fields_and_those_that_connection_names_are_dropped() {
    let lines = [
        "Connection: keep-alive, Foo",
        "connection: bar",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "Upgrade: h2c",
        "HTTP2-Settings: x",
        "Foo: 1",
        "BAR: 1",
        "Baz: 1",
    ];

    assert_eq!(left(&lines), ["Baz: 1"]);
}

#[test]
fn each_hop_by_hop_field_is_dropped_also_where_connection_does_not_name_it() {
    for name in [
        "keep-alive",
        "proxy-connection",
        "te",
        "upgrade",
        "proxy-authorization",
        "proxy-authenticate",
    ] {
        let line = format!("{name}: x");

        assert!(left(&[&line]).is_empty(), "{name}");
        assert_eq!(
            left(&[&line, "connection: close", "kept: 1"]),
            ["kept: 1"],
            "{name}"
        );
    }
}

#[test]
fn connection_cannot_name_away_what_the_message_means() {
    let lines = [
        "connection: content-length, x-forwarded-for, cookie",
        "content-length: 1",
        "cookie: a",
    ];

    assert_eq!(left(&lines), ["content-length: 1", "cookie: a"]);
}

#[test]
fn what_a_server_could_take_for_a_known_field_is_dropped() {
    let lines = [
        "X_Gray_Version: canary",
        "x-forwarded_for: 6.6.6.6",
        "x-version-tag: canary",
        "X_Version-Tag: canary",
        "Content_Length: 5",
        "my_own: 1",
        "x_gray_versions: 1",
    ];

    assert_eq!(left(&lines), ["my_own: 1", "x_gray_versions: 1"]);
}

#[test]
fn te_keeps_only_trailers() {
    assert_eq!(left(&["TE: gzip;q=1, Trailers"]), ["te: trailers"]);
    assert!(left(&["TE: gzip"]).is_empty());
}

#[test]
fn an_address_of_ipv6_and_a_host_with_a_port_are_quoted() {
    let hop = Hop::new("2001:db8::1", Scheme::Http);
    let mut out = Vec::new();

    write_element("a.test:80", &hop, &mut out);

    assert_eq!(out, br#"for="[2001:db8::1]";host="a.test:80";proto=http"#);
}

/// The head that a client gets for an endpoint's answer.
fn answered(speaks: Speaks, closes: bool, head: &str) -> String {
    let mut table = Table::new();
    let parsed = parse_response(head.as_bytes(), LIMITS, &mut 0, false, &mut table)
        .unwrap()
        .unwrap();
    let towards = Towards {
        instead_of: None,
        speaks,
        closes,
        lane: Some("canary"),
        wish: None,
    };
    let mut out = Vec::new();
    answer(&parsed, &towards, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn an_answer_goes_on_without_what_concerns_the_endpoint_alone() {
    let head =
        "HTTP/1.1 299 Fine\r\nDate: x\r\nX-Gray-Version: lies\r\nKeep-Alive: a\r\nContent-Length: 3\r\n\r\n";

    assert_eq!(
        answered(Speaks::Http11, false, head),
        "HTTP/1.1 299 Fine\r\nDate: x\r\nContent-Length: 3\r\nx-gray-version: canary\r\n\r\n"
    );
}

#[test]
fn an_answer_is_framed_as_its_client_understands_it() {
    let chunked = "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let until_close = "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n";

    for head in [chunked, until_close] {
        let new = answered(Speaks::Http11, false, head);
        assert!(
            new.contains("transfer-encoding: chunked") && !new.contains("connection"),
            "{new}"
        );
        let old = answered(Speaks::Http10, false, head);
        assert!(
            old.contains("connection: close") && !old.contains("chunked"),
            "{old}"
        );
        let h2 = answered(Speaks::Http2, true, head);
        assert!(!h2.contains("connection") && !h2.contains("chunked"), "{h2}");
    }
}

#[test]
fn an_answer_without_a_date_gets_one() {
    let head = answered(
        Speaks::Http11,
        true,
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    );

    assert!(
        head.contains("\r\ndate: ") && head.contains("connection: close"),
        "{head}"
    );
    assert!(!head.contains("ength"), "{head}");
}
