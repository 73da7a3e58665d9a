use std::io;

use graylane_testkit::frame::{ACK, PING, RST_STREAM};
use graylane_testkit::{Frame, H2};

/// A client of HTTP/2 that keeps its connection until it is asked to leave, and forgives nothing.
pub(crate) struct Asking<C> {
    connect: C,
    at: Option<(H2, u32)>,
}

impl<C: Fn() -> io::Result<H2>> Asking<C> {
    pub(crate) fn new(connect: C) -> Self {
        Self { connect, at: None }
    }

    /// Asks once.
    pub(crate) fn round(&mut self) -> Result<(), String> {
        let (mut client, stream) = match self.at.take() {
            Some(at) => at,
            None => (
                (self.connect)().map_err(|error| format!("no connection: {error}"))?,
                1,
            ),
        };
        let leaves = ask(&mut client, stream).map_err(|error| format!("stream {stream}: {error}"))?;
        if !leaves {
            self.at = Some((client, stream + 2));
        }
        Ok(())
    }
}

/// Whether the other side asked to leave meanwhile; the answer is right.
fn ask(client: &mut H2, stream: u32) -> io::Result<bool> {
    client.ask(stream)?;
    let wrong = |frame: &Frame| Err(io::Error::other(format!("{frame:?}")));
    let (mut right, mut leaves) = (false, false);
    loop {
        let frame = client.frame()?;
        match frame.leaves() {
            Some((last, 0)) if last >= stream => leaves = true,
            Some(_) => return wrong(&frame),
            None if frame.is(PING) => client.try_send(PING, ACK, 0, &frame.payload)?,
            None if frame.kind == RST_STREAM => return wrong(&frame),
            None => right |= frame.stream == stream && frame.is_ok(),
        }
        if frame.ends(stream) {
            return if right { Ok(leaves) } else { wrong(&frame) };
        }
    }
}
