//! TLS towards endpoints.

use super::*;

/// A lane with one endpoint over TLS, and one in cleartext before it.
fn lane(tls: &str) -> Config {
    config(&format!(
        "lanes.shop.stable.endpoints = [\"b.example:1\", \"https://a.example:1\"]\n{tls}\n"
    ))
}

/// What comes of asking a server with this certificate for the second endpoint of that lane.
fn asked(config: &Config, files: &Files, shown: &Pair) -> Result<(), rustls::Error> {
    let tls = Tls::compile(config, files, None).unwrap();
    let server = Tls::compile(&listener(1, ""), &pairs(&[shown]), None).unwrap();
    let peer = tls.peer(1).unwrap();
    let shaken = shake(
        Arc::clone(peer.config()),
        peer.name().clone(),
        server.server("web").unwrap(),
    );
    shaken.map(drop)
}

#[test]
fn an_endpoint_must_have_its_name_from_an_authority_that_is_trusted() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let named = files(&[("ca.pem", &authority.pem)]);
    let system = Files {
        system: Some(("/etc/ca".into(), Content::new(authority.pem.clone().into()))),
        ..Files::default()
    };
    let right = authority.give(&["a.example"]);
    let (ca, usual) = (lane("lanes.shop.stable.tls.ca = \"ca.pem\""), lane(""));

    assert_eq!(asked(&ca, &named, &right), Ok(()));
    assert_eq!(asked(&usual, &system, &right), Ok(()));
    assert!(asked(&ca, &named, &authority.give(&["c.example"])).is_err());
    assert!(asked(&ca, &named, &stranger.give(&["a.example"])).is_err());
    assert!(asked(&usual, &system, &stranger.give(&["a.example"])).is_err());
    let other_name = lane("lanes.shop.stable.tls = { ca = \"ca.pem\", server_name = \"c.example\" }");
    assert_eq!(
        asked(&other_name, &named, &authority.give(&["c.example"])),
        Ok(())
    );
    assert!(asked(&other_name, &named, &right).is_err());
}

#[test]
fn an_endpoint_that_is_not_verified_is_asked_and_shouted_about() {
    let config = lane("lanes.shop.stable.tls.verify = false");

    let asked = asked(&config, &Files::default(), &Authority::new().give(&["c.example"]));

    assert_eq!(asked, Ok(()));
    let tls = Tls::compile(&config, &Files::default(), None).unwrap();
    let warnings = tls.warnings(SystemTime::now());
    assert_eq!(
        warnings,
        [Warning::Unverified {
            lane: "shop/stable".to_owned()
        }]
    );
}

#[test]
fn a_lane_without_anybody_to_trust_is_refused() {
    let text = said(&lane(""), &Files::default());

    assert_eq!(text, "this system has no file of trusted certificates");
}

#[test]
fn an_endpoint_may_ask_for_the_gateways_certificate() {
    let authority = Authority::new();
    let mine = authority.give(&["gateway"]);
    let mut read = pairs(&[&authority.give(&["a.example"])]);
    for (name, text) in [
        ("ca.pem", &authority.pem),
        ("me.pem", &mine.certificate),
        ("me.key", &mine.key),
    ] {
        read.named.insert(name.into(), Content::new(text.clone().into()));
    }
    let server = Tls::compile(&listener(1, "client_ca = \"ca.pem\""), &read, None).unwrap();
    let server = server.server("web").unwrap();
    let ask = |tls: &str| {
        let tls = Tls::compile(&lane(tls), &read, None).unwrap();
        let peer = tls.peer(1).unwrap();
        shake(Arc::clone(peer.config()), peer.name().clone(), server).is_ok()
    };

    let with = ask("lanes.shop.stable.tls = { ca = \"ca.pem\", certificate = \"me.pem\", key = \"me.key\" }");
    let without = ask("lanes.shop.stable.tls = { ca = \"ca.pem\" }");

    assert!(with && !without);
}

#[test]
fn a_kept_connection_is_good_for_the_same_demands_only() {
    let (authority, other) = (Authority::new(), Authority::new());
    let named = files(&[("ca.pem", &authority.pem)]);
    let config = lane("lanes.shop.stable.tls.ca = \"ca.pem\"");
    let first = Tls::compile(&config, &named, None).unwrap();
    let next = |config: &Config, files: &Files| Tls::compile(config, files, Some(&first)).unwrap();
    let same = next(&config, &named);
    let other_authority = next(&config, &files(&[("ca.pem", &other.pem)]));
    let other_name = next(
        &lane("lanes.shop.stable.tls = { ca = \"ca.pem\", server_name = \"c.example\" }"),
        &named,
    );
    let http2 = next(
        &lane("lanes.shop.stable.tls = { ca = \"ca.pem\" }\nlanes.shop.stable.protocol = \"http2\""),
        &named,
    );

    assert!(first.peer(0).is_none() && first.peer(2).is_none());
    assert_eq!(first.peer(1), same.peer(1));
    for changed in [other_authority, other_name, http2] {
        assert_ne!(first.peer(1), changed.peer(1));
    }
}

#[test]
fn http2_has_to_be_agreed_on_and_http1_may_go_unsaid() {
    let read = files(&[("ca.pem", &Authority::new().pem)]);
    let peer = |protocol: &str| {
        let lines =
            format!("lanes.shop.stable.tls.ca = \"ca.pem\"\nlanes.shop.stable.protocol = \"{protocol}\"");
        let tls = Tls::compile(&lane(&lines), &read, None).unwrap();
        let peer = tls.peer(1).unwrap();
        [Some(&b"h2"[..]), Some(b"http/1.1"), None].map(|agreed| peer.takes_alpn(agreed))
    };

    assert_eq!(peer("http1"), [false, true, true]);
    assert_eq!(peer("http2"), [true, false, false]);
}

#[test]
fn an_address_is_a_name_too_and_a_dot_at_the_end_is_not_part_of_one() {
    let read = files(&[("ca.pem", &Authority::new().pem)]);
    let config = config(
        "lanes.shop.stable.endpoints = [\"https://[::1]:1\", \"https://10.0.0.1\", \"https://a.example.\"]\n\
         lanes.shop.stable.tls.ca = \"ca.pem\"\n",
    );
    let tls = Tls::compile(&config, &read, None).unwrap();

    let names = [0, 1, 2].map(|number| tls.peer(number).unwrap().name().to_str().into_owned());

    assert_eq!(names, ["::1", "10.0.0.1", "a.example"]);
}
