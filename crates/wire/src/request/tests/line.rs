use super::*;

/// RFC 9112, section 2.2.
#[test]
fn one_empty_line_before_a_request_is_read_over() {
    with("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", |request| {
        assert_eq!(request.length, 29);
        assert_eq!(request.method, "GET");
    });
    assert_eq!(refusal("\r\n\r\n"), Some(Refusal::EmptyLines));
}

/// RFC 9110, section 9.1.
#[test]
fn a_method_is_a_token() {
    for line in [
        "GET / HTTP/1.1",
        "get / HTTP/1.1",
        "M-SEARCH /x HTTP/1.1",
        "!#$%&'*+-.^_`|~09 / HTTP/1.1",
    ] {
        assert_eq!(of_line(line), None, "{line}");
    }
    for line in [
        " / HTTP/1.1",
        "GET\t/ HTTP/1.1",
        "G(T / HTTP/1.1",
        "GET",
        "G\u{e9}T / HTTP/1.1",
        " GET / HTTP/1.1",
    ] {
        assert_eq!(of_line(line), Some(Refusal::Method), "{line}");
    }
}

/// RFC 9110, section 9.3.6.
#[test]
fn connect_is_not_served() {
    assert_eq!(of_line("CONNECT a:443 HTTP/1.1"), Some(Refusal::Connect));
    assert_eq!(Refusal::Connect.status(), 501);
    assert_eq!(
        of_line("connect /a HTTP/1.1"),
        None,
        "another method: case matters"
    );
}

/// RFC 9112, section 3.2.
#[test]
fn a_target_is_made_of_what_an_address_may_hold() {
    for target in [
        "/",
        "//a",
        "/a-._~!$&'()*+,;=:@b",
        "/%20%e4%E4",
        "/a[0]|b",
        "/?",
        "/?a?b/c",
        "/?a[]={}|\\^`%",
        "/?%zz",
    ] {
        assert_eq!(of_line(&format!("GET {target} HTTP/1.1")), None, "{target}");
    }
    for target in [
        "", " ", "/ ", "/ a", "/\t", "a", "a/b", "?a", "/#", "/a#b", "/?a#b", "/\"", "/<", "/>", "/a\\b",
        "/^", "/`", "/{}", "/?\"", "/?<", "/?>", "/\u{e9}", "/?\u{e9}", "a:80", "ftp://a/", "http:/a",
        "http//a/", "*/", "*?a", "**",
    ] {
        let found = of_line(&format!("GET {target} HTTP/1.1"));
        assert!(
            matches!(found, Some(Refusal::Target | Refusal::Version)),
            "{target}: {found:?}"
        );
    }
}

/// RFC 3986, section 2.1.
#[test]
fn an_escape_in_a_path_is_two_digits_and_not_nul() {
    for target in ["/%", "/%2", "/%2/a", "/%2?a", "/%zz", "/%2z", "/a%00b", "/%%20"] {
        assert_eq!(
            of_line(&format!("GET {target} HTTP/1.1")),
            Some(Refusal::Escape),
            "{target}"
        );
    }
}

/// RFC 9112, section 3.2.4.
#[test]
fn the_server_as_a_whole_is_asked_only_for_its_options() {
    with("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", |request| {
        assert_eq!((request.target, request.path, request.query), ("*", "*", None));
    });
    with("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n", |request| {
        assert_eq!((request.target, request.path), ("*", "*"));
    });
    assert_eq!(of_line("GET * HTTP/1.1"), Some(Refusal::Asterisk));
}

