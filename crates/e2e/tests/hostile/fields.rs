//! A field is a name, a colon and a value (RFC 9112, section 5), and says nothing that only the gateway may say.

use crate::stage::{Stage, judge};

fn get(line: &str) -> String {
    format!("GET /case HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n")
}

#[test]
fn a_name_that_is_no_token_is_refused() {
    let delimiters = "\"(),/;<=>?@[\\]{} ".chars();
    let inside = delimiters.clone().map(|each| get(&format!("X{each}A: b")));
    let before = delimiters.clone().map(|each| get(&format!("{each}X-A: b")));
    let behind = delimiters.map(|each| get(&format!("X-A{each}: b")));
    let lines = [
        ": b",
        " : b",
        "\t: b",
        ":",
        "::",
        "X-A",
        "X-A b",
        "X-A\t: b",
        "X-A : b",
        "\u{e9}: b",
    ];
    let others = lines.map(get);

    judge(
        inside
            .chain(before)
            .chain(behind)
            .chain(others)
            .map(|bytes| (format!("{bytes:?}"), bytes)),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn what_only_the_gateway_may_say_is_not_taken_from_a_stranger_however_it_is_written() {
    let stage = Stage::new();
    let said = [
        ("x-gray-version", &["stable"][..]),
        ("x-forwarded-for", &["127.0.0.1"]),
        ("x-forwarded-host", &["a"]),
        ("x-forwarded-proto", &["http"]),
    ];
    for (name, expected) in said {
        let upper = name.to_ascii_uppercase();
        for lines in [
            format!("{name}: evil"),
            format!("{upper}: evil"),
            format!("{name}:evil\r\n{upper}: evil\r\n{name}: \t"),
            format!("Connection: {name}\r\n{name}: evil"),
            format!("Connection: close, {upper}\r\nConnection: {name}"),
        ] {
            // `close` is among them: nothing is sent behind.
            let lines = format!("{lines}\r\nConnection: close");
            let outcome = stage.play_alone(get(&lines));

            let seen = &outcome.seen[0];
            let values: Vec<_> = seen
                .values(name)
                .into_iter()
                .map(String::from_utf8_lossy)
                .collect();
            assert_eq!(values, expected, "{lines:?}");
        }
    }
}

#[test]
fn a_line_break_that_is_only_written_down_breaks_no_line() {
    let values = [
        "a%0d%0aX-Gray-Version: evil",
        "a\\r\\nX-Gray-Version: evil",
        "a&#13;&#10;X-Gray-Version: evil",
        "a\u{560d}\u{560a}X-Gray-Version: evil",
        "a\u{2028}X-Gray-Version: evil",
    ];

    judge(
        values.map(|value| (value.to_owned(), get(&format!("X-A: {value}")))),
        |value, outcome| {
            outcome.refused(&[400]).or_else(|_| {
                outcome.forwarded("/case", b"")?;
                let seen = &outcome.seen[0];
                let same = seen.values("x-a") == [value.as_bytes()]
                    && seen.values("x-gray-version") == [&b"stable"[..]];
                same.then_some(()).ok_or_else(|| format!("changed it: {seen:?}"))
            })
        },
    );
}

#[test]
fn a_target_that_holds_a_written_line_break_is_forwarded_as_it_is() {
    let targets = ["/case?a=%0d%0aX-A:%20b", "/%0d%0a%0d%0aGET%20/hidden"];

    judge(
        targets.map(|target| {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            (target.to_owned(), bytes)
        }),
        |target, outcome| outcome.refused_or_forwarded(target, b""),
    );
}
