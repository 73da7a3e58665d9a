use proptest::prelude::*;

use super::*;
use crate::Known;

const LIMITS: Limits = Limits {
    head: 4_096,
    fields: 16,
};

fn refusal(head: &str) -> Option<Refusal> {
    parse_response(head.as_bytes(), LIMITS, &mut 0, false, &mut Table::new()).err()
}

fn with<T>(head: &str, to_head: bool, look: impl FnOnce(Response<'_>) -> T) -> T {
    let mut table = Table::new();
    look(
        parse_response(head.as_bytes(), LIMITS, &mut 0, to_head, &mut table)
            .unwrap()
            .unwrap(),
    )
}

/// Framing, and whether the connection persists, of an answer with this status and these lines.
fn framed(status: u16, lines: &str, to_head: bool) -> (Framing, bool) {
    with(&format!("HTTP/1.1 {status} \r\n{lines}\r\n"), to_head, |answer| {
        (answer.framing, answer.persistent)
    })
}

#[test]
fn a_usual_head_is_read_whole() {
    let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nX: \u{e9}\r\n\r\nNot found";

    with(head, false, |answer| {
        assert_eq!((answer.status, answer.reason), (404, &b"Not Found"[..]));
        assert_eq!(answer.version, Version::Http11);
        assert_eq!(answer.framing, Framing::Length(9));
        assert!(answer.persistent);
        assert_eq!(&head[answer.length..], "Not found");
        assert_eq!(answer.fields.get("x"), Some("\u{e9}".as_bytes()));
    });
}

/// RFC 9112, section 4.
#[test]
fn a_status_line_is_strict() {
    for (line, reason) in [
        ("HTTP/1.1 200 OK", "OK"),
        ("HTTP/1.0 999 \tIt's\u{e9} fine", "\tIt's\u{e9} fine"),
        ("HTTP/1.1 200 ", ""),
        ("HTTP/1.1 200", ""),
        ("HTTP/1.1 200  ", " "),
    ] {
        with(&format!("{line}\r\n\r\n"), false, |answer| {
            assert_eq!(answer.reason, reason.as_bytes());
        });
    }
    for (line, found) in [
        ("HTTP/1.1 099 a", Refusal::Status),
        ("HTTP/1.1 000 a", Refusal::Status),
        ("HTTP/1.1 20 a", Refusal::Status),
        ("HTTP/1.1  200", Refusal::Status),
        ("HTTP/1.1 2xx", Refusal::Status),
        ("HTTP/1.1 +20", Refusal::Status),
        ("HTTP/1.1 ", Refusal::Status),
        ("HTTP/1.1 2000 a", Refusal::Reason),
        ("HTTP/1.1 200\ta", Refusal::Reason),
        ("HTTP/1.1 200OK", Refusal::Reason),
        ("HTTP/1.1 200 a\0b", Refusal::Control),
        ("HTTP/1.1 200 a\rb", Refusal::BareReturn),
        ("HTTP/1.1 200 a\nb", Refusal::BareLineFeed),
        ("HTTP/1.1\t200 a", Refusal::Version),
        ("HTTP/1.1200 a", Refusal::Version),
        ("http/1.1 200 a", Refusal::Version),
        ("HTTP/2.0 200 a", Refusal::VersionNotServed),
        ("ICY 200 OK", Refusal::Version),
        ("\r\nHTTP/1.1 200 a", Refusal::Version),
    ] {
        assert_eq!(refusal(&format!("{line}\r\n\r\n")), Some(found), "{line:?}");
    }
}

/// RFC 9112, section 6.3.
#[test]
fn a_body_ends_as_the_head_says() {
    let chunked = "Transfer-Encoding: Chunked\r\n";
    let long = "Content-Length: 5\r\n";

    assert_eq!(framed(200, long, false), (Framing::Length(5), true));
    assert_eq!(
        framed(200, "Content-Length: 0\r\n", false),
        (Framing::Length(0), true)
    );
    assert_eq!(framed(200, chunked, false), (Framing::Chunked, true));
    assert_eq!(framed(200, "", false), (Framing::UntilClose, false));
    assert_eq!(
        framed(200, "Connection: keep-alive\r\n", false),
        (Framing::UntilClose, false)
    );
    for lines in [long, chunked, ""] {
        assert_eq!(framed(304, lines, false), (Framing::Empty, true));
        assert_eq!(framed(200, lines, true), (Framing::Empty, true), "to HEAD");
    }
    for status in [100, 101, 103, 204, 304] {
        assert_eq!(framed(status, "", false), (Framing::Empty, true));
        assert_eq!(
            framed(status, "Content-Length: 0\r\n", false),
            (Framing::Empty, true)
        );
    }
}

/// RFC 9112, section 6.1.
#[test]
fn chunks_beside_a_length_count_and_end_the_connection() {
    let lines = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";

    assert_eq!(framed(200, lines, false), (Framing::Chunked, false));
    assert_eq!(framed(200, lines, true), (Framing::Empty, false));
    with(&format!("HTTP/1.1 200 \r\n{lines}\r\n"), false, |answer| {
        assert!(answer.fields.has(Known::ContentLength) && answer.fields.has(Known::TransferEncoding));
    });
}

/// RFC 9110, section 8.6; RFC 9112, section 6.1.
#[test]
fn an_answer_without_a_body_that_announces_one_is_not_trusted() {
    for lines in ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
        assert_eq!(framed(204, lines, false), (Framing::Empty, false));
        for status in [100, 101, 103] {
            let head = format!("HTTP/1.1 {status} \r\n{lines}\r\n");
            assert_eq!(refusal(&head), Some(Refusal::InterimBody), "{head}");
        }
    }
}

