//! What every connection gets, to a client and to an endpoint.

use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// A peer that has gone without a word is noticed after about two minutes.
const KEEPALIVE: TcpKeepalive = TcpKeepalive::new()
    .with_time(Duration::from_secs(60))
    .with_interval(Duration::from_secs(15))
    .with_retries(4);

/// Sets the options. A socket that refuses them still works.
pub(crate) fn set_up(stream: &TcpStream) {
    // Without it small messages wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    // A tunnel has no limit in time, since a quiet one may be alive: this finds out the dead.
    let _ = SockRef::from(stream).set_tcp_keepalive(&KEEPALIVE);
}
