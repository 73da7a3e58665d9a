//! Where a body ends is said once, in one way (RFC 9112, section 6).

use crate::stage::{judge, post};

/// The request that hides behind another.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/// Lines by which a reader may or may not see a transfer coding.
const CODINGS: &[&str] = &[
    "Transfer-Encoding : chunked",
    "Transfer-Encoding\t: chunked",
    "Transfer-Encoding :chunked",
    " Transfer-Encoding: chunked",
    "\tTransfer-Encoding: chunked",
    "X: y\r\n Transfer-Encoding: chunked",
    "X: y\nTransfer-Encoding: chunked",
    "X: y\rTransfer-Encoding: chunked",
    "X: y\r\n\rTransfer-Encoding: chunked",
    "X: y\r\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding:\r\n\tchunked",
    "Transfer-Encoding:\n chunked",
    "Transfer-Encoding\r\n : chunked",
    "Transfer-Encoding: chunked\r\n ",
    "Transfer-Encoding: chunked\n",
    "Transfer-Encoding: chunked\r",
    "Transfer-Encoding:\u{b}chunked",
    "Transfer-Encoding: \u{b}chunked",
    "Transfer-Encoding:\u{c}chunked",
    "Transfer-Encoding: chunked\u{b}",
    "Transfer-Encoding: chunked\0",
    "Transfer-Encoding: \0chunked",
    "Transfer-Encoding: chun\0ked",
    "Transfer-Encoding\0: chunked",
    "\0Transfer-Encoding: chunked",
    "Transfer-Encoding: \u{a0}chunked",
    "Transfer-Encoding: \u{85}chunked",
    "Transfer-Encoding: chunked, identity",
    "Transfer-Encoding: identity, chunked",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: compress, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: cow",
    "Transfer-Encoding: xchunked",
    "Transfer-Encoding: chunkedx",
    "Transfer-Encoding: chunk",
    "Transfer-Encoding: chunked,",
    "Transfer-Encoding: ,chunked",
    "Transfer-Encoding: , chunked",
    "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: chunked; a=b",
    "Transfer-Encoding: chunked chunked",
    "Transfer-Encoding: \"chunked\"",
    "Transfer-Encoding: 'chunked'",
    "Transfer-Encoding: (chunked)",
    "Transfer-Encoding: c hunked",
    "Transfer-Encoding: chunKeD\u{ff}",
    "Transfer-Encoding: c\u{68}unk\u{212a}",
    "Transfer-Encoding:",
    "Transfer-Encoding: ",
    "Transfer-Encoding",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\ntransfer-encoding:",
    "Transfer-Encoding: chunked\r\nX-A: b\r\nTRANSFER-ENCODING: chunked",
    "Transfer Encoding: chunked",
    "Transfer-Encoding chunked",
    "Transfer-Encoding= chunked",
    "Transfer\u{2d}Encoding\u{a0}: chunked",
    "Transfer\u{2010}Encoding: chunked",
    ":Transfer-Encoding: chunked",
];

/// Values of `Content-Length` that readers see different numbers in.
const LENGTHS: &[&str] = &[
    "+3",
    "-3",
    "--3",
    "0x3",
    "0X3",
    "3h",
    "3 3",
    "3\t3",
    "3,3",
    "3, 3",
    "3,4",
    "3,",
    ",3",
    ", 3",
    "3;",
    "3;a=b",
    "3.0",
    "3.",
    ".3",
    "3e0",
    "1_0",
    "1'0",
    "\"3\"",
    "(3)",
    "three",
    "",
    " ",
    "\u{663}",
    "\u{ff13}",
    "\u{b}3",
    "3\u{b}",
    "3\u{c}",
    "3\0",
    "\u{0}3",
    "3\x004",
    "\u{a0}3",
    "3\r",
    "\r3",
    "3\n",
    "\n3",
    "\r\n 3",
    "3\r\n 4",
    "NaN",
    "inf",
    "18446744073709551616",
    "18446744073709551619",
    "340282366920938463463374607431768211459",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999",
    "-18446744073709551613",
];

