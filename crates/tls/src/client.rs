//! How an endpoint is asked.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use graylane_config::{Endpoint, Lane, Protocol, UpstreamTls};
use graylane_core::Sha256;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;

use crate::provider::provider;
use crate::server::certified;
use crate::{Files, TlsError, trust};

/// How an endpoint is asked over TLS.
///
/// Two are equal where a connection made for one is as good for the other: whoever keeps connections for later must
/// compare, because a change of the configuration may want other certificates from the same endpoint.
#[derive(Debug, Clone)]
pub struct Peer {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    http2: bool,
}

impl Peer {
    /// The configuration for `tokio_rustls::TlsConnector` or [`rustls::ClientConnection`]: ALPN included.
    #[inline]
    pub fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    /// What its certificate must be for; a DNS name is sent as SNI.
    #[inline]
    pub fn name(&self) -> &ServerName<'static> {
        &self.name
    }

    /// Whether what was agreed on in a handshake is what the lane says: HTTP/2 has to be agreed on (RFC 9113, section
    /// 3.2), HTTP/1.1 is also what an endpoint without ALPN speaks.
    pub fn takes_alpn(&self, agreed: Option<&[u8]>) -> bool {
        match agreed {
            Some(agreed) => self.config.alpn_protocols.iter().any(|one| one == agreed),
            None => !self.http2,
        }
    }

    pub(crate) fn new(
        lane: &Lane,
        tls: &UpstreamTls,
        endpoint: &Endpoint,
        config: Arc<ClientConfig>,
    ) -> Result<Self, TlsError> {
        let name = tls.server_name.as_deref().unwrap_or(&endpoint.host);
        Ok(Self {
            config,
            name: server_name(name)?,
            http2: lane.protocol == Protocol::Http2,
        })
    }
}

impl PartialEq for Peer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.config, &other.config) && self.name == other.name
    }
}

impl Eq for Peer {}

fn server_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(ServerName::from(address));
    }
    // A dot at the end is for the resolver alone: RFC 6066, section 3.
    let bare = name.strip_suffix('.').unwrap_or(name);
    ServerName::try_from(bare.to_owned()).map_err(|_| TlsError::Name { name: name.into() })
}

/// The digest of everything that the configuration of a lane is made of.
pub(crate) fn identity(lane: &Lane, tls: &UpstreamTls, files: &Files) -> Sha256 {
    let mut text = format!("{:?} {}", lane.protocol, tls.verify);
    let mut add = |file: Option<&graylane_config::TlsFile>| {
        let content = file.and_then(|file| files.named.get(&file.path));
        text += &content.map_or_else(
            || " -".to_owned(),
            |content| format!(" {}", content.digest().to_hex()),
        );
    };
    add(tls.ca.as_ref());
    add(tls.client.as_ref().map(|pair| &pair.certificate));
    add(tls.client.as_ref().map(|pair| &pair.key));
    if let (None, Some((_, content))) = (&tls.ca, &files.system) {
        text += &format!(" {}", content.digest().to_hex());
    }
    Sha256::of(text)
}

/// What the endpoints of a lane have in common.
pub(crate) fn config(
    lane: &Lane,
    tls: &UpstreamTls,
    files: &Files,
) -> Result<ClientConfig, (TlsError, Range<usize>)> {
    let at = |error| (error, tls.span.clone());
    let setup = |error| at(TlsError::Setup(error));
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(setup)?;
    let verifier: Arc<dyn ServerCertVerifier> = if tls.verify {
        let (roots, span) = match (&tls.ca, &files.system) {
            (Some(ca), _) => {
                let at = |error| (error, ca.span.clone());
                let content = files.content(ca).map_err(at)?;
                (trust::named(&ca.path, content.bytes()).map_err(at)?, &ca.span)
            }
            (None, Some((name, content))) => {
                (trust::of_system(name, content.bytes()).map_err(at)?, &tls.span)
            }
            (None, None) => return Err(at(TlsError::NoSystemRoots)),
        };
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| {
                let file = tls
                    .ca
                    .as_ref()
                    .map_or_else(|| "the system's file".into(), |ca| ca.path.clone());
                let why = error.to_string().into();
                (TlsError::Roots { file, why }, span.clone())
            })?
    } else {
        Arc::new(trust::Anybody(provider))
    };
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match &tls.client {
        None => builder.with_no_client_auth(),
        Some(pair) => {
            let (key, _) = certified(pair, files)?;
            let resolver: Arc<dyn ResolvesClientCert> = Arc::new(SingleCertAndKey::from(key));
            builder.with_client_cert_resolver(resolver)
        }
    };
    config.alpn_protocols = vec![match lane.protocol {
        Protocol::Http1 => b"http/1.1".to_vec(),
        Protocol::Http2 => b"h2".to_vec(),
    }];
    Ok(config)
}
