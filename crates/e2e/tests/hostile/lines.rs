//! The lines of a head end in one way and hold no bytes that end them in another (RFC 9112, sections 2.2, 3 and 5).

use crate::stage::judge;

/// What no line may hold: every control but the tab, which is white space where white space may be.
fn controls() -> impl Iterator<Item = u8> {
    (0..32).chain([127]).filter(|&byte| byte != b'\t')
}

/// A head with one byte put into each of its places.
fn with(byte: u8) -> Vec<(String, Vec<u8>)> {
    let places: &[(&str, &str, &str)] = &[
        ("before the method", "", "GET /case HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the method", "GE", "T /case HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind the method", "GET", " /case HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("before the target", "GET ", "/case HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the target", "GET /ca", "se HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the query", "GET /case?a=", "b HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind the target", "GET /case", " HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("before the version", "GET /case ", "HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the version", "GET /case HTTP/1", ".1\r\nHost: a\r\n\r\n"),
        ("behind the version", "GET /case HTTP/1.1", "\r\nHost: a\r\n\r\n"),
        (
            "before a name",
            "GET /case HTTP/1.1\r\nHost: a\r\n",
            "X-A: b\r\n\r\n",
        ),
        ("in a name", "GET /case HTTP/1.1\r\nHost: a\r\nX-", "A: b\r\n\r\n"),
        (
            "behind a name",
            "GET /case HTTP/1.1\r\nHost: a\r\nX-A",
            ": b\r\n\r\n",
        ),
        (
            "before a value",
            "GET /case HTTP/1.1\r\nHost: a\r\nX-A:",
            "b\r\n\r\n",
        ),
        (
            "in a value",
            "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b",
            "c\r\n\r\n",
        ),
        (
            "behind a value",
            "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b",
            "\r\n\r\n",
        ),
        (
            "within the end of a line",
            "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b\r",
            "\n\r\n",
        ),
        ("in the host", "GET /case HTTP/1.1\r\nHost: a", "b\r\n\r\n"),
        (
            "before the empty line",
            "GET /case HTTP/1.1\r\nHost: a\r\n",
            "\r\n",
        ),
        (
            "within the empty line",
            "GET /case HTTP/1.1\r\nHost: a\r\n\r",
            "\n",
        ),
    ];
    let name = |place: &str| format!("{byte:#04x} {place}");
    places
        .iter()
        .map(|(place, before, behind)| {
            let bytes = [before.as_bytes(), &[byte], behind.as_bytes()].concat();
            (name(place), bytes)
        })
        .collect()
}

#[test]
fn a_control_anywhere_in_a_head_is_refused() {
    // With a line feed within its last line, the head is whole, and the line feed stands before the next.
    let cases = controls()
        .flat_map(with)
        .filter(|(name, _)| name != "0x0a within the empty line");

    judge(cases, |_, outcome| outcome.refused(&[400]));
}

#[test]
fn a_byte_above_ascii_is_refused_everywhere_but_in_a_value_and_there_it_stays() {
    let (values, others): (Vec<_>, Vec<_>) = [0x80, 0x85, 0xa0, 0xff]
        .into_iter()
        .flat_map(with)
        .partition(|(name, _)| name.contains("a value"));

    judge(others, |_, outcome| outcome.refused(&[400]));
    judge(values, |_, outcome| {
        outcome.refused(&[400]).or_else(|_| {
            outcome.forwarded("/case", b"")?;
            let values = outcome.seen[0].values("x-a");
            let kept = values.len() == 1 && values[0].iter().any(|byte| *byte >= 0x80);
            kept.then_some(())
                .ok_or_else(|| format!("lost the byte: {values:?}"))
        })
    });
}

#[test]
fn a_line_that_ends_in_a_bare_line_feed_is_refused() {
    let heads = [
        "GET /case HTTP/1.1\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\n\n",
        "GET /case HTTP/1.1\nHost: a\n\n",
        "GET /case HTTP/1.1\r\nX-A: b\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\n\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\n\r\r\n",
        "GET /case HTTP/1.1\rHost: a\r\r",
        "GET /case HTTP/1.1\n\rHost: a\n\r\n\r",
        "\nGET /case HTTP/1.1\r\nHost: a\r\n\r\n",
        "\rGET /case HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    judge(heads.map(|head| (format!("{head:?}"), head)), |_, outcome| {
        outcome.refused(&[400])
    });
}

#[test]
fn a_folded_line_is_refused() {
    let heads = [
        "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tc\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\nX-A:\r\n b\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b\r\n \r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\n \r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\n X-A: b\r\n\r\n",
        "GET /case HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET /case HTTP/1.1\r\n Host: b\r\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost:\r\n a\r\n\r\n",
        "GET /case\r\n HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    judge(heads.map(|head| (format!("{head:?}"), head)), |_, outcome| {
        outcome.refused(&[400])
    });
}

#[test]
fn a_request_line_is_three_words_with_one_space_between() {
    let lines = [
        "GET  /case HTTP/1.1",
        "GET /case  HTTP/1.1",
        " GET /case HTTP/1.1",
        "GET /case HTTP/1.1 ",
        "GET\t/case\tHTTP/1.1",
        "GET /case\tHTTP/1.1",
        "GET /case HTTP/1.1\t",
        "GET /case HTTP/1.1 HTTP/1.1",
        "GET /case a HTTP/1.1",
        "GET /case",
        "GET /case ",
        "GET",
        "GET ",
        " /case HTTP/1.1",
        "/case HTTP/1.1",
        "HTTP/1.1 200 OK",
        "GET /case HTTP/",
        "GET /case HTTP",
        "GET /case http/1.1",
        "GET /case Http/1.1",
        "GET /case HTTP/1,1",
        "GET /case HTTP/1",
        "GET /case HTTP/1.",
        "GET /case HTTP/.1",
        "GET /case HTTP/1.1x",
        "GET /case HTTP/1.10",
        "GET /case HTTP/01.1",
        "GET /case HTTP/1.01",
        "GET /case HTTP/+1.1",
        "GET /case HTTP/ 1.1",
        "GET /case HTTP /1.1",
        "GET /case HTTPS/1.1",
        "GET /case ICY/1.1",
        "G@T /case HTTP/1.1",
        "G(T) /case HTTP/1.1",
        "\"GET\" /case HTTP/1.1",
        "GET, /case HTTP/1.1",
        "GET/case HTTP/1.1",
        "GET: /case HTTP/1.1",
    ];

    judge(
        lines.map(|line| (format!("{line:?}"), format!("{line}\r\nHost: a\r\n\r\n"))),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_version_that_is_not_spoken_here_is_refused() {
    let versions = ["0.9", "1.2", "1.9", "2.0", "3.0", "9.9", "0.0"];

    judge(
        versions.map(|version| {
            let bytes = format!("GET /case HTTP/{version}\r\nHost: a\r\n\r\n");
            (version.to_owned(), bytes)
        }),
        |_, outcome| outcome.refused(&[505, 400]),
    );
}

#[test]
fn an_empty_line_before_a_request_is_skipped_or_refused() {
    let heads = [
        "\r\nGET /case HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\r\nGET /case HTTP/1.1\r\nHost: a\r\n\r\n",
    ];

    judge(heads.map(|head| (format!("{head:?}"), head)), |_, outcome| {
        outcome.refused_or_forwarded("/case", b"")
    });
}
