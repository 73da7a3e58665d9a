//! A chunked body has one end (RFC 9112, section 7.1).

use crate::stage::{judge, post};

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn a_chunk_that_readers_could_measure_differently_is_refused() {
    let bodies = [
        // The size.
        "\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "-0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "0X3\r\nabc\r\n0\r\n\r\n",
        "3h\r\nabc\r\n0\r\n\r\n",
        "g\r\nabc\r\n0\r\n\r\n",
        "3g\r\nabc\r\n0\r\n\r\n",
        "3.0\r\nabc\r\n0\r\n\r\n",
        "3,3\r\nabc\r\n0\r\n\r\n",
        "\"3\"\r\nabc\r\n0\r\n\r\n",
        "\u{663}\r\nabc\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "\t3\r\nabc\r\n0\r\n\r\n",
        "\r\n3\r\nabc\r\n0\r\n\r\n",
        "3 \r\nabc\r\n0\r\n\r\n",
        "3\t\r\nabc\r\n0\r\n\r\n",
        "3 3\r\nabc\r\n0\r\n\r\n",
        "3\0\r\nabc\r\n0\r\n\r\n",
        "\x003\r\nabc\r\n0\r\n\r\n",
        "3\u{b}\r\nabc\r\n0\r\n\r\n",
        "3\u{a0}\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\nabc\r\n0\r\n\r\n",
        "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "100000000000000000000000000000003\r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        // The line of the size.
        "3\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3\r\r\nabc\r\n0\r\n\r\n",
        "3\n\nabc\r\n0\r\n\r\n",
        "3\r \nabc\r\n0\r\n\r\n",
        "3\r\0\nabc\r\n0\r\n\r\n",
        "3\rXabc\r\n0\r\n\r\n",
        // An extension.
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3;a\r\r\nabc\r\n0\r\n\r\n",
        "3;\nabc\r\n0\r\n\r\n",
        "3;a=\"b\nc\"\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b\r\nc\"\r\nabc\r\n0\r\n\r\n",
        "3;a=\0\r\nabc\r\n0\r\n\r\n",
        "3;a=\u{b}\r\nabc\r\n0\r\n\r\n",
        "3;a=\u{7f}\r\nabc\r\n0\r\n\r\n",
        "3 a\r\nabc\r\n0\r\n\r\n",
        "3=a\r\nabc\r\n0\r\n\r\n",
        "3:a\r\nabc\r\n0\r\n\r\n",
        // What is behind the data.
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nab\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc\r0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "3\r\nabcXX0\r\n\r\n",
        "3\r\nabc\r\r\n0\r\n\r\n",
        "3\r\nabc\n\r0\r\n\r\n",
        "3\r\nabc\r\n\r\n0\r\n\r\n",
        // The last chunk.
        "3\r\nabc\r\n0\n\n",
        "3\r\nabc\r\n0\n\r\n",
        "3\r\nabc\r\n0\r\n\n",
        "3\r\nabc\r\n0\r\r\n\r\n",
        "3\r\nabc\r\n0\r\n\r\r\n",
        "3\r\nabc\r\n0\r\n\rX",
        "3\r\nabc\r\n00x0\r\n\r\n",
        "3\r\nabc\r\n0 \r\n\r\n",
        "3\r\nabc\r\n+0\r\n\r\n",
        "3\r\nabc\r\n10000000000000000\r\n\r\n",
        "3\r\nabc\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    judge(
        bodies.map(|body| (format!("{body:?}"), post(CHUNKED, body))),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_chunk_that_is_larger_than_a_body_may_be_is_refused() {
    let sizes = [
        "989681",
        "7fffffff",
        "80000000",
        "ffffffff",
        "100000000",
        "7fffffffffffffff",
        "8000000000000000",
        "ffffffffffffffff",
        "fffffffffffffffe",
    ];

    judge(
        sizes.map(|size| {
            let body = format!("{size}\r\nabc\r\n0\r\n\r\n");
            (size.to_owned(), post(CHUNKED, &body))
        }),
        // It is too large, nobody should count so far, and what it announces never comes: each may be said first.
        |_, outcome| outcome.refused(&[413, 400, 408]),
    );
}

#[test]
fn chunks_in_any_valid_form_are_one_body() {
    let bodies = [
        "3\r\nabc\r\n0\r\n\r\n",
        "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n",
        "03\r\nabc\r\n0\r\n\r\n",
        "0000000000000003\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n000\r\n\r\n",
        "3;a\r\nabc\r\n0\r\n\r\n",
        "3;a=b\r\nabc\r\n0;c=d\r\n\r\n",
        "3;a=\"b\"\r\nabc\r\n0\r\n\r\n",
        "3;a=b;c;d=\"e f\"\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n0\r\nX-Checksum: 1\r\n\r\n",
    ];

    judge(
        bodies.map(|body| (format!("{body:?}"), post(CHUNKED, body))),
        |_, outcome| outcome.forwarded("/case", b"abc"),
    );
}

#[test]
fn chunks_at_the_edge_of_the_grammar_are_one_body_or_none() {
    let bodies = [
        "00000000000000003\r\nabc\r\n0\r\n\r\n",
        "000000000000000000000000000000003\r\nabc\r\n0\r\n\r\n",
        "3\r\nabc\r\n00000000000000000000\r\n\r\n",
        "3;\r\nabc\r\n0\r\n\r\n",
        "3;;;\r\nabc\r\n0\r\n\r\n",
        "3 ;a=b\r\nabc\r\n0\r\n\r\n",
        "3\t;a=b\r\nabc\r\n0\r\n\r\n",
        "3; a = b\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b;c\"\r\nabc\r\n0\r\n\r\n",
        "3;a=\"\\\"\"\r\nabc\r\n0\r\n\r\n",
        "3;a=\"b\r\nabc\r\n0\r\n\r\n",
        "3;\u{e9}\r\nabc\r\n0\r\n\r\n",
    ];

    judge(
        bodies.map(|body| (format!("{body:?}"), post(CHUNKED, body))),
        |_, outcome| outcome.refused_or_forwarded("/case", b"abc"),
    );
}

#[test]
fn a_chunk_of_data_that_looks_like_framing_is_data() {
    let data = "0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    let body = format!("{:x}\r\n{data}\r\n0\r\n\r\n", data.len());

    judge([("data".to_owned(), post(CHUNKED, &body))], |_, outcome| {
        outcome.forwarded("/case", data.as_bytes())
    });
}
