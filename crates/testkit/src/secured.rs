use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

use crate::authority::Authority;

/// TLS between a client and its socket.
#[derive(Debug)]
pub(crate) struct Secured(Box<ClientConnection>);

impl Secured {
    /// Shakes hands with the server of that name, which must have its certificate from this authority and speak this protocol.
    pub(crate) fn shake(
        stream: &mut TcpStream,
        authority: &Authority,
        name: &str,
        protocol: &str,
    ) -> io::Result<Self> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(authority.pem().as_bytes()).map_err(io::Error::other)?;
        roots.add(root).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
        while connection.is_handshaking() {
            connection.complete_io(stream)?;
        }
        match connection.alpn_protocol() {
            Some(chosen) if chosen == protocol.as_bytes() => Ok(Self(Box::new(connection))),
            other => Err(io::Error::other(format!("the server chose {other:?}"))),
        }
    }

    pub(crate) fn read(&mut self, stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        Stream::new(&mut *self.0, stream).read(buffer)
    }

    pub(crate) fn write_all(&mut self, stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        let mut secured = Stream::new(&mut *self.0, stream);
        secured.write_all(bytes)?;
        secured.flush()
    }
}
