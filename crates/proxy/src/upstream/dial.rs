//! New connections to endpoints.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use graylane_config::Endpoint;
use graylane_tls::Peer;
use tokio::net::TcpStream;
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Way;
use crate::stream::Stream;
use crate::{names, socket};

/// Why there is no connection.
#[derive(Debug)]
pub(crate) enum ConnectError {
    TimedOut,
    Refused(io::Error),
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Elapsed> for ConnectError {
    fn from(_: Elapsed) -> Self {
        Self::TimedOut
    }
}

/// Connects to an endpoint, and makes the connection secure where it is asked over TLS. Each has its own limit in time.
pub(super) async fn dial(way: Way<'_>) -> Result<Stream, ConnectError> {
    let Way {
        endpoint,
        peer,
        limits,
        connect_time,
        ..
    } = way;
    let stream = timeout(connect_time, names::connect(&endpoint.host, endpoint.port)).await??;
    socket::set_up(&stream);
    let Some(peer) = peer else {
        return Ok(Stream::Tcp(stream));
    };
    let secured = timeout(limits.handshake_time, tls(stream, peer)).await?;
    secured.map_err(|error| {
        warn(endpoint, &error);
        ConnectError::Refused(error)
    })
}

/// Makes a connection secure, and sees to it that it has the protocol of the lane.
pub(crate) async fn tls(stream: TcpStream, peer: &Peer) -> io::Result<Stream> {
    let connector = TlsConnector::from(std::sync::Arc::clone(peer.config()));
    let stream = connector.connect(peer.name().clone(), stream).await?;
    if !peer.takes_alpn(stream.get_ref().1.alpn_protocol()) {
        return Err(io::Error::other("it does not speak the protocol of its lane"));
    }
    Ok(Stream::Layered(Box::new(stream)))
}

/// An endpoint that cannot prove who it is, is a matter for people; but once a second is enough.
#[cold]
fn warn(endpoint: &Endpoint, error: &io::Error) {
    thread_local! {
        static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
    }
    if LAST
        .get()
        .is_none_or(|last| last.elapsed() >= Duration::from_secs(1))
    {
        LAST.set(Some(Instant::now()));
        log::warn!("endpoint {}:{}: TLS: {error}", endpoint.host, endpoint.port);
    }
}
