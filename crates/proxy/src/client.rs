//! A client's side of one exchange, whatever protocol it speaks.

use std::io;
use std::task::{Context, Poll};

use graylane_wire::Framing;

use crate::body::{Sink, Source};
use crate::compose::Speaks;
use crate::timer::Timer;

/// The body of the request comes from it, the answer goes to it.
pub(crate) trait Client: Source + Sink {
    /// What the head of an answer depends on.
    fn speaks(&self) -> Speaks;

    /// Whether its connection ends with this answer.
    fn closes(&self) -> bool;

    /// Its connection ends with this answer: what would follow cannot be trusted to be a request.
    fn close(&mut self);

    /// Where the text of an answer's head goes, whole.
    fn head(&mut self) -> &mut Vec<u8>;

    /// The head of the answer is written: its body follows, framed like this, or none does.
    ///
    /// # Errors
    /// The client has gone.
    fn begin(&mut self, framing: Framing) -> io::Result<()>;

    /// The head of an interim answer is written (RFC 9110, section 15.2). It goes out with the next flush.
    fn interim(&mut self);

    /// Whether the request's body was read to its end.
    fn is_read(&self) -> bool;

    /// Ready when the client has left. Asked only once its request was read to its end.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// The deadline of the exchange.
    fn timer(&self) -> &Timer;
}
