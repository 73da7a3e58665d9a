//! Upgrades (RFC 9110, section 7.8): once both sides have switched, bytes are copied until either side is done.

use tokio::io::AsyncWriteExt;

use super::Channel;
use crate::conn::Conn;
use crate::timer::Stage;

/// Copies both ways; the end of one direction is passed on as the end of writing, the other may go on.
pub(super) async fn join(mut client: Channel, mut endpoint: Channel, conn: &Conn) {
    conn.timer.set_stage(Stage::Tunnel);
    // A quiet tunnel may be alive; the system finds out the dead (see `socket`).
    conn.timer.never();
    let copied = async {
        client.stream.write_all(endpoint.inbox.filled()).await?;
        endpoint.stream.write_all(client.inbox.filled()).await?;
        // A layer may have taken what its socket has not; whoever copies flushes only what was copied.
        client.stream.flush().await?;
        endpoint.stream.flush().await?;
        // It may be open for days: nothing of the framing stays.
        client.end();
        endpoint.end();
        tokio::io::copy_bidirectional(&mut client.stream, &mut endpoint.stream).await
    };
    if let Err(error) = copied.await {
        log::debug!("tunnel of {} ended: {error}", conn.peer_text);
    }
}
