use super::*;

mod framing;
mod line;
mod properties;

const LIMITS: Limits = Limits {
    head: 4_096,
    fields: 16,
};

/// What a head is refused for; `None` where it is taken.
fn refusal(head: &str) -> Option<Refusal> {
    parse_request(head.as_bytes(), LIMITS, &mut 0, &mut Table::new()).err()
}

/// The same for a request line with a Host of `a`.
fn of_line(line: &str) -> Option<Refusal> {
    refusal(&format!("{line}\r\nHost: a\r\n\r\n"))
}

/// The same for field lines beside a Host.
fn of_fields(lines: &str) -> Option<Refusal> {
    refusal(&format!("POST / HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n"))
}

fn with<T>(head: &str, look: impl FnOnce(Request<'_>) -> T) -> T {
    let mut table = Table::new();
    look(
        parse_request(head.as_bytes(), LIMITS, &mut 0, &mut table)
            .unwrap()
            .unwrap(),
    )
}

#[test]
fn a_usual_head_is_read_whole() {
    let head = "PUT /a/b?c=d&e HTTP/1.1\r\nHost: shop.test:8080\r\nX-User:u1 \t\r\ncontent-length: 12\r\nEmpty:\r\n\r\nbody";

    with(head, |request| {
        assert_eq!(request.method, "PUT");
        assert_eq!((request.path, request.query), ("/a/b", Some("c=d&e")));
        assert_eq!(request.target, "/a/b?c=d&e");
        assert_eq!(request.version, Version::Http11);
        assert_eq!((request.authority, request.host), ("shop.test:8080", "shop.test"));
        assert_eq!(request.framing, Framing::Length(12));
        assert!(request.persistent && !request.expects_continue);
        assert_eq!(&head[request.length..], "body");
        assert_eq!(request.fields.len(), 4);
        assert_eq!(request.fields.get("x-user"), Some(&b"u1"[..]));
        assert_eq!(request.fields.get("empty"), Some(&b""[..]));
        assert_eq!(request.fields.only(Known::ContentLength), Some(&b"12"[..]));
    });
}

/// RFC 9112, section 2.2.
#[test]
fn a_bare_line_feed_is_refused_as_soon_as_it_comes() {
    for head in [
        "GET / HTTP/1.1\n",
        "GET /\n",
        "GET\n",
        "GET / HTTP\n",
        "\n",
        "\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\n",
        "GET / HTTP/1.1\r\nHost\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
    ] {
        assert_eq!(refusal(head), Some(Refusal::BareLineFeed), "{head:?}");
    }
}

/// RFC 9112, section 2.2.
#[test]
fn a_bare_carriage_return_is_refused_as_soon_as_it_comes() {
    for head in [
        "GET / HTTP/1.1\rH",
        "GET /\rx",
        "\rG",
        "\r\r",
        "GET / HTTP/1.1\r\nHost: a\rb",
        "GET / HTTP/1.1\r\nHost: a\r\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\rb",
    ] {
        assert_eq!(refusal(head), Some(Refusal::BareReturn), "{head:?}");
    }
}

/// RFC 9110, section 5.5.
#[test]
fn controls_are_refused_wherever_they_stand() {
    for control in ['\0', '\x01', '\x08', '\x0b', '\x0c', '\x1b', '\x1f', '\x7f'] {
        for head in [
            format!("{control}"),
            format!("GE{control}"),
            format!("GET /{control}"),
            format!("GET /?{control}"),
            format!("GET / HT{control}"),
            format!("GET / HTTP/1.1\r\nA{control}"),
            format!("GET / HTTP/1.1\r\nA: {control}"),
            format!("GET / HTTP/1.1\r\nA: b\tc\u{e9}{control}"),
            format!("GET / HTTP/1.1\r\nA: a long value of letters{control}"),
        ] {
            assert_eq!(refusal(&head), Some(Refusal::Control), "{head:?}");
        }
    }
}

/// RFC 9110, section 5.1; RFC 9112, sections 5, 5.1 and 5.2.
#[test]
fn a_field_line_is_a_token_a_colon_and_a_value() {
    for line in [
        "A:",
        "A: ",
        "A:\t b",
        "!#$%&'*+-.^_`|~09: b",
        "A: \u{e9}",
        "A: b:c",
        "A: \t \"b\" ",
    ] {
        assert_eq!(of_fields(line), None, "{line:?}");
    }
    for (line, found) in [
        (": b", Refusal::FieldName),
        ("A(: b", Refusal::FieldName),
        ("A\u{e9}: b", Refusal::FieldName),
        ("\"A\": b", Refusal::FieldName),
        ("A : b", Refusal::SpaceBeforeColon),
        ("A\t: b", Refusal::SpaceBeforeColon),
        ("A  \t : b", Refusal::SpaceBeforeColon),
        ("A", Refusal::Colon),
        ("A b: c", Refusal::Colon),
        ("A b", Refusal::Colon),
        (" b", Refusal::FoldedLine),
        ("A: b\r\n c", Refusal::FoldedLine),
        ("A: b\r\n\tc: d", Refusal::FoldedLine),
    ] {
        assert_eq!(of_fields(line), Some(found), "{line:?}");
    }
    assert_eq!(
        refusal("GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        Some(Refusal::FoldedLine),
        "also the first one (RFC 9112, section 2.2)"
    );
}

/// RFC 9110, sections 9.2.1 and 15.5.15; RFC 6585, section 5.
#[test]
fn limits_are_kept_to_the_byte() {
    let parse = |head: &[u8], limit| {
        let limits = Limits {
            head: limit,
            fields: 2,
        };
        let mut table = Table::new();
        let parsed = parse_request(head, limits, &mut 0, &mut table);
        parsed.map(|head| head.is_some())
    };
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";

    assert_eq!(parse(head, head.len()), Ok(true));
    assert_eq!(parse(&[&head[..], b"more"].concat(), head.len()), Ok(true));
    assert_eq!(parse(head, head.len() - 1), Err(Refusal::HeadTooLarge));
    assert_eq!(parse(&head[..20], 21), Ok(false));
    assert_eq!(parse(&head[..20], 20), Err(Refusal::HeadTooLarge));
    assert_eq!(parse(&head[..10], 10), Err(Refusal::TargetTooLong));
    assert_eq!(parse(b"\r\nGET /aaaaaa", 13), Err(Refusal::TargetTooLong));
    let more = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: y\r\n\r\n";
    assert_eq!(parse(more, 100), Err(Refusal::TooManyFields));
    assert_eq!(Refusal::HeadTooLarge.status(), 431);
    assert_eq!(Refusal::TooManyFields.status(), 431);
    assert_eq!(Refusal::TargetTooLong.status(), 414);
    assert_eq!(Refusal::Target.status(), 400);
}

#[test]
fn a_head_that_drips_in_is_refused_for_the_same_reason() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: y\r\nand so on";
    let limits = Limits {
        head: head.len(),
        fields: 2,
    };
    let whole = parse_request(head, limits, &mut 0, &mut Table::new()).err();
    let (mut scanned, mut table) = (0, Table::new());

    // What is wrong with its fields shows only when they are looked at, which they are at the latest when it is full.
    let dripped =
        (1..=head.len()).find_map(|n| parse_request(&head[..n], limits, &mut scanned, &mut table).err());

    assert_eq!((whole, dripped), (Some(Refusal::TooManyFields), whole));
}

#[test]
fn a_name_past_16_bits_is_too_large() {
    let head = format!("GET / HTTP/1.1\r\n{}: b\r\n\r\n", "a".repeat(65_536));
    let limits = Limits {
        head: 100_000,
        fields: 9,
    };

    let parsed = parse_request(head.as_bytes(), limits, &mut 0, &mut Table::new()).err();

    assert_eq!(parsed, Some(Refusal::HeadTooLarge));
}

#[test]
fn only_methods_that_ask_for_no_change_are_safe() {
    for (method, is_safe) in [
        ("GET", true),
        ("HEAD", true),
        ("OPTIONS", true),
        ("TRACE", true),
        ("POST", false),
        ("get", false),
    ] {
        with(&format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n"), |request| {
            assert_eq!(request.is_safe(), is_safe);
            assert_eq!(request.is_head(), method == "HEAD");
        });
    }
}

