//! JSON -> a tape: RFC 8259 to the letter, in time linear in the text, without recursion.

mod scalar;

use std::ops::Range;
use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote};

use super::{MAX_DEPTH, Place, check_size, too_deep};
use crate::Node;
use crate::tape::{self, Builder, Tape};

/// Reads JSON. Stricter than most: no key may stand twice in an object, and numbers must be finite.
///
/// # Errors
/// The first mistake in the text, also where it is nested too deeply or too long.
pub fn read_json(source: &Source) -> Result<Node, Diagnostics> {
    Ok(json_tape(source)?.root().to_node())
}

/// The same, as it is read.
pub(crate) fn json_tape(source: &Source) -> Result<Arc<Tape>, Diagnostics> {
    check_size(source)?;
    Ok(read_within(source.text(), Place::From(source.base()))?)
}

/// Reads JSON that stands within another text.
pub(crate) fn read_within(text: &str, place: Place) -> Result<Arc<Tape>, Diagnostic> {
    let reader = Reader {
        text,
        at: 0,
        open: Vec::new(),
        tape: Builder::new(text, place),
    };
    reader.document()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Open>,
    tape: Builder<'t>,
}

/// An array or an object whose end has not been read.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    kind: Kind,
    place: tape::Opening,
    /// How many are complete.
    values: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Map,
}

impl Reader<'_> {
    fn document(mut self) -> Result<Arc<Tape>, Diagnostic> {
        loop {
            let mut is_complete = self.value()?;
            // A value is complete: what it stands in may be complete by it.
            while is_complete {
                let found = self.next();
                is_complete = match self.open.last_mut() {
                    Some(parent) => {
                        parent.values += 1;
                        let parent = *parent;
                        self.complete(parent, found)?
                    }
                    None if found.is_none() => return Ok(self.tape.finish()),
                    None => return Err(self.unexpected("the end of the text")),
                };
            }
        }
    }

    /// Reads a value; false where it is an array or object that has been opened and expects a value first.
    fn value(&mut self) -> Result<bool, Diagnostic> {
        let next = self.next();
        let start = self.at;
        match next {
            Some(b'"') => self.string()?,
            Some(b'{' | b'[') if self.open.len() == MAX_DEPTH => {
                return Err(self.fault(too_deep(), start..start + 1));
            }
            Some(b'{') => {
                self.at += 1;
                let place = self.tape.open();
                if !self.ends_with(b'}') {
                    self.key()?;
                    self.opened(start, Kind::Map, place);
                    return Ok(false);
                }
                self.tape.close_map(place, start..self.at, 0);
            }
            Some(b'[') => {
                self.at += 1;
                let place = self.tape.open();
                if !self.ends_with(b']') {
                    self.opened(start, Kind::List, place);
                    return Ok(false);
                }
                self.tape.close_list(place, start..self.at, 0);
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                self.tape.number(start..self.at, number);
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.word()?,
            None if self.text.trim().is_empty() && self.open.is_empty() => {
                let fault = Diagnostic::new("the text is empty");
                return Err(self.fault(fault.hint("the smallest one is {\"flags\": {}}"), start..start));
            }
            _ => return Err(self.unexpected("a value")),
        }
        Ok(true)
    }

    fn opened(&mut self, start: usize, kind: Kind, place: tape::Opening) {
        self.open.push(Open {
            start,
            kind,
            place,
            values: 0,
        });
    }

    /// One more value is complete in what is open: reads on to the next, or to the end: then that is complete as well.
    /// `found` is what comes next.
    #[inline(always)]
    fn complete(&mut self, parent: Open, found: Option<u8>) -> Result<bool, Diagnostic> {
        let (end, ends) = match parent.kind {
            Kind::List => (b']', "`,` or `]`"),
            Kind::Map => (b'}', "`,` or `}`"),
        };
        if found == Some(b',') {
            let comma = self.at;
            self.at += 1;
            if self.ends_with(end) {
                let fault = Diagnostic::new("there is a comma after the last value");
                let fault = fault.hint("JSON has commas only between two values: remove it");
                return Err(self.fault(fault, comma..comma + 1));
            }
            if parent.kind == Kind::Map {
                self.key()?;
            }
            return Ok(false);
        }
        if found != Some(end) {
            return Err(self.unexpected(ends));
        }
        self.at += 1;
        let Open {
            start,
            kind,
            place,
            values,
        } = parent;
        self.open.pop();
        let span = start..self.at;
        match kind {
            Kind::List => self.tape.close_list(place, span, values),
            Kind::Map => {
                // A rule is an object with one key.
                if values > 1 {
                    unique(&self.tape, place, values)?;
                }
                self.tape.close_map(place, span, values);
            }
        }
        Ok(true)
    }

    /// A key and the colon behind it.
    fn key(&mut self) -> Result<(), Diagnostic> {
        if self.next() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        self.string()?;
        if self.next() != Some(b':') {
            return Err(self.unexpected("`:` after the key"));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether this byte follows; if so, it is read.
    fn ends_with(&mut self, end: u8) -> bool {
        let ends = self.next() == Some(end);
        self.at += usize::from(ends);
        ends
    }

    /// What comes next after blanks, which are read.
    #[inline(always)]
    fn next(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                next => return next,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, fault: Diagnostic, local: Range<usize>) -> Diagnostic {
        fault.at(self.tape.place(local))
    }

    /// Something else stands where `expected` should.
    fn unexpected(&self, expected: &str) -> Diagnostic {
        let Some(found) = self.text[self.at..].chars().next() else {
            let fault = Diagnostic::new(format!("the text ends where {expected} should stand"));
            let fault = fault.hint("is the file complete? Each `{` needs its `}`, and each `[` its `]`");
            return self.fault(fault, self.at..self.at);
        };
        let fault = Diagnostic::new(format!(
            "{} stands where {expected} should",
            quote(found.encode_utf8(&mut [0; 4]))
        ));
        let hint = match found {
            '/' | '#' => "JSON has no comments; flags in TOML may have them",
            '\'' | '\u{201c}' | '\u{201d}' => "strings and keys stand in double quotes: \"",
            '"' if expected.starts_with("`,`") => "is a comma missing before it?",
            '.' | '+' => "a number starts with a digit or `-`: 0.5",
            '}' | ']' => "is a bracket missing before it?",
            '=' => "JSON has a colon between key and value; is this a TOML file?",
            _ => "this is not JSON: see https://www.rfc-editor.org/rfc/rfc8259",
        };
        self.fault(fault.hint(hint), self.at..self.at + found.len_utf8())
    }
}

fn unique(tape: &Builder<'_>, place: tape::Opening, count: usize) -> Result<(), Diagnostic> {
    tape.twice(place, count).map_or(Ok(()), |(name, span)| {
        let fault = Diagnostic::new(format!("{} stands twice", quote(name)));
        Err(fault
            .hint("a key stands once in an object: remove one of the two")
            .at(span))
    })
}

#[cfg(test)]
mod tests;
