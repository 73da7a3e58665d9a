//! What secures a listener.

use std::sync::Arc;

use graylane_config::{KeyPair, Listener, ListenerTls, TlsVersion};
use graylane_core::Sha256;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, SupportedProtocolVersion};

use crate::provider::{provider, ticketer};
use crate::resolver::Resolver;
use crate::{Certificate, Files, TlsError, pem, trust};

/// Tickets that a client of TLS 1.3 gets with each handshake. Each new one costs a record; a client that opens several
/// connections at a time may use one more than once, because no ticket carries early data here.
const TICKETS: usize = 1;

/// What secures a listener.
#[derive(Debug)]
pub struct Server {
    /// Of everything that it was made of.
    identity: Sha256,
    config: Arc<ServerConfig>,
    certificates: Vec<Certificate>,
}

impl Server {
    /// The configuration for `tokio_rustls::TlsAcceptor` or [`rustls::ServerConnection`]: ALPN included.
    #[inline]
    pub fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }

    /// The certificates that it shows, in the order of the configuration.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(crate) fn identity(&self) -> &Sha256 {
        &self.identity
    }

    pub(crate) fn compile(
        listener: &Listener,
        tls: &ListenerTls,
        files: &Files,
    ) -> Result<Self, (TlsError, std::ops::Range<usize>)> {
        let setup = |error| (TlsError::Setup(error), listener.span.clone());
        let mut certificates = Vec::new();
        let mut resolver: Option<Resolver> = None;
        for pair in &tls.certificates {
            let (key, certificate) = certified(pair, files)?;
            let resolver = resolver.get_or_insert_with(|| Resolver::new(Arc::clone(&key)));
            resolver.add(&certificate.names, &key);
            certificates.push(certificate);
        }
        // A checked configuration has at least one.
        let resolver = resolver.ok_or_else(|| setup(rustls::Error::NoCertificatesPresented))?;
        let provider = provider();
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions(tls.min_version))
            .map_err(setup)?;
        let builder = match &tls.client {
            None => builder.with_no_client_auth(),
            Some(client) => {
                let at = |error| (error, client.ca.span.clone());
                let content = files.content(&client.ca).map_err(at)?;
                let roots = trust::named(&client.ca.path, content.bytes()).map_err(at)?;
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
                let verifier = if client.required {
                    verifier
                } else {
                    verifier.allow_unauthenticated()
                };
                let verifier = verifier.build().map_err(|error| {
                    let why = error.to_string().into();
                    let file = client.ca.path.clone();
                    at(TlsError::Roots { file, why })
                })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let mut config = builder.with_cert_resolver(Arc::new(resolver));
        config.alpn_protocols = alpn(listener.http2);
        config.ticketer = ticketer().map_err(setup)?;
        config.send_tls13_tickets = TICKETS;
        // Sessions are with the clients, in tickets: what is kept here would be kept for every stranger.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            identity: identity(listener, tls, files),
            config: Arc::new(config),
            certificates,
        })
    }
}

/// The digest of everything that a server is made of: what has the same one need not be made anew.
pub(crate) fn identity(listener: &Listener, tls: &ListenerTls, files: &Files) -> Sha256 {
    let mut text = format!("{} {:?}", listener.http2, tls.min_version);
    let mut add = |file: &graylane_config::TlsFile| match files.named.get(&file.path) {
        // The path too: it is told of each certificate.
        Some(content) => text += &format!(" {:?} {}", file.path, content.digest().to_hex()),
        None => text += " -",
    };
    for pair in &tls.certificates {
        add(&pair.certificate);
        add(&pair.key);
    }
    if let Some(client) = &tls.client {
        add(&client.ca);
        text += if client.required { " required" } else { " optional" };
    }
    Sha256::of(text)
}

/// RFC 7301: HTTP/2 first where it is on.
fn alpn(http2: bool) -> Vec<Vec<u8>> {
    let http1 = b"http/1.1".to_vec();
    if http2 {
        vec![b"h2".to_vec(), http1]
    } else {
        vec![http1]
    }
}

fn versions(min: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static ALL: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];
    match min {
        TlsVersion::V1_2 => &ALL,
        TlsVersion::V1_3 => &ALL[..1],
    }
}

/// A certificate with the key that fits it.
pub(crate) fn certified(
    pair: &KeyPair,
    files: &Files,
) -> Result<(Arc<CertifiedKey>, Certificate), (TlsError, std::ops::Range<usize>)> {
    let (file, key_file) = (&pair.certificate, &pair.key);
    let at = |error| (error, file.span.clone());
    let at_key = |error| (error, key_file.span.clone());
    let content = files.content(file).map_err(at)?;
    let chain = pem::certificates(&file.path, content.bytes(), pem::CHAIN).map_err(at)?;
    let certificate = Certificate::read(&file.path, &chain[0]).map_err(|why| {
        let file = file.path.clone();
        let number = 1;
        at(TlsError::Certificate { file, number, why })
    })?;
    let content = files.content(key_file).map_err(at_key)?;
    let key = pem::private_key(&key_file.path, content.bytes()).map_err(at_key)?;
    let key = provider().key_provider.load_private_key(key).map_err(|source| {
        let file = key_file.path.clone();
        at_key(TlsError::Key { file, source })
    })?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|_| {
        at_key(TlsError::Mismatch {
            key: key_file.path.clone(),
            certificate: file.path.clone(),
        })
    })?;
    Ok((Arc::new(certified), certificate))
}