/// Gives a head byte by byte, and says how many were there when it was understood or refused.
fn drip(head: &[u8]) -> (usize, Result<usize, Refusal>) {
    let (mut scanned, mut table) = (0, Table::new());
    for there in 0..=head.len() {
        match parse_request(&head[..there], LIMITS, &mut scanned, &mut table) {
            Ok(Some(request)) => return (there, Ok(request.length)),
            Ok(None) => assert_eq!(scanned, there),
            Err(refusal) => return (there, Err(refusal)),
        }
    }
    panic!("never complete: {:?}", String::from_utf8_lossy(head));
}

#[test]
fn a_head_that_drips_in_is_judged_as_soon_as_it_can_be() {
    let head = b"\r\nGET /a HTTP/1.1\r\nHost: a\r\nX: \t\xff\r\n\r\n";
    assert_eq!(drip(head), (head.len(), Ok(head.len())));
    assert_eq!(drip(b"GET / HTTP/1.1\n\n"), (15, Err(Refusal::BareLineFeed)));
    assert_eq!(drip(b"GET / HTTP/1.1\rx"), (16, Err(Refusal::BareReturn)));
    assert_eq!(drip(b"GET / HTTP/1.1\r\nX: \0"), (20, Err(Refusal::Control)));
    assert_eq!(drip(b"\r\n\r\n"), (4, Err(Refusal::EmptyLines)));
}
