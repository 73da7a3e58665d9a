//! JSON -> nodes: RFC 8259 to the letter, in time linear in the text, without recursion.

mod scalar;

use std::collections::HashSet;
use std::ops::Range;

use graylane_diagnostic::{Diagnostic, Diagnostics, Source, quote};

use super::{MAX_DEPTH, Place, check_size, too_deep};
use crate::{Data, Key, Node};

/// Reads JSON. Stricter than most: no key may stand twice in an object, and numbers must be finite.
///
/// # Errors
/// The first mistake in the text, also where it is nested too deeply or too long.
pub fn read_json(source: &Source) -> Result<Node, Diagnostics> {
    check_size(source)?;
    Ok(read_within(source.text(), Place::From(source.base()))?)
}

/// Reads JSON that stands within another text.
pub(crate) fn read_within(text: &str, place: Place) -> Result<Node, Diagnostic> {
    let reader = Reader {
        text,
        at: 0,
        place,
        open: Vec::new(),
        items: Vec::new(),
        keys: Vec::new(),
        fields: Vec::new(),
    };
    reader.document()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    place: Place,
    open: Vec<Open>,
    /// What stands in the open arrays, the innermost last, so that each takes the memory that it needs, once.
    items: Vec<Node>,
    /// The keys whose values are read now, one for each open object.
    keys: Vec<Key>,
    /// What stands in the open objects.
    fields: Vec<(Key, Node)>,
}

/// An array or an object whose end has not been read.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    kind: Kind,
    /// How many items or fields the outer ones have.
    outer: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    List,
    Map,
}

impl Reader<'_> {
    fn document(mut self) -> Result<Node, Diagnostic> {
        loop {
            let Some(mut node) = self.value()? else {
                continue;
            };
            // A value is complete: it goes into what it stands in, which may be complete by it.
            loop {
                let Some(parent) = self.open.last().copied() else {
                    self.blanks();
                    return match self.peek() {
                        None => Ok(node),
                        Some(_) => Err(self.unexpected("the end of the text")),
                    };
                };
                match self.complete(parent, node)? {
                    Some(closed) => node = closed,
                    None => break,
                }
            }
        }
    }

    /// Reads a value; `None` where it is an array or object that has been opened and expects a value first.
    fn value(&mut self) -> Result<Option<Node>, Diagnostic> {
        self.blanks();
        let start = self.at;
        let data = match self.peek() {
            Some(b'{' | b'[') if self.open.len() == MAX_DEPTH => {
                return Err(self.fault(too_deep(), start..start + 1));
            }
            Some(b'{') => {
                self.at += 1;
                if !self.ends_with(b'}') {
                    let key = self.key()?;
                    self.keys.push(key);
                    self.open.push(Open {
                        start,
                        kind: Kind::Map,
                        outer: self.fields.len(),
                    });
                    return Ok(None);
                }
                Data::Map(Vec::new())
            }
            Some(b'[') => {
                self.at += 1;
                if !self.ends_with(b']') {
                    self.open.push(Open {
                        start,
                        kind: Kind::List,
                        outer: self.items.len(),
                    });
                    return Ok(None);
                }
                Data::List(Vec::new())
            }
            Some(b'"') => Data::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => Data::Number(self.number()?),
            Some(byte) if byte.is_ascii_alphabetic() => self.word()?,
            None if self.text.trim().is_empty() && self.open.is_empty() => {
                let fault = Diagnostic::new("the text is empty");
                return Err(self.fault(fault.hint("the smallest one is {\"flags\": {}}"), start..start));
            }
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Some(self.node(start, data)))
    }

    /// Puts a value into what it stands in, and reads on to the next value, or to the end: then that is complete as well.
    fn complete(&mut self, parent: Open, node: Node) -> Result<Option<Node>, Diagnostic> {
        let (end, ends) = match parent.kind {
            Kind::List => (b']', "`,` or `]`"),
            Kind::Map => (b'}', "`,` or `}`"),
        };
        self.blanks();
        let comma = self.at;
        let more = match self.peek() {
            Some(b',') => true,
            Some(byte) if byte == end => false,
            _ => return Err(self.unexpected(ends)),
        };
        self.at += 1;
        if more && self.ends_with(end) {
            let fault = Diagnostic::new("there is a comma after the last value");
            let fault = fault.hint("JSON has commas only between two values: remove it");
            return Err(self.fault(fault, comma..comma + 1));
        }
        match parent.kind {
            Kind::List => self.items.push(node),
            Kind::Map => {
                // Each open object has one.
                if let Some(key) = self.keys.pop() {
                    self.fields.push((key, node));
                }
            }
        }
        if more {
            if parent.kind == Kind::Map {
                let key = self.key()?;
                self.keys.push(key);
            }
            return Ok(None);
        }
        self.open.pop();
        let data = match parent.kind {
            Kind::List => Data::List(self.items.split_off(parent.outer)),
            Kind::Map => {
                unique(&self.fields[parent.outer..])?;
                Data::Map(self.fields.split_off(parent.outer))
            }
        };
        Ok(Some(self.node(parent.start, data)))
    }

    /// A key and the colon behind it.
    fn key(&mut self) -> Result<Key, Diagnostic> {
        self.blanks();
        let start = self.at;
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a key in double quotes"));
        }
        let name = self.string()?;
        let span = self.place.of(start..self.at);
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected("`:` after the key"));
        }
        self.at += 1;
        Ok(Key { span, name })
    }

    /// Whether this byte follows; if so, it is read.
    fn ends_with(&mut self, end: u8) -> bool {
        self.blanks();
        let ends = self.peek() == Some(end);
        self.at += usize::from(ends);
        ends
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn node(&self, start: usize, data: Data) -> Node {
        let span = self.place.of(start..self.at);
        Node { span, data }
    }

    fn fault(&self, fault: Diagnostic, local: Range<usize>) -> Diagnostic {
        fault.at(self.place.of(local))
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

/// Up to here comparing all keys with one another is cheaper than hashing them.
const FEW: usize = 12;

fn unique(fields: &[(Key, Node)]) -> Result<(), Diagnostic> {
    let twice = if fields.len() <= FEW {
        let mut keys = fields.iter().map(|(key, _)| key).enumerate();
        keys.find(|(index, key)| fields[..*index].iter().any(|(other, _)| other.name == key.name))
            .map(|(_, key)| key)
    } else {
        let mut names = HashSet::with_capacity(fields.len());
        let mut keys = fields.iter().map(|(key, _)| key);
        keys.find(|key| !names.insert(&*key.name))
    };
    twice.map_or(Ok(()), |key| {
        let fault = Diagnostic::new(format!("{} stands twice", quote(&key.name)));
        Err(fault
            .hint("a key stands once in an object: remove one of the two")
            .at(key.span.clone()))
    })
}

#[cfg(test)]
mod tests;
