use super::*;
use crate::{Endpoint, HostPattern};

fn to(host: &str, port: u16) -> Option<Endpoint> {
    let host = host.into();
    let (tls, weight) = (false, 1);
    Some(Endpoint {
        host,
        port,
        tls,
        weight,
    })
}

fn secured(host: &str, port: u16) -> Option<Endpoint> {
    let tls = true;
    to(host, port).map(|cleartext| Endpoint { tls, ..cleartext })
}

#[test]
fn an_endpoint_is_a_server_and_nothing_more() {
    for (text, expected) in [
        ("http://10.0.0.7:8080", to("10.0.0.7", 8080)),
        ("HTTP://Shop.Internal", to("shop.internal", 80)),
        ("shop_a.internal.:81", to("shop_a.internal.", 81)),
        ("[::1]:8080", to("::1", 8080)),
        ("http://[FE80::0:1]", to("fe80::1", 80)),
        ("https://a:1", secured("a", 1)),
        ("HTTPS://a", secured("a", 443)),
        ("ftp://a:1", None),
        ("http://a:1/", None),
        ("http://a:1/x", None),
        ("a:1?x", None),
        ("http://u:p@a:1", None),
        ("a", None),
        ("a:", None),
        ("a:0", None),
        ("a:65536", None),
        ("a:+80", None),
        (":80", None),
        ("a:b:1", None),
        ("::1", None),
        ("[::1", None),
        ("[::1]x:80", None),
        ("x[::1]:80", None),
        ("[a]:80", None),
        ("256.0.0.1:80", None),
        ("10.0.0:80", None),
        ("a b:80", None),
        ("灰:80", None),
        ("http://", None),
        ("", None),
    ] {
        assert_eq!(endpoint(text).ok(), expected, "{text}");
    }
}

#[test]
fn a_host_is_exact_or_below_or_any() {
    let exact = |name: &str| Some(HostWord::Pattern(HostPattern::Exact(name.into())));
    let below = |name: &str| Some(HostWord::Pattern(HostPattern::Below(name.into())));

    for (text, expected) in [
        ("*", Some(HostWord::Any)),
        ("Shop.Example.org", exact("shop.example.org")),
        ("*.Example.org", below(".example.org")),
        ("10.0.0.1", exact("10.0.0.1")),
        ("[0:0::1]", exact("[::1]")),
        ("::1", None),
        ("[::g]", None),
        ("a.org:80", None),
        ("http://a.org", None),
        ("a.org/x", None),
        ("a.*.org", None),
        ("*a.org", None),
        ("*.", None),
        ("*.*.org", None),
        ("a..org", None),
        ("a.org.", None),
        (".a.org", None),
        ("bücher.de", None),
        ("a b", None),
        ("", None),
    ] {
        assert_eq!(host(text).ok(), expected, "{text}");
    }
}

#[test]
fn a_path_is_what_a_request_can_have() {
    for (text, expected) in [
        ("/", Some("/")),
        ("/shop", Some("/shop")),
        ("/shop/", Some("/shop")),
        ("/a/.well-known/...", Some("/a/.well-known/...")),
        ("/%E7%81%B0", Some("/%E7%81%B0")),
        ("", None),
        ("shop", None),
        ("*", None),
        ("/a?b", None),
        ("/a#b", None),
        ("//", None),
        ("/a//b", None),
        ("/a/./b", None),
        ("/a/..", None),
        ("/a/%2E./b", None),
        ("/灰", None),
        ("/a b", None),
    ] {
        assert_eq!(path(text).ok().as_deref(), expected, "{text}");
    }
}

#[test]
fn a_key_source_has_a_kind_and_a_name() {
    for (text, expected) in [
        ("header:X-User-Id", Some(KeySource::Header("x-user-id".into()))),
        ("cookie:Uid", Some(KeySource::Cookie("Uid".into()))),
        ("query:user[id]", Some(KeySource::Query("user[id]".into()))),
        ("client", Some(KeySource::ClientAddress)),
        ("client:ip", None),
        ("header", None),
        ("header:", None),
        ("header:a b", None),
        ("header:a:b", None),
        ("cookie:a=b", None),
        ("query:a&b", None),
        ("headers:X", None),
        ("", None),
    ] {
        assert_eq!(key_source(text).ok(), expected, "{text}");
    }
}

#[test]
fn a_peer_is_a_network_or_an_address() {
    for (text, expected) in [
        ("10.1.2.3/8", Some("10.0.0.0/8")),
        ("192.0.2.7", Some("192.0.2.7/32")),
        ("::1", Some("::1/128")),
        ("fd00::/8", Some("fd00::/8")),
        ("10.0.0.0/33", None),
        ("localhost", None),
        ("", None),
    ] {
        assert_eq!(
            peer(text).ok().map(|network| network.to_string()).as_deref(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn an_address_that_is_none_gets_the_hint_that_it_needs() {
    for (text, hint) in [
        (":8080", "\"0.0.0.0:8080\""),
        ("localhost:8080", "\"127.0.0.1:8080\""),
        ("127.0.0.1", "\"127.0.0.1:8080\""),
        ("::1", "\"[::1]:8080\""),
        ("127.0.0.1:70000", "65535"),
        ("x", "\"[::1]:8080\""),
    ] {
        let fault = address(text).unwrap_err();

        assert!(fault.hint.as_ref().unwrap().contains(hint), "{text}: {fault:?}");
    }
}

#[test]
fn a_media_type_can_stand_in_a_header() {
    for (text, fine) in [
        ("text/html; charset=utf-8", true),
        ("", false),
        (" text/html", false),
        ("text/html\r\nX: y", false),
        ("text/ü", false),
    ] {
        assert_eq!(content_type(text).is_ok(), fine, "{text}");
    }
}
