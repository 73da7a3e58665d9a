//! TLS on both sides.

use super::*;

#[test]
fn a_listener_is_secured_by_its_certificates_in_their_order() {
    let config = read(&format!(
        "{START}[services.shop]\n[listeners.web.tls]\nclient_ca = \"ca.pem\"\ncertificates = [\
         {{ certificate = \"a.pem\", key = \"a.key\" }}, {{ certificate = \"b.pem\", key = \"b.key\" }}]\n"
    ));

    let listener = &config.listeners[0];
    let tls = listener.tls.as_ref().unwrap();
    let names = tls
        .certificates
        .iter()
        .map(|pair| (&*pair.certificate.path, &*pair.key.path));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [("a.pem", "a.key"), ("b.pem", "b.key")]
    );
    assert_eq!((tls.min_version, listener.http2), (TlsVersion::V1_2, true));
    let client = tls.client.as_ref().unwrap();
    assert_eq!((&*client.ca.path, client.required), ("ca.pem", true));
}

#[test]
fn endpoints_with_https_are_verified_by_the_systems_certificates_unless_another_is_named() {
    let lane = |lines: &str| {
        let config = read(&format!("{START}[services.shop]\n[lanes.shop.canary]\n{lines}\n"));
        config.services[0].lanes[1].clone()
    };

    let cleartext = lane("endpoints = [\"http://a:1\"]");
    let usual = lane("endpoints = [\"https://a\"]");
    let named = lane(
        "endpoints = [\"https://a\"]\nprotocol = \"http2\"\ntls = { ca = \"ca.pem\", server_name = \"b\" }",
    );

    assert!(cleartext.tls.is_none() && cleartext.protocol == Protocol::Http1);
    let usual = usual.tls.unwrap();
    assert!(usual.verify && usual.ca.is_none() && usual.server_name.is_none());
    assert_eq!(named.protocol, Protocol::Http2);
    let named = named.tls.unwrap();
    assert!(named.verify);
    assert_eq!(named.ca.map(|ca| ca.path).as_deref(), Some("ca.pem"));
    assert_eq!(named.server_name.as_deref(), Some("b"));
}

#[test]
fn what_makes_no_sense_of_tls_is_refused_where_it_stands() {
    let lane = "[services.shop]\n[lanes.shop.canary]\nendpoints = [\"https://a\"]\n";
    let listener = "[services.shop]\n[listeners.web.tls]\n";
    for (text, line) in [
        (format!("{listener}min_version = \"1.2\"\n"), 2),
        (format!("{listener}certificates = []\n"), 3),
        (format!("{listener}certificates = [{{}}]\n"), 3),
        (
            format!("{listener}certificates = [{{ certificate = \"a.pem\" }}]\n"),
            3,
        ),
        (format!("{listener}certificates = [\"a.pem\"]\n"), 3),
        (
            format!("{listener}certificates = [{{ certificate = \"../a.pem\", key = \"a.key\" }}]\n"),
            3,
        ),
        (format!("{lane}protocol = \"http3\"\n"), 4),
        (format!("{lane}tls = {{ key = \"a.key\" }}\n"), 4),
        (format!("{lane}tls = {{ verify = false, ca = \"a.pem\" }}\n"), 4),
        (format!("{lane}tls = {{ server_name = \"a:1\" }}\n"), 4),
        (
            "[services.shop]\n[lanes.shop.canary]\nrespond = {}\nprotocol = \"http2\"\n".to_owned(),
            4,
        ),
    ] {
        assert_eq!(refused(&text), [line], "{text}");
    }
}

#[test]
fn the_same_server_with_and_without_tls_is_one_endpoint_twice() {
    let lines =
        refused("[services.shop]\n[lanes.shop.canary]\nendpoints = [\"https://a:1\", \"http://a:1\"]\n");

    assert_eq!(lines, [3]);
}
