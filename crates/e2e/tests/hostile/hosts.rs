//! A request is for exactly one host (RFC 9112, section 3.2; RFC 9110, section 7.2).

use crate::stage::judge;

#[test]
fn a_request_without_exactly_one_host_is_refused() {
    let lines = [
        "",
        "Host: a\r\nHost: a\r\n",
        "Host: a\r\nHost: b\r\n",
        "Host: a\r\nX-A: b\r\nhost: b\r\n",
        "HOST: a\r\nhost: a\r\n",
        "Host: a\r\nHost:\r\n",
        "Host:\r\nHost: a\r\n",
        "Hostname: a\r\n",
        "X-Host: a\r\n",
        "X-Forwarded-Host: a\r\n",
        "Host : a\r\n",
        "Host\t: a\r\n",
        "Host: a\r\n b\r\n",
        "X-A: b\r\n Host: a\r\n",
    ];

    judge(
        lines.map(|lines| (format!("{lines:?}"), format!("GET /case HTTP/1.1\r\n{lines}\r\n"))),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_host_that_readers_could_take_apart_differently_is_refused() {
    let hosts = [
        "", " ", "a b", "a\tb", "a,b", "a, b", "a@b", "u:p@a", "@a", "a@", "a/b", "a/", "/a", "http://a",
        "a\\b", "a?b", "a#b", "a;b@c", "a:b", "a:80:80", "a:-1", "a:+80", "a: 80", "a :80", "a:80 b", ":80",
        ":", "[::1", "::1", "::1]", "[]", "[]:80", "[::1]x", "[::1]:x", "[a]b:80", "a[b]", "[::1]@b", "a\"b",
        "<a>", "a|b", "a^b", "`a`", "{a}", "a\u{e9}", "a\u{0}b", "a\u{7f}",
    ];

    judge(
        hosts.map(|host| {
            let bytes = format!("GET /case HTTP/1.1\r\nHost: {host}\r\n\r\n");
            (format!("{host:?}"), bytes)
        }),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn a_valid_host_reaches_the_upstream_as_it_is() {
    let hosts = [
        "a",
        "A.Example",
        "a:80",
        "a:8080",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
        "a-b.c_d",
    ];

    judge(
        hosts.map(|host| {
            let bytes = format!("GET /case HTTP/1.1\r\nHost: {host}\r\n\r\n");
            (host.to_owned(), bytes)
        }),
        |host, outcome| {
            outcome.forwarded("/case", b"")?;
            let seen = outcome.seen[0].host();
            (seen == host)
                .then_some(())
                .ok_or_else(|| format!("became {seen}"))
        },
    );
}

#[test]
fn an_absolute_target_that_contradicts_the_host_is_refused() {
    let targets = [
        "http://b/case",
        "http://b",
        "http://a.b/case",
        "http://ab/case",
        "http://a:81/case",
        "http://u@a/case",
        "http://a@b/case",
        "http://b@a/case",
        "http://a:80@b/case",
        "http://a\\@b/case",
        "http://a\\b/case",
        "http://a#@b/case",
        "http://a%2eb/case",
        "http:///case",
        "http:/case",
        "http:case",
        "http://",
        "http://?",
        "http://:80/case",
        "https://b/case",
        "ftp://a/case",
        "file:///case",
        "javascript:a",
        "://a/case",
        "a://a/case",
    ];

    judge(
        targets.map(|target| {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            (target.to_owned(), bytes)
        }),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn an_absolute_target_that_agrees_is_the_path_on_that_host() {
    let targets = [
        ("GET", "http://a/case", "/case"),
        ("GET", "HTTP://A/case?b", "/case?b"),
        ("GET", "http://a", "/"),
        ("GET", "http://a/", "/"),
        ("GET", "http://a?b", "/?b"),
        ("GET", "http://a//case", "//case"),
        ("OPTIONS", "*", "*"),
        ("OPTIONS", "http://a", "*"),
    ];

    judge(
        targets.map(|(method, target, expected)| {
            let bytes = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            (format!("{expected} of {target}"), bytes)
        }),
        |name, outcome| {
            let expected = name.split(' ').next().unwrap();
            outcome.refused_or_forwarded(expected, b"")
        },
    );
}