/// RFC 9110, section 8.6; RFC 9112, section 6.1.
#[test]
fn framing_is_as_strict_as_in_requests() {
    for (lines, found) in [
        ("Content-Length: 5\r\nContent-Length: 5", Refusal::LengthTwice),
        ("Content-Length: 5, 5", Refusal::Length),
        ("Content-Length: +5", Refusal::Length),
        ("Content-Length: ", Refusal::Length),
        ("Transfer-Encoding: gzip", Refusal::Coding),
        ("Transfer-Encoding: gzip, chunked", Refusal::Coding),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            Refusal::Coding,
        ),
        ("Transfer-Encoding : chunked", Refusal::SpaceBeforeColon),
        ("A: b\r\n c", Refusal::FoldedLine),
    ] {
        for status in [200, 304] {
            let head = format!("HTTP/1.1 {status} \r\n{lines}\r\n\r\n");
            assert_eq!(refusal(&head), Some(found), "{head}");
        }
    }
    assert_eq!(
        refusal("HTTP/1.0 200 \r\nTransfer-Encoding: chunked\r\n\r\n"),
        Some(Refusal::CodingInOldVersion)
    );
}

/// RFC 9112, section 9.3.
#[test]
fn an_old_server_keeps_a_connection_only_if_it_says_so() {
    for (lines, persistent) in [
        ("", false),
        ("Connection: keep-alive\r\n", true),
        ("Connection: close\r\n", false),
    ] {
        let head = format!("HTTP/1.0 200 \r\nContent-Length: 1\r\n{lines}\r\n");
        with(&head, false, |answer| {
            assert_eq!(answer.persistent, persistent, "{lines}");
        });
    }
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let parse = |head: &str| {
        let limits = Limits { head: 30, fields: 1 };
        let mut table = Table::new();
        let parsed = parse_response(head.as_bytes(), limits, &mut 0, false, &mut table);
        parsed.map(|head| head.is_some())
    };

    assert_eq!(parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), Ok(true));
    assert_eq!(parse("HTTP/1.1 200 OK\r\nA: b\r\n"), Ok(false));
    assert_eq!(
        parse("HTTP/1.1 200 OK\r\nA: bbbbbbbbbbbbb"),
        Err(Refusal::HeadTooLarge)
    );
    assert_eq!(
        parse("HTTP/1.1 200 OKKKKKKKKKKKKKKKKKKK"),
        Err(Refusal::HeadTooLarge)
    );
    assert_eq!(
        parse("HTTP/1.1 200 \r\nA: b\r\nC: d\r\n\r\n"),
        Err(Refusal::TooManyFields)
    );
}

proptest! {
    #[test]
    fn pieces_make_no_difference(
        line in "HTTP/1\\.[01] [1-5][0-9]{2}( [a-zA-Z \t]{0,12})?",
        fields in prop::collection::vec("(Content-Length: [0-9]{1,3}|Transfer-Encoding: chunked|[a-z]{1,9}:[ -~]{0,20})", 0..5),
        flaw in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
        piece in 1..9_usize,
        to_head: bool,
    ) {
        let mut head = format!("{line}\r\n{}\r\n\r\nrest", fields.join("\r\n")).into_bytes();
        if let Some((at, byte)) = flaw {
            let at = at.index(head.len() - 4);
            head[at] = byte;
        }
        let mut table = Table::new();
        let whole = format!("{:?}", parse_response(&head, LIMITS, &mut 0, to_head, &mut table));

        let (mut scanned, mut there) = (0, 0);
        let found = loop {
            there = (there + piece).min(head.len());
            match parse_response(&head[..there], LIMITS, &mut scanned, to_head, &mut table) {
                Ok(None) if there < head.len() => {}
                other => break format!("{other:?}"),
            }
        };

        prop_assert_eq!(found, whole);
    }

    #[test]
    fn what_is_taken_httparse_takes_too(
        line in "HTTP/1\\.[01] [1-9][0-9]{2}( [a-zA-Z \t]{0,12})?",
        fields in prop::collection::vec("[a-zA-Z-]{1,20}:[ \t]?[ -~]{0,40}", 0..6),
    ) {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let head = format!("{line}\r\n{fields}\r\n");
        let mut table = Table::new();
        if let Ok(Some(answer)) = parse_response(head.as_bytes(), LIMITS, &mut 0, false, &mut table) {
            let mut fields = [httparse::EMPTY_HEADER; 32];
            let mut theirs = httparse::Response::new(&mut fields);

            let length = theirs.parse(head.as_bytes()).unwrap().unwrap();

            prop_assert_eq!(length, answer.length);
            prop_assert_eq!(theirs.code, Some(answer.status));
            prop_assert_eq!(theirs.reason.map(str::as_bytes), Some(answer.reason));
            for (theirs, ours) in theirs.headers.iter().zip(answer.fields.iter()) {
                prop_assert_eq!(theirs.name.as_bytes(), ours.name);
                prop_assert_eq!(theirs.value.trim_ascii_end(), ours.value);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_response(&input, LIMITS, &mut 0, false, &mut Table::new());
    }
}
