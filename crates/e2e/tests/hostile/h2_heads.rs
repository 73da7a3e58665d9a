//! What HTTP/2 can say and HTTP/1.1 cannot: the frames give every length, so a line break is a byte like any other, until
//! it is written down for an endpoint that speaks HTTP/1.1 (RFC 9113, sections 8.2, 8.3 and 10.3).

use crate::h2_frames::{END_HEADERS, END_STREAM, End, H2, Kind, STATUS_200, STATUS_400, fields, frame};
use crate::stage::{Outcome, Stage};

type Field = (&'static [u8], &'static [u8]);

const PLAIN: [Field; 4] = [
    (b":method", b"GET"),
    (b":scheme", b"http"),
    (b":authority", b"a"),
    (b":path", b"/case"),
];

/// The plain request with one of its fields in another way, or without it.
fn with(name: &[u8], value: Option<&'static [u8]>) -> Vec<Field> {
    let others = PLAIN.iter().filter(|(each, _)| *each != name);
    let own = PLAIN.iter().find(|(each, _)| *each == name);
    let mut head: Vec<_> = others.copied().collect();
    if let (Some((name, _)), Some(value)) = (own, value) {
        head.insert(0, (name, value));
    }
    head
}

/// The plain request with further fields.
fn and(more: &[Field]) -> Vec<Field> {
    PLAIN.iter().chain(more).copied().collect()
}

/// Sends a head, and a body where there is one; how the stream ended and what reached the upstream.
fn play(stage: &Stage, head: &[Field], body: Option<&[u8]>) -> (End, Outcome) {
    let ends = if body.is_none() { END_STREAM } else { 0 };
    let mut frames = frame(Kind::Headers, END_HEADERS | ends, 1, &fields(head));
    if let Some(body) = body {
        frames.extend(frame(Kind::Data, END_STREAM, 1, body));
    }
    let mut h2 = H2::new(stage.gateway.client());
    h2.send(&frames);
    let end = h2.until_end(1);
    drop(h2);
    (end, stage.collect(Vec::new()))
}

