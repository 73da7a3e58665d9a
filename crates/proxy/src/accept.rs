//! *accept*: from a new connection to the protocol that is spoken on it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use graylane_tls::Server;
use graylane_tls::rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::buffer::Buffer;
use crate::clock::Ticks;
use crate::conn::Conn;
use crate::stream::Stream;
use crate::worker::Listed;
use crate::{h1, h2};

/// How a connection begins, as its listener says.
#[derive(Debug)]
pub(crate) struct Beginning {
    /// What secures it.
    pub(crate) tls: Option<Arc<Server>>,
    /// How long that may take.
    pub(crate) handshake: Ticks,
    /// Whether a client without TLS may speak HTTP/2.
    pub(crate) http2: bool,
}

/// Serves a new connection to its end, from its place in the worker's list.
pub(crate) async fn serve(conn: Arc<Conn>, stream: TcpStream, beginning: Beginning, listed: Listed) {
    match &beginning.tls {
        None => h1::serve(conn, Stream::Tcp(stream), beginning.http2).await,
        // Boxed: what only some connections need, would else be paid by each in memory.
        Some(server) => Box::pin(secured(conn, stream, server, beginning.handshake)).await,
    }
    drop(listed);
}

/// Serves a connection over TLS to its end.
async fn secured(conn: Arc<Conn>, stream: TcpStream, server: &Server, limit: Ticks) {
    let Some(stream) = handshake(&conn, stream, server, limit).await else {
        return;
    };
    certify(&conn, stream.get_ref().1.peer_certificates());
    let is_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = Stream::Layered(Box::new(stream));
    if is_h2 {
        Box::pin(h2::serve(conn, stream, Buffer::default())).await;
    } else {
        // What was agreed on is HTTP/1.1, or nothing, which means the same (RFC 9112, section 9.7).
        h1::serve(conn, stream, false).await;
    }
}

/// Keeps who the client is by its certificate, which the handshake has verified.
fn certify(conn: &Conn, chain: Option<&[CertificateDer<'_>]>) {
    if let Some(certificate) = chain.and_then(<[_]>::first) {
        // Set once: a connection has one handshake.
        let _ = conn.certified.set(graylane_tls::names(certificate).into());
    }
}

/// Makes the connection secure, in time; `None` where that fails: a client that cannot be understood cannot be answered.
async fn handshake(
    conn: &Conn,
    stream: TcpStream,
    server: &Server,
    limit: Ticks,
) -> Option<TlsStream<TcpStream>> {
    let timer = &conn.timer;
    timer.within(limit);
    let mut accepting = pin!(TlsAcceptor::from(Arc::clone(server.config())).accept(stream));
    let done = poll_fn(|cx| {
        timer.wakes(cx);
        match accepting.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if timer.has_passed() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    match done? {
        Ok(stream) => {
            conn.worker.counters.handshakes.add(1);
            Some(stream)
        }
        Err(error) => {
            conn.worker.counters.handshakes_failed.add(1);
            log::debug!("client {}: {error}", conn.peer_text);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of what is spawned for each connection.
    fn size<F: Future>(_: impl FnOnce(Arc<Conn>, TcpStream, Beginning, Listed) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn an_idle_connection_keeps_no_more_than_one_exchange_needs() {
        let size = size(serve);

        assert!(size <= 2_816, "{size} bytes for each connection, however idle");
    }
}
