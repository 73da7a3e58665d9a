//! TLS towards clients.

use super::*;

#[test]
fn a_client_is_shown_the_certificate_of_the_host_that_it_names() {
    let authority = Authority::new();
    let first = authority.give(&["a.example", "10.0.0.1"]);
    let below = authority.give(&["*.b.example"]);
    let exact = authority.give(&["x.b.example", "c.example"]);
    let tls = Tls::compile(&listener(3, ""), &pairs(&[&first, &below, &exact]), None).unwrap();
    let server = tls.server("web").unwrap();
    let mut unverified = client(&authority);
    unverified
        .dangerous()
        .set_certificate_verifier(Arc::new(trust::Anybody(provider())));
    let unverified = Arc::new(unverified);

    for (host, expected) in [
        ("a.example", &first),
        ("10.0.0.1", &first),
        ("stranger.example", &first),
        ("b.example", &first),
        ("y.x.b.example", &first),
        ("y.b.example", &below),
        ("Y.B.Example", &below),
        ("x.b.example", &exact),
        ("c.example", &exact),
    ] {
        let (client, _) = shake(Arc::clone(&unverified), name(host), server).unwrap();

        assert_eq!(client.peer_certificates(), Some(&expected.chain[..]), "{host}");
    }
}

#[test]
fn of_two_certificates_for_a_name_a_client_is_shown_one_whose_key_it_takes() {
    let authority = Authority::new();
    let p256 = authority.give(&["a.example"]);
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let p384 = params.signed_by(&key, &authority.issuer).unwrap();
    let mut read = pairs(&[&p256]);
    read.named.insert("1.pem".into(), Content::new(p384.pem().into()));
    read.named
        .insert("1.key".into(), Content::new(key.serialize_pem().into()));
    let tls = Tls::compile(&listener(2, ""), &read, None).unwrap();
    let server = tls.server("web").unwrap();
    let mut only_p384 = client(&authority);
    let mut limited = (*provider()).clone();
    limited.signature_verification_algorithms.mapping = Box::leak(Box::new(
        limited
            .signature_verification_algorithms
            .mapping
            .iter()
            .copied()
            .filter(|(scheme, _)| *scheme == rustls::SignatureScheme::ECDSA_NISTP384_SHA384)
            .collect::<Vec<_>>(),
    ));
    only_p384
        .dangerous()
        .set_certificate_verifier(Arc::new(trust::Anybody(Arc::new(limited))));

    let (usual, _) = shake(Arc::new(client(&authority)), name("a.example"), server).unwrap();
    let (other, _) = shake(Arc::new(only_p384), name("a.example"), server).unwrap();

    assert_eq!(usual.peer_certificates(), Some(&p256.chain[..]));
    assert_eq!(other.peer_certificates(), Some(&[p384.der().clone()][..]));
}

#[test]
fn a_session_is_resumed_across_a_change_that_does_not_concern_it() {
    let authority = Authority::new();
    let pair = authority.give(&["a.example"]);
    let read = pairs(&[&pair]);
    let before = Tls::compile(&listener(1, ""), &read, None).unwrap();
    let same = Tls::compile(&listener(1, ""), &read, Some(&before)).unwrap();
    let renewed = pairs(&[&authority.give(&["a.example"])]);
    let renewed = Tls::compile(&listener(1, ""), &renewed, Some(&before)).unwrap();
    let resuming = Arc::new(client(&authority));
    let kind = |tls: &Tls| {
        let server = tls.server("web").unwrap();
        let (_, server) = shake(Arc::clone(&resuming), name("a.example"), server).unwrap();
        server.handshake_kind().unwrap()
    };

    let kinds = [kind(&before), kind(&before), kind(&same), kind(&renewed)];

    assert_eq!(
        kinds,
        [
            HandshakeKind::Full,
            HandshakeKind::Resumed,
            HandshakeKind::Resumed,
            HandshakeKind::Full
        ]
    );
}

#[test]
fn http2_is_agreed_on_where_it_is_on() {
    let authority = Authority::new();
    let read = pairs(&[&authority.give(&["a.example"])]);
    let mut both = client(&authority);
    both.alpn_protocols = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
    let both = Arc::new(both);
    let agreed = |config: &Config| {
        let tls = Tls::compile(config, &read, None).unwrap();
        let (client, _) = shake(Arc::clone(&both), name("a.example"), tls.server("web").unwrap()).unwrap();
        client.alpn_protocol().unwrap().to_vec()
    };
    let mut off = listener(1, "");
    off.listeners[0].http2 = false;

    let agreed = [agreed(&listener(1, "")), agreed(&off)];

    assert_eq!(agreed, [b"h2".to_vec(), b"http/1.1".to_vec()]);
}

#[test]
fn the_oldest_version_is_the_one_that_is_asked_for() {
    let authority = Authority::new();
    let read = pairs(&[&authority.give(&["a.example"])]);
    let old = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_no_client_auth();
    let old = Arc::new(old);
    let works = |more: &str| {
        let tls = Tls::compile(&listener(1, more), &read, None).unwrap();
        shake(Arc::clone(&old), name("a.example"), tls.server("web").unwrap()).is_ok()
    };

    assert!(works(""));
    assert!(!works("min_version = \"1.3\""));
}

#[test]
fn a_client_needs_a_certificate_exactly_where_it_is_required_and_a_wrong_one_is_never_taken() {
    let authority = Authority::new();
    let stranger = Authority::new();
    let mut read = pairs(&[&authority.give(&["a.example"])]);
    read.named
        .insert("ca.pem".into(), Content::new(authority.pem.clone().into()));
    let with = |from: &Authority| {
        let pair = from.give(&["client"]);
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(authority.roots());
        Arc::new(config.with_client_auth_cert(pair.chain, pair.private).unwrap())
    };
    let (right, wrong, none) = (with(&authority), with(&stranger), Arc::new(client(&authority)));
    let taken = |more: &str| {
        let more = format!("client_ca = \"ca.pem\"\n{more}");
        let tls = Tls::compile(&listener(1, &more), &read, None).unwrap();
        let server = tls.server("web").unwrap();
        [&right, &wrong, &none].map(|one| shake(Arc::clone(one), name("a.example"), server).is_ok())
    };

    assert_eq!(taken(""), [true, false, false]);
    assert_eq!(taken("client_auth = \"optional\""), [true, false, true]);
}