fn show(head: &[Field]) -> String {
    let lines = head.iter().map(|(name, value)| {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        format!("{name:?}={value:?}")
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// Refused, by an answer or by the end of the stream or the connection, and not one whole request went on.
fn all_refused(heads: impl IntoIterator<Item = (Vec<Field>, Option<&'static [u8]>)>) {
    let stage = Stage::new();
    let mut wrong = Vec::new();
    for (head, body) in heads {
        let (end, outcome) = play(&stage, &head, body);
        let refused = end != End::Answered(STATUS_200);
        if !(refused && outcome.seen.is_empty() && outcome.wrong.is_empty()) {
            wrong.push(format!("{}: {end:?}, {outcome:?}", show(&head)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_plain_request_over_http_2_is_forwarded_as_one_request() {
    let stage = Stage::new();

    let (end, outcome) = play(&stage, &and(&[(b"content-length", b"3")]), Some(b"abc"));

    let seen: Vec<_> = outcome
        .seen
        .iter()
        .map(|seen| (seen.target.as_str(), seen.host(), seen.body.as_slice()))
        .collect();
    assert_eq!(end, End::Answered(STATUS_200), "{outcome:?}");
    assert_eq!(seen, [("/case", "a".to_owned(), &b"abc"[..])]);
}

#[test]
fn a_pseudo_header_that_breaks_a_line_or_a_word_is_refused() {
    let cases: &[(&[u8], &[&'static [u8]])] = &[
        (
            b":path",
            &[
                b"/case\r\nX-A: b",
                b"/case HTTP/1.1\r\nHost: b\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a",
                b"/case\nX-A: b",
                b"/case\rX-A: b",
                b"/ca se",
                b"/case HTTP/1.1",
                b"/case\0",
                b"/case\t",
                b"/case\x0b",
                b"/case\x7f",
                b"/case\xe9",
                b" /case",
                b"/case ",
                b"",
                b"case",
                b"*",
                b"http://b/case",
            ],
        ),
        (
            b":method",
            &[
                b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\nGET",
                b"GET\r\nX-A: b",
                b"G T",
                b"GET ",
                b" GET",
                b"GET\0",
                b"GET\n",
                b"G:T",
                b"",
                b"CONNECT",
            ],
        ),
        (
            b":authority",
            &[
                b"a\r\nX-A: b",
                b"a\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a",
                b"a b",
                b"a\0",
                b"a\t",
                b" a",
                b"u@a",
                b"a/b",
                b"a#b",
                b"a?b",
                b"a\\b",
                b"a,b",
                b"a:b",
                b"a:80:80",
                b"[::1",
                b"a\xe9",
            ],
        ),
        (
            b":scheme",
            &[
                b"http\r\nX-A: b",
                b"http://b/?",
                b"ftp",
                b"",
                b" http",
                b"ht tp",
                b"http\0",
            ],
        ),
    ];

    all_refused(
        cases
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (with(name, Some(value)), None))),
    );
}

#[test]
fn a_fragment_in_a_path_over_http_2_goes_no_further() {
    // HTTP/1.1 refuses it. Here the `h2` crate has taken it off before anybody can see it: one reading is left either way.
    let stage = Stage::new();

    let (end, outcome) = play(&stage, &with(b":path", Some(b"/case#a")), None);

    let targets: Vec<_> = outcome.seen.iter().map(|seen| seen.target.as_str()).collect();
    let right = if end == End::Answered(STATUS_200) {
        vec!["/case"]
    } else {
        Vec::new()
    };
    assert_eq!(targets, right, "{end:?}");
}

#[test]
fn pseudo_headers_that_are_missing_doubled_unknown_or_late_are_refused() {
    let mut heads: Vec<_> = [&b":method"[..], b":scheme", b":path", b":authority"]
        .map(|name| with(name, None))
        .into();
    for again in PLAIN {
        heads.push(and(&[again]));
        heads.push(and(&[(again.0, b"b")]));
    }
    heads.push(and(&[(b":status", b"200")]));
    heads.push(and(&[(b":host", b"b")]));
    heads.push(and(&[(b":protocol", b"websocket")]));
    heads.push(and(&[(b":", b"b")]));
    let late: [Field; 5] = [
        (b":method", b"GET"),
        (b":scheme", b"http"),
        (b"x-a", b"b"),
        (b":authority", b"a"),
        (b":path", b"/case"),
    ];
    heads.push(late.to_vec());

    all_refused(heads.into_iter().map(|head| (head, None)));
}

#[test]
fn hosts_that_disagree_are_refused() {
    let more: &[&[Field]] = &[
        &[(b"host", b"b")],
        &[(b"host", b"a"), (b"host", b"b")],
        &[(b"host", b"a"), (b"host", b"a")],
        &[(b"host", b"")],
        &[(b"host", b"a b")],
        &[(b"host", b"a\r\nX-A: b")],
    ];

    all_refused(more.iter().map(|more| (and(more), None)));
}

#[test]
fn a_field_that_breaks_a_line_is_refused() {
    let more: &[Field] = &[
        (b"x-a", b"b\r\nX-B: c"),
        (b"x-a", b"b\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"x-a", b"b\nX-B: c"),
        (b"x-a", b"b\rX-B: c"),
        (b"x-a", b"b\0"),
        (b"x-a", b"\r\n"),
        (b"x-a", b"b\x01"),
        (b"x-a", b"b\x7f"),
        (b"x-a", b" b"),
        (b"x-a", b"b "),
        (b"x-a", b"\tb"),
        (b"x-a: b\r\nx-b", b"c"),
        (b"x-a\r\nx-b", b"c"),
        (b"x-a\n", b"b"),
        (b"x-a\0", b"b"),
        (b"x-a:", b"b"),
        (b"x-a ", b"b"),
        (b" x-a", b"b"),
        (b"x a", b"b"),
        (b"X-A", b"b"),
        (b"x-\xe9", b"b"),
        (b"", b"b"),
        (b"transfer-encoding: chunked\r\nx", b"b"),
    ];

    all_refused(more.iter().map(|field| (and(&[*field]), None)));
}

#[test]
fn a_field_of_a_connection_of_http_1_is_refused() {
    // RFC 9113, section 8.2.2.
    let more: &[Field] = &[
        (b"transfer-encoding", b"chunked"),
        (b"transfer-encoding", b"identity"),
        (b"connection", b"close"),
        (b"connection", b"x-a"),
        (b"connection", b"upgrade"),
        (b"keep-alive", b"timeout=5"),
        (b"proxy-connection", b"keep-alive"),
        (b"upgrade", b"websocket"),
        (b"te", b"gzip"),
        (b"te", b"trailers, gzip"),
    ];

    all_refused(more.iter().map(|field| {
        (
            and(&[*field]),
            Some(&b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"[..]),
        )
    }));
}

#[test]
fn a_length_that_is_not_that_of_the_body_is_refused() {
    // RFC 9113, section 8.1.1.
    let cases: &[(&[Field], Option<&'static [u8]>)] = &[
        (&[(b"content-length", b"2")], Some(b"abc")),
        (
            &[(b"content-length", b"0")],
            Some(b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"),
        ),
        (&[(b"content-length", b"4")], Some(b"abc")),
        (&[(b"content-length", b"4")], Some(b"")),
        (&[(b"content-length", b"4")], None),
        (
            &[(b"content-length", b"3"), (b"content-length", b"4")],
            Some(b"abc"),
        ),
        (
            &[(b"content-length", b"3"), (b"content-length", b"3")],
            Some(b"abc"),
        ),
        (&[(b"content-length", b"3, 3")], Some(b"abc")),
        (&[(b"content-length", b"+3")], Some(b"abc")),
        (&[(b"content-length", b"-3")], Some(b"abc")),
        (&[(b"content-length", b"0x3")], Some(b"abc")),
        (&[(b"content-length", b"3 ")], Some(b"abc")),
        (&[(b"content-length", b"")], Some(b"abc")),
        (&[(b"content-length", b"18446744073709551619")], Some(b"abc")),
    ];

    all_refused(cases.iter().map(|(more, body)| (and(more), *body)));
}

#[test]
fn what_a_body_looks_like_does_not_matter() {
    let stage = Stage::new();
    let bodies: [&'static [u8]; 4] = [
        b"0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\r\n",
        b"3\r\nabc\r\n0\r\n\r\n",
        b"",
    ];

    for body in bodies {
        let (end, outcome) = play(&stage, &and(&[]), Some(body));

        let seen: Vec<_> = outcome.seen.iter().map(|seen| seen.body.as_slice()).collect();
        assert_eq!(
            (end, seen),
            (End::Answered(STATUS_200), vec![body]),
            "{outcome:?}"
        );
        assert!(outcome.wrong.is_empty(), "{outcome:?}");
    }
}

#[test]
fn what_only_the_gateway_may_say_is_not_taken_from_a_stranger_over_http_2_either() {
    let stage = Stage::new();
    let head = and(&[
        (b"x-gray-version", b"evil"),
        (b"x-forwarded-for", b"evil"),
        (b"x-forwarded-host", b"evil"),
        (b"x-forwarded-proto", b"evil"),
    ]);

    let (end, outcome) = play(&stage, &head, None);

    let seen = &outcome.seen[0];
    assert_eq!(end, End::Answered(STATUS_200));
    for (name, expected) in [
        ("x-gray-version", "stable"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "a"),
        ("x-forwarded-proto", "http"),
    ] {
        assert_eq!(seen.values(name), [expected.as_bytes()], "{name}");
    }
}

#[test]
fn a_trailer_over_http_2_that_would_change_the_message_is_dropped_or_refused() {
    let stage = Stage::new();
    let trailers: &[Field] = &[
        (b"content-length", b"9"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"close"),
        (b"host", b"b"),
        (b"authorization", b"b"),
        (b"x-gray-version", b"evil"),
        (b"x-forwarded-for", b"evil"),
        (b"keep-alive", b"b"),
        (b":path", b"/hidden"),
        (b"x-a", b"b\r\nX-B: c"),
        (b"x-a: b\r\n\r\nGET /hidden HTTP/1.1\r\nhost", b"a"),
        (b"X-A", b"b"),
        (b"x-stays", b"1"),
    ];

    for trailer in trailers {
        let mut h2 = H2::new(stage.gateway.client());
        let mut frames = frame(Kind::Headers, END_HEADERS, 1, &fields(&PLAIN));
        frames.extend(frame(Kind::Data, 0, 1, b"abc"));
        frames.extend(frame(
            Kind::Headers,
            END_HEADERS | END_STREAM,
            1,
            &fields(&[*trailer]),
        ));
        h2.send(&frames);
        let end = h2.until_end(1);
        drop(h2);
        let outcome = stage.collect(Vec::new());

        let kept = outcome.seen.iter().flat_map(|seen| &seen.trailers);
        let stays = |(name, _): &(String, Vec<u8>)| name == "x-stays";
        assert!(
            outcome.wrong.is_empty() && outcome.seen.len() < 2,
            "{end:?}: {outcome:?}"
        );
        assert!(kept.clone().all(stays), "{}: {outcome:?}", show(&[*trailer]));
    }
}

#[test]
fn a_stream_that_is_refused_leaves_the_others_alone() {
    let stage = Stage::new();
    let bad: [Field; 1] = [(b"host", b"b")];
    let mut h2 = H2::new(stage.gateway.client());

    h2.send(&frame(
        Kind::Headers,
        END_HEADERS | END_STREAM,
        1,
        &fields(&and(&bad)),
    ));
    h2.send(&frame(
        Kind::Headers,
        END_HEADERS | END_STREAM,
        3,
        &fields(&PLAIN),
    ));
    let good = h2.until_end(3);

    assert_eq!(good, End::Answered(STATUS_200));
    drop(h2);
    let seen = stage.collect(Vec::new()).seen;
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn what_the_gateway_finds_itself_it_answers_with_400() {
    let stage = Stage::new();

    let (end, outcome) = play(&stage, &with(b":authority", Some(b"a,b")), None);

    assert_eq!(end, End::Answered(STATUS_400), "{outcome:?}");
}
