use super::*;

/// RFC 9110, section 8.6; RFC 9112, section 6.3.
#[test]
fn a_length_is_one_number_in_one_line() {
    for (value, length) in [("0", 0), ("1", 1), ("9223372036854775807", i64::MAX as u64)] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {value}\r\n\r\n");
        with(&head, |request| {
            assert_eq!(request.framing, Framing::Length(length));
        });
    }
    for value in [
        "",
        "+1",
        "-1",
        "1 2",
        "1,1",
        "1, 1",
        "0x1",
        "1.0",
        "01",
        "00",
        "1a",
        "1:",
        "1/",
        "\u{661}",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "100000000000000000000000",
    ] {
        assert_eq!(
            of_fields(&format!("Content-Length: {value}")),
            Some(Refusal::Length),
            "{value}"
        );
    }
    for second in ["1", "2", ""] {
        let lines = format!("Content-Length: 1\r\ncontent-length: {second}");
        assert_eq!(of_fields(&lines), Some(Refusal::LengthTwice));
    }
}

/// RFC 9112, section 6.1.
#[test]
fn a_coding_is_chunked_once_and_alone() {
    for value in ["chunked", "Chunked", "CHUNKED", " chunked\t"] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:{value}\r\n\r\n");
        with(&head, |request| assert_eq!(request.framing, Framing::Chunked));
    }
    for value in [
        "",
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, gzip",
        "identity, chunked",
        "chunked, chunked",
        "chunked,",
        ",chunked",
        "chunked;a=b",
        "xchunked",
        "chunkedx",
        "chunke",
        "\"chunked\"",
        "chunked identity",
        "chun\tked",
        "\u{e9}chunked",
    ] {
        assert_eq!(
            of_fields(&format!("Transfer-Encoding: {value}")),
            Some(Refusal::Coding),
            "{value}"
        );
    }
    let twice = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked";
    assert_eq!(of_fields(twice), Some(Refusal::Coding));
    assert_eq!(
        refusal("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Some(Refusal::CodingInOldVersion)
    );
}

/// RFC 9112, section 6.1.
#[test]
fn a_length_beside_a_coding_is_refused() {
    for lines in [
        "Content-Length: 0\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
    ] {
        assert_eq!(of_fields(lines), Some(Refusal::LengthAndCoding));
    }
}

/// RFC 9110, section 10.1.1.
#[test]
fn the_only_expectation_is_100_continue() {
    let expects = |head: &str| with(head, |request| request.expects_continue);

    assert!(expects(
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-Continue\r\n\r\n"
    ));
    for head in [
        "PUT / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
    ] {
        assert!(!expects(head), "{head}");
    }
    for lines in [
        "Expect: 200-ok",
        "Expect:",
        "Expect: 100-continue, x",
        "Expect: 100-continue\r\nExpect: 100-continue",
    ] {
        assert_eq!(of_fields(lines), Some(Refusal::Expectation), "{lines}");
    }
    assert_eq!(Refusal::Expectation.status(), 417);
}

/// RFC 9112, section 9.3.
#[test]
fn a_connection_persists_as_both_sides_say() {
    for (version, lines, persistent) in [
        ("HTTP/1.1", "", true),
        ("HTTP/1.1", "Connection: keep-alive\r\n", true),
        ("HTTP/1.1", "Connection: close\r\n", false),
        ("HTTP/1.1", "Connection: Upgrade\r\n", true),
        ("HTTP/1.1", "Connection: Upgrade, Close\r\n", false),
        ("HTTP/1.1", "Connection: x\r\nConnection: ,CLOSE,\r\n", false),
        ("HTTP/1.1", "Connection: closed\r\n", true),
        ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true),
        ("HTTP/1.0", "Connection: x, keep-alive\r\n", true),
        ("HTTP/1.0", "Connection: keep-alive, close\r\n", false),
        (
            "HTTP/1.0",
            "Connection: close\r\nConnection: keep-alive\r\n",
            false,
        ),
    ] {
        with(&format!("GET / {version}\r\nHost: a\r\n{lines}\r\n"), |request| {
            assert_eq!(request.persistent, persistent, "{version} {lines}");
        });
    }
}