/// RFC 9112, section 3.2.2, and RFC 9112, section 3.2: the two are identical.
#[test]
fn an_absolute_target_agrees_with_host() {
    let head = |target: &str, host: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");

    for (target, host, left) in [
        ("http://a.test/b?c", "a.test", "/b?c"),
        ("HTTPS://A.test:80/", "a.TEST:80", "/"),
        ("http://a.test", "a.test", "/"),
        ("http://[::1]:1/", "[::1]:1", "/"),
    ] {
        with(&head(target, host), |request| {
            assert_eq!(request.target, left, "{target}");
        });
    }
    for (target, host, found) in [
        ("http://b/", "a", Refusal::Authority),
        ("http://a:80/", "a", Refusal::Authority),
        ("http://a/", "a:80", Refusal::Authority),
        ("http://a:/", "a", Refusal::Authority),
        ("http:///", "a", Refusal::Authority),
        ("http://a?b", "a", Refusal::Target),
        ("http://a#b", "a", Refusal::Target),
        ("http://a/ b", "a", Refusal::Version),
        // RFC 9110, section 4.2.4.
        ("http://u@a/", "a", Refusal::UserInformation),
        ("http://a@b:c@a/", "a", Refusal::UserInformation),
        ("http://u:p@a/", "u:p@a", Refusal::UserInformation),
    ] {
        assert_eq!(refusal(&head(target, host)), Some(found), "{target} {host}");
    }
}

/// RFC 9112, section 2.3; RFC 9110, section 15.6.6.
#[test]
fn only_two_versions_are_served() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        assert_eq!(of_line(&format!("GET / {version}")), None);
    }
    for version in ["HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0"] {
        assert_eq!(
            of_line(&format!("GET / {version}")),
            Some(Refusal::VersionNotServed)
        );
    }
    for version in [
        "",
        "http/1.1",
        "HTTP/1",
        "HTTP/1.1 ",
        " HTTP/1.1",
        "HTTP/1.10",
        "HTTP/11",
        "HTTP/a.b",
        "HTTP/01.1",
        "HTTPS/1.1",
        "ICY",
    ] {
        assert_eq!(
            of_line(&format!("GET / {version}")),
            Some(Refusal::Version),
            "{version:?}"
        );
    }
    assert_eq!(of_line("GET /"), Some(Refusal::Target), "HTTP/0.9 has no version");
    assert_eq!(Refusal::VersionNotServed.status(), 505);
}

/// RFC 9112, section 3.2.
#[test]
fn a_host_is_there_once_in_either_version() {
    for version in ["HTTP/1.0", "HTTP/1.1"] {
        let head = |lines: &str| format!("GET / {version}\r\n{lines}\r\n");

        assert_eq!(refusal(&head("")), Some(Refusal::HostMissing));
        assert_eq!(refusal(&head("X: a\r\n")), Some(Refusal::HostMissing));
        assert_eq!(refusal(&head("Host: a\r\nHost: a\r\n")), Some(Refusal::HostTwice));
        assert_eq!(
            refusal(&head("Host: a\r\nX: b\r\nhOST: b\r\n")),
            Some(Refusal::HostTwice)
        );
    }
}

/// RFC 9110, section 7.2.
#[test]
fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
    for (value, host) in [
        ("a", "a"),
        ("a:80", "a"),
        ("a:", "a"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[::1]:8080", "[::1]"),
        ("[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]"),
        ("a_b.example:65535", "a_b.example"),
    ] {
        with(&format!("GET / HTTP/1.1\r\nHost: {value}\r\n\r\n"), |request| {
            assert_eq!((request.authority, request.host), (value, host));
        });
    }
    for value in [
        "",
        "a b",
        "a,b",
        "a:b",
        "u@a",
        "a/b",
        "a?b",
        "a#b",
        "[::1",
        "[]",
        "[::1]x",
        "[1.2.3.4]",
        "[::1%25eth0]",
        "[v1.a]",
        "a[::1]",
        "::1",
        ":80",
        "a:80:80",
        "a:123456",
        "a:65536",
        "a:000080",
        "a:18446744073709551696",
        "a:+80",
        "a%41",
        "a\u{e9}",
        "http://a",
        "a;b",
        "a'b",
        "a\tb",
    ] {
        assert_eq!(
            refusal(&format!("GET / HTTP/1.1\r\nHost: {value}\r\n\r\n")),
            Some(Refusal::Host),
            "{value}"
        );
    }
}
