//! The key of an assignment, as dots and quotes part it.

use std::ops::Range;

use graylane_diagnostic::Diagnostic;

/// A part of a key, with its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) place: Range<usize>,
}

/// The most parts; ours need five, a module may need more.
const MOST: usize = 32;

/// `lanes.shop."v1.2".weight=5`: the parts, and where the value starts.
pub(super) fn assignment(text: &str) -> Result<(Vec<Part>, usize), Diagnostic> {
    let mut parts = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let (name, length) = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => match rest[1..].find(quote) {
                Some(end) => (&rest[1..=end], end + 2),
                None => return Err(fault("a quote is not closed", at..text.len())),
            },
            _ => {
                let end = rest.find(['.', '=']).unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        if name.is_empty() {
            return Err(fault("a part of the key is empty", at..at + length));
        }
        if parts.len() == MOST {
            return Err(fault("no key has so many parts", 0..at));
        }
        parts.push(Part {
            name: name.to_owned(),
            place: at..at + length,
        });
        at += length;
        match text[at..].chars().next() {
            Some('.') => at += 1,
            Some('=') => return Ok((parts, at + 1)),
            Some(_) => return Err(fault("a quoted part of a key ends at `.` or `=`", at..text.len())),
            None => return Err(fault("there is no value", at..at)),
        }
    }
}

fn fault(message: &str, place: Range<usize>) -> Diagnostic {
    Diagnostic::new(message)
        .hint("an assignment is KEY=VALUE, such as lanes.shop.canary.weight=5; a name with a dot stands in quotes")
        .at(place)
}

/// A key as one writes it: a name that is no bare key of TOML in quotes.
pub(crate) fn shown_key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut key = String::new();
    for part in parts {
        if !key.is_empty() {
            key.push('.');
        }
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !part.is_empty() && part.bytes().all(bare) {
            key.push_str(part);
        } else {
            key.push_str(&crate::origin::quoted(part));
        }
    }
    key
}
