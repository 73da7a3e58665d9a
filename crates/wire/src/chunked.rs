//! The chunked transfer coding (RFC 9112, section 7.1).

/// Digits of a chunk's size: 16 are as much as a `u64` holds.
const MAX_DIGITS: u8 = 16;
/// Bytes of one line of chunk extensions; they are read over.
const MAX_EXTENSION: u16 = 1_024;
/// Bytes of the trailer section.
const MAX_TRAILERS: usize = 16 * 1_024;

/// Reads a chunked body.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    state: State,
    /// Bytes of the current chunk that have not come yet.
    left: u64,
    digits: u8,
    extension: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Size,
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    Trailers,
    End,
}

/// What the next bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Framing: read over so many.
    Framing(usize),
    /// So many are of the body.
    Data(usize),
    /// So many are the trailer section, its empty line included: fields as in a head. The body ends with them.
    Trailers(usize),
    /// The body has ended; what follows is not of it.
    End,
    /// More bytes are needed to tell.
    More,
}

/// The bytes are not a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed chunked body")]
pub struct Malformed;

impl Decoder {
    /// Says what the first bytes of the input are. The caller then takes them away and asks again.
    ///
    /// # Errors
    /// The bytes are not a chunked body; asking again gives an error again.
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        match self.state {
            State::Data => Ok(self.data(input)),
            State::Trailers => self.trailers(input),
            State::End => Ok(Step::End),
            _ => self.framing(input),
        }
    }

    fn data(&mut self, input: &[u8]) -> Step {
        if input.is_empty() {
            return Step::More;
        }
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(input.len());
        self.left -= length as u64;
        if self.left == 0 {
            self.state = State::DataReturn;
        }
        Step::Data(length)
    }

    fn framing(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        for (at, &byte) in input.iter().enumerate() {
            self.state = self.next(byte)?;
            if matches!(self.state, State::Data | State::Trailers) {
                return Ok(Step::Framing(at + 1));
            }
        }
        Ok(if input.is_empty() {
            Step::More
        } else {
            Step::Framing(input.len())
        })
    }

    fn next(&mut self, byte: u8) -> Result<State, Malformed> {
        Ok(match (self.state, byte) {
            (State::Size, b'\r') if self.digits > 0 => State::SizeLineFeed,
            (State::Size, b';') if self.digits > 0 => State::Extension,
            (State::Size, _) => {
                let digit = char::from(byte).to_digit(16).ok_or(Malformed)?;
                if self.digits == MAX_DIGITS {
                    return Err(Malformed);
                }
                self.digits += 1;
                // At most 16 digits of four bits: the shift loses nothing.
                self.left = self.left << 4 | u64::from(digit);
                State::Size
            }
            (State::Extension, b'\r') => State::SizeLineFeed,
            // A bare line feed ends the line for some readers and not for others.
            (State::Extension, b'\n') => return Err(Malformed),
            (State::Extension, _) if self.extension == MAX_EXTENSION => return Err(Malformed),
            (State::Extension, _) => {
                self.extension += 1;
                State::Extension
            }
            (State::SizeLineFeed, b'\n') => {
                (self.digits, self.extension) = (0, 0);
                if self.left == 0 {
                    State::Trailers
                } else {
                    State::Data
                }
            }
            (State::DataReturn, b'\r') => State::DataLineFeed,
            (State::DataLineFeed, b'\n') => State::Size,
            _ => return Err(Malformed),
        })
    }

    fn trailers(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        let end = match input {
            [b'\r', b'\n', ..] => Some(2),
            _ => input
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
                .map(|at| at + 4),
        };
        match end {
            Some(end) if end <= MAX_TRAILERS => {
                self.state = State::End;
                Ok(Step::Trailers(end))
            }
            None if input.len() < MAX_TRAILERS => Ok(Step::More),
            _ => Err(Malformed),
        }
    }
}

/// The line before a chunk of so many bytes: hexadecimal digits and the line's end.
#[derive(Debug, Clone, Copy)]
pub struct SizeLine {
    bytes: [u8; 18],
    start: usize,
}

impl SizeLine {
    /// The line for a chunk of this length, which must not be 0: that would end the body.
    ///
    /// # Panics
    /// In debug builds, when the length is 0.
    pub fn new(length: usize) -> Self {
        debug_assert!(length > 0, "an empty chunk ends the body");
        let mut line = Self {
            bytes: *b"0000000000000000\r\n",
            start: 16,
        };
        let mut rest = length;
        while rest > 0 {
            line.start -= 1;
            line.bytes[line.start] = b"0123456789abcdef"[rest % 16];
            rest /= 16;
        }
        line
    }

    /// The bytes of the line.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests;
