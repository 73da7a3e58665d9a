//! Bodies (RFC 9112, sections 6 and 7.1).

mod chunk;

use crate::framing::Framing;
use crate::head::{Look, look};
use chunk::SizeReader;

/// Bytes of the trailer section.
pub(crate) const MAX_TRAILERS: usize = 16 * 1_024;

/// Reads a body.
#[derive(Debug, Clone)]
pub struct Body {
    state: State,
    /// Bytes that have not come yet, of the body or of the current chunk.
    left: u64,
    /// How much of the trailer section has been looked at.
    scanned: usize,
    size: SizeReader,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The data of a body with a length.
    Length,
    UntilClose,
    ChunkSize,
    ChunkData,
    ChunkReturn,
    ChunkLineFeed,
    Trailers,
    End,
    Broken,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The first so many are of the body. They stay the next ones until they are taken.
    Data(usize),
    /// Framing: read over so many now.
    Skip(usize),
    /// So many are the trailer section, its empty line included. The body has ended with them.
    Trailers(usize),
    /// The body has ended; what follows is not of it.
    End,
    /// More bytes are needed to tell.
    More,
}

/// The bytes are not a body of the announced framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed body")]
pub struct Malformed;

impl Body {
    /// A body that ends so.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let (state, left) = match framing {
            Framing::Empty | Framing::Length(0) => (State::End, 0),
            Framing::Length(length) => (State::Length, length),
            Framing::Chunked => (State::ChunkSize, 0),
            Framing::UntilClose => (State::UntilClose, u64::MAX),
        };
        Self {
            state,
            left,
            scanned: 0,
            size: SizeReader::default(),
        }
    }

    /// Says what the first bytes of the input are. After [`Step::Skip`] and [`Step::Trailers`] the next input begins behind
    /// them, after [`Step::Data`] behind what was taken, after [`Step::More`] where this one began.
    ///
    /// # Errors
    /// The bytes are not such a body; asking again gives an error again.
    #[inline]
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        match self.state {
            State::End => Ok(Step::End),
            State::Length | State::UntilClose | State::ChunkData => Ok(match input.len() {
                0 => Step::More,
                length => Step::Data(usize::try_from(self.left).unwrap_or(usize::MAX).min(length)),
            }),
            State::Trailers => self.trailers(input),
            _ => self.framing(input),
        }
    }

    /// Takes so many bytes of the last [`Step::Data`].
    ///
    /// # Panics
    /// In debug builds, when they are more than are left of the body or its chunk.
    #[inline]
    pub fn take(&mut self, n: usize) {
        debug_assert!(n as u64 <= self.left, "more was taken than there is");
        match self.state {
            State::Length | State::ChunkData => {
                self.left = self.left.saturating_sub(n as u64);
                if self.left == 0 {
                    let is_chunk = self.state == State::ChunkData;
                    self.state = if is_chunk { State::ChunkReturn } else { State::End };
                }
            }
            _ => {}
        }
    }

    /// Whether the body has ended.
    #[inline]
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.state == State::End
    }

    /// The peer has ended its side: so ends a body that ends with the connection.
    ///
    /// # Errors
    /// The body is not complete.
    pub fn close(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::UntilClose | State::End => {
                self.state = State::End;
                Ok(())
            }
            _ => {
                self.state = State::Broken;
                Err(Malformed)
            }
        }
    }

    /// Bytes that the message has announced and that have not been taken: of its length, or of the chunk that is open.
    #[inline]
    #[must_use]
    pub fn announced(&self) -> u64 {
        self.left
    }

    /// How many bytes are still to come, where that is known: of a body with a length, or one that has ended.
    #[inline]
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        match self.state {
            State::Length => Some(self.left),
            State::End => Some(0),
            _ => None,
        }
    }

    fn framing(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        for (at, &byte) in input.iter().enumerate() {
            self.next(byte).inspect_err(|_| self.state = State::Broken)?;
            if matches!(self.state, State::ChunkData | State::Trailers) {
                return Ok(Step::Skip(at + 1));
            }
        }
        Ok(if input.is_empty() {
            Step::More
        } else {
            Step::Skip(input.len())
        })
    }

    fn next(&mut self, byte: u8) -> Result<(), Malformed> {
        self.state = match (self.state, byte) {
            (State::ChunkSize, _) => match self.size.next(byte)? {
                None => State::ChunkSize,
                Some(0) => State::Trailers,
                Some(size) => {
                    self.left = size;
                    State::ChunkData
                }
            },
            (State::ChunkReturn, b'\r') => State::ChunkLineFeed,
            (State::ChunkLineFeed, b'\n') => State::ChunkSize,
            _ => return Err(Malformed),
        };
        Ok(())
    }

    fn trailers(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        let within = &input[..input.len().min(MAX_TRAILERS)];
        let look = match within {
            [b'\r', b'\n', ..] => Look::End(2),
            _ => look(within, self.scanned),
        };
        self.scanned = within.len();
        match look {
            Look::End(end) => {
                self.state = State::End;
                Ok(Step::Trailers(end))
            }
            Look::More if within.len() < MAX_TRAILERS => Ok(Step::More),
            Look::More | Look::Broken => {
                self.state = State::Broken;
                Err(Malformed)
            }
        }
    }
}

#[cfg(test)]
mod tests;
