mod endpoint;
mod files;
mod listener;

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