#[test]
fn a_length_beside_a_coding_is_refused_in_either_order() {
    let hidden = format!("0\r\n\r\n{HIDDEN}");
    let length = hidden.len();
    let cases = [
        format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Transfer-Encoding: chunked\r\nX-A: b\r\ncontent-length: {length}\r\n"),
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 6\r\ntransfer-encoding: CHUNKED\r\n".to_owned(),
        "Content-Length: \r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: x\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        format!("Connection: Content-Length\r\nContent-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        "Connection: Transfer-Encoding\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n".to_owned(),
    ];

    judge(
        cases.map(|lines| (format!("{lines:?}"), post(&lines, &hidden))),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_coding_that_readers_may_overlook_is_refused_with_a_length_and_without() {
    let hidden = format!("0\r\n\r\n{HIDDEN}");
    let length = hidden.len();
    let both = CODINGS.iter().flat_map(|line| {
        [
            post(&format!("{line}\r\n"), &hidden),
            post(&format!("{line}\r\nContent-Length: {length}\r\n"), &hidden),
            post(&format!("Content-Length: {length}\r\n{line}\r\n"), &hidden),
        ]
        .map(|bytes| (format!("{line:?}"), bytes))
    });

    judge(both, |_, outcome| outcome.refused(&[400]));
}

#[test]
fn a_length_that_is_no_plain_number_is_refused() {
    let cases = LENGTHS.iter().map(|value| {
        let lines = format!("Content-Length: {value}\r\n");
        (format!("{value:?}"), post(&lines, "abc"))
    });

    judge(cases, |_, outcome| outcome.refused(&[400]));
}

#[test]
fn a_length_said_twice_is_refused() {
    let length = HIDDEN.len();
    let lines = [
        format!("Content-Length: 0\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nX-A: b\r\ncontent-length: {length}\r\n"),
        format!("Content-Length: {length}\r\nCONTENT-LENGTH: 0{length}\r\n"),
        format!("Content-Length: {length}\r\nContent-Length:\r\n"),
        format!("Content-Length : {length}\r\nContent-Length: 0\r\n"),
        format!("Content-Length: 0\r\n Content-Length: {length}\r\n"),
        format!("Content-Length\t: {length}\r\n"),
        format!("Content-Length\r\n : {length}\r\n"),
    ];

    judge(
        lines.map(|lines| (format!("{lines:?}"), post(&lines, HIDDEN))),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_body_larger_than_allowed_is_refused_however_large_it_says_it_is() {
    let lengths = ["10000001", "9223372036854775808", "18446744073709551615"];

    judge(
        lengths.map(|length| {
            let lines = format!("Content-Length: {length}\r\n");
            (length.to_owned(), post(&lines, "abc"))
        }),
        // Numbers that no signed counter holds may be refused as none.
        |_, outcome| outcome.refused(&[413, 400]),
    );
}

#[test]
fn a_body_belongs_to_its_request_whatever_the_method_and_however_it_looks() {
    let length = HIDDEN.len();
    // Whoever ignores the length of a method that "has no body" (CL.0) sees the hidden request.
    let methods = [
        "GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PATCH", "TRACE", "PROPFIND", "get",
    ];
    let cases = methods.iter().map(|method| {
        let fields = format!("Host: a\r\nContent-Length: {length}\r\n");
        // The body of an answer to HEAD is never sent, which a client must know: it is not asked here.
        let method = if *method == "HEAD" { "Head" } else { method };
        let bytes = format!("{method} /case HTTP/1.1\r\n{fields}\r\n{HIDDEN}");
        (method.to_owned(), bytes)
    });

    judge(cases, |_, outcome| outcome.forwarded("/case", HIDDEN.as_bytes()));
}

#[test]
fn what_only_looks_unusual_is_forwarded_as_one_request() {
    let chunks = "3\r\nabc\r\n0\r\n\r\n";
    let cases = [
        ("TRANSFER-ENCODING: CHUNKED\r\n", chunks),
        ("transfer-encoding:chunked\r\n", chunks),
        ("Transfer-Encoding: \t chunked \t \r\n", chunks),
        ("Transfer-Encoding: chunked\r\nTE: trailers\r\n", chunks),
        (
            "X-Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
            chunks,
        ),
        (
            "Transfer-Encodin: gzip\r\nTransfer-Encodings: x\r\nContent-Length: 3\r\n",
            "abc",
        ),
        ("content-length:3\r\n", "abc"),
        ("Content-Length:\t 3 \t\r\n", "abc"),
        ("Connection: Content-Length\r\nContent-Length: 3\r\n", "abc"),
        (
            "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
            chunks,
        ),
    ];

    judge(
        cases.map(|(lines, body)| (format!("{lines:?}"), post(lines, body))),
        |_, outcome| outcome.forwarded("/case", b"abc"),
    );
}

#[test]
fn what_careless_readers_could_take_for_framing_frames_nothing() {
    // Valid by the grammar: what is forwarded has the one length that it says, or nothing is.
    let cases = [
        "Content-Length: 00000000000000000003\r\n",
        "Content-Length: 3\r\nContent_Length: 9\r\n",
        "content_length: 9\r\nContent-Length: 3\r\n",
        "Content-Length: 3\r\nTransfer_Encoding: chunked\r\n",
        "Content-Length: 3\r\nTransfer.Encoding: chunked\r\n",
        "Content-Length: 3\r\nX-A: \u{e9}\r\n",
    ];

    judge(
        cases.map(|lines| (format!("{lines:?}"), post(lines, "abc"))),
        |_, outcome| outcome.refused_or_forwarded("/case", b"abc"),
    );
}

#[test]
fn a_coding_on_http_1_0_is_refused() {
    let hidden = format!("0\r\n\r\n{HIDDEN}");
    let length = hidden.len();
    let cases = [
        "Transfer-Encoding: chunked\r\n".to_owned(),
        "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        format!("Connection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        format!("Content-Length: {length}\r\nTransfer-Encoding: identity\r\n"),
    ];

    judge(
        cases.map(|lines| {
            let bytes = format!("POST /case HTTP/1.0\r\nHost: a\r\n{lines}\r\n{hidden}");
            (format!("{lines:?}"), bytes)
        }),
        |_, outcome| outcome.refused(&[400]),
    );
}
