use std::sync::Arc;
use std::time::{Duration, SystemTime};

use graylane_config::{Config, Environment, Layers, Modules, parse};
use graylane_diagnostic::{Diagnostics, Source};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConnection};

use super::*;
use crate::provider::provider;

/// An authority, and files of certificates that it gave.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    der: CertificateDer<'static>,
}

/// A certificate with its key.
struct Pair {
    certificate: String,
    key: String,
    chain: Vec<CertificateDer<'static>>,
    private: PrivateKeyDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    fn give(&self, names: &[&str]) -> Pair {
        self.give_with(names, |_| ())
    }

    fn give_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            chain: vec![certificate.der().clone()],
            private: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        roots
    }
}

fn config(text: &str) -> Config {
    let text = format!("services.shop = {{}}\nlisteners.web.address = \"127.0.0.1:0\"\n{text}");
    let layers = Layers::new(Source::new("graylane.toml", text));
    parse(&layers, Environment::Dev, Modules::Any)
        .unwrap_or_else(|all| panic!("{}", all.render(layers.sources())))
        .config
}

/// A listener with these pairs, called `0`, `1` and so on.
fn listener(pairs: usize, more: &str) -> Config {
    let all: Vec<String> = (0..pairs)
        .map(|one| format!("{{ certificate = \"{one}.pem\", key = \"{one}.key\" }}"))
        .collect();
    let all = all.join(", ");
    config(&format!(
        "lanes.shop.stable.respond = {{}}\n[listeners.web.tls]\ncertificates = [{all}]\n{more}\n"
    ))
}

fn files(named: &[(&str, &str)]) -> Files {
    let one = |(path, text): &(&str, &str)| ((*path).into(), Content::new(text.as_bytes().to_vec()));
    Files {
        named: named.iter().map(one).collect(),
        system: None,
    }
}

fn pairs(all: &[&Pair]) -> Files {
    let mut files = Files::default();
    for (number, pair) in all.iter().enumerate() {
        let mut add = |name: String, text: &str| {
            files
                .named
                .insert(name.into(), Content::new(text.as_bytes().to_vec()));
        };
        add(format!("{number}.pem"), &pair.certificate);
        add(format!("{number}.key"), &pair.key);
    }
    files
}

/// What is said about files that do not work.
fn said(config: &Config, files: &Files) -> String {
    match Tls::compile(config, files, None) {
        Ok(_) => panic!("accepted"),
        Err(all) => {
            let all = Diagnostics::collect(all).unwrap();
            all.iter()
                .map(|one| one.message.clone())
                .collect::<Vec<_>>()
                .join("\n")
        }
    }
}

fn client(authority: &Authority) -> ClientConfig {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_no_client_auth()
}

/// A handshake in memory.
fn shake(
    client: Arc<ClientConfig>,
    name: ServerName<'static>,
    server: &Server,
) -> Result<(ClientConnection, ServerConnection), rustls::Error> {
    let mut client = ClientConnection::new(client, name).unwrap();
    let mut server = ServerConnection::new(Arc::clone(server.config())).unwrap();
    loop {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets()?;
        }
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut rest = &wire[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
        if !client.is_handshaking() && !server.is_handshaking() && !client.wants_write() {
            return Ok((client, server));
        }
    }
}

fn name(host: &str) -> ServerName<'static> {
    ServerName::try_from(host.to_owned()).unwrap()
}

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

#[test]
fn files_that_do_not_work_are_named_with_what_is_wrong() {
    let authority = Authority::new();
    let pair = authority.give(&["a.example"]);
    let other = authority.give(&["a.example"]);
    let (certificate, key) = (&*pair.certificate, &*pair.key);
    let two_keys = format!("{key}{}", other.key);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let half = &certificate[..certificate.len() / 2];
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let many = certificate.repeat(17);
    for (certificate, key, expected) in [
        (
            certificate,
            &*other.key,
            "the private key in 0.key does not fit the first certificate in 0.pem",
        ),
        (certificate, certificate, "there is no private key in 0.key"),
        (certificate, &*two_keys, "there are several private keys in 0.key"),
        (certificate, encrypted, "the private key in 0.key is encrypted"),
        ("", key, "there is no certificate in 0.pem"),
        (key, key, "there is no certificate in 0.pem"),
        (&*many, key, "0.pem has more than 16 certificates"),
        (half, key, "0.pem is no file of PEM: missing section end marker"),
        (no_certificate, key, "certificate 1 in 0.pem cannot be read: "),
    ] {
        let text = said(
            &listener(1, ""),
            &files(&[("0.pem", certificate), ("0.key", key)]),
        );

        assert!(text.starts_with(expected), "{text}\ninstead of\n{expected}");
    }
}

#[test]
fn what_is_wrong_with_a_key_does_not_repeat_it() {
    let authority = Authority::new();
    let pair = authority.give(&["a.example"]);
    let broken = pair
        .key
        .replace("-----END", "!SECRET!\n-----END")
        .replace("KEY-----\nM", "KEY-----\n-----BEGIN SECRET\nM");

    let text = said(
        &listener(1, ""),
        &files(&[("0.pem", &pair.certificate), ("0.key", &broken)]),
    );

    assert!(
        text.starts_with("0.key is no file of PEM") && !text.contains("SECRET"),
        "{text}"
    );
}

#[test]
fn a_combined_file_is_certificate_and_key() {
    let pair = Authority::new().give(&["a.example"]);
    let both = format!("{}{}", pair.key, pair.certificate);

    let tls = Tls::compile(
        &listener(1, ""),
        &files(&[("0.pem", &both), ("0.key", &both)]),
        None,
    )
    .unwrap();

    assert_eq!(
        &*tls.server("web").unwrap().certificates()[0].names,
        ["a.example".into()]
    );
}

#[test]
fn a_certificate_out_of_its_time_works_with_a_warning() {
    let authority = Authority::new();
    let year = |from: i32, to: i32| {
        authority.give_with(&["a.example"], |params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        })
    };
    let read = pairs(&[&year(2000, 2010), &year(2000, 2100), &year(2090, 2100)]);
    let tls = Tls::compile(&listener(3, ""), &read, None).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);

    let warnings: Vec<String> = tls.warnings(now).iter().map(ToString::to_string).collect();

    assert_eq!(
        warnings,
        [
            "the certificate 0.pem of the listener web has EXPIRED: clients refuse it",
            "the certificate 2.pem of the listener web is not valid yet: clients refuse it",
        ]
    );
}

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

#[test]
fn nothing_of_a_key_is_shown_by_debug() {
    let pair = Authority::new().give(&["a.example"]);
    let read = pairs(&[&pair]);
    let tls = Tls::compile(&listener(1, ""), &read, None).unwrap();

    let text = format!("{read:?} {tls:?}");

    let line = pair.key.lines().nth(1).unwrap();
    assert!(!text.contains(line) && !text.contains(&format!("{:?}", &pair.private.secret_der()[..8])));
}
