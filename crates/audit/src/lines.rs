use std::io::{self, BufRead};

use crate::line::LINE_LIMIT;

/// Splits a stream into lines of bounded length.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    /// Where the next line begins, in bytes.
    offset: u64,
    number: u64,
}

/// One line, without its line feed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) bytes: &'a [u8],
    /// Counted from 1.
    pub(crate) number: u64,
    /// The offset behind it, its line feed included.
    pub(crate) end: u64,
    /// A line feed follows; else the stream ended here.
    pub(crate) ended: bool,
    /// It is longer than [`LINE_LIMIT`], and `bytes` is only its beginning.
    pub(crate) too_long: bool,
}

impl<R: BufRead> Lines<R> {
    pub(crate) const fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            offset: 0,
            number: 0,
        }
    }

    /// How many bytes were read.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// The next line; `None` at the end. What follows the last line feed counts as a line, if it is anything.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let mut ended = false;
        let mut too_long = false;
        let begin = self.offset;
        while !ended {
            let chunk = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                break;
            }
            let feed = chunk.iter().position(|byte| *byte == b'\n');
            let piece = &chunk[..feed.unwrap_or(chunk.len())];
            let room = LINE_LIMIT - self.line.len();
            too_long |= piece.len() > room;
            self.line.extend_from_slice(&piece[..piece.len().min(room)]);
            ended = feed.is_some();
            let used = piece.len() + usize::from(ended);
            self.input.consume(used);
            self.offset += used as u64;
        }
        if self.offset == begin {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line {
            bytes: &self.line,
            number: self.number,
            end: self.offset,
            ended,
            too_long,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_number_an_end_and_a_limit() {
        let mut text = b"one\n\n".to_vec();
        text.resize(text.len() + LINE_LIMIT + 1, b'x');
        text.extend_from_slice(b"\ntail");
        let mut lines = Lines::new(io::BufReader::with_capacity(7, &text[..]));

        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push((line.bytes.len(), line.number, line.end, line.ended, line.too_long));
        }

        let long = LINE_LIMIT as u64 + 7;
        assert_eq!(
            seen,
            [
                (3, 1, 4, true, false),
                (0, 2, 5, true, false),
                (LINE_LIMIT, 3, long, true, true),
                (4, 4, long + 4, false, false),
            ]
        );
    }
}
