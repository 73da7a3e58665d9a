//! Paths of mocks: `/users/{id}`, `/files/{path...}`.

use std::borrow::Cow;

/// Bytes of a path at most.
const LONGEST: usize = 1024;

/// A path with names for some of its segments. Of two that fit the same request the smaller one is the more specific: from
/// the left, a text before any one segment before all the rest.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    segments: Vec<Segment>,
    names: Vec<Box<str>>,
    text: Box<str>,
}

/// In the order of how specific they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Text(Box<str>),
    /// One segment, whatever it is, but not an empty one.
    Any,
    /// Everything from here on, be it nothing.
    Rest,
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPattern {
    #[error("a path begins with `/`")]
    NoSlash,
    #[error("a path has {LONGEST} bytes at most")]
    TooLong,
    #[error("`{0}` cannot stand in a path")]
    Character(char),
    #[error("a name in a path is a whole segment, of letters, digits and `_`")]
    Name,
    #[error("only the last segment can be all the rest")]
    RestWithin,
    #[error("`{0}` is named twice")]
    Twice(Box<str>),
}

impl Pattern {
    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn parse(text: &str) -> Result<Self, NoPattern> {
        let inside = text.strip_prefix('/').ok_or(NoPattern::NoSlash)?;
        if text.len() > LONGEST {
            return Err(NoPattern::TooLong);
        }
        let wrong = |c: &char| c.is_control() || matches!(c, '?' | '#' | '\\' | '%' | ' ');
        if let Some(c) = text.chars().find(wrong) {
            return Err(NoPattern::Character(c));
        }
        let mut pattern = Self {
            segments: Vec::new(),
            names: Vec::new(),
            text: text.into(),
        };
        for segment in inside.split('/') {
            if pattern.segments.last() == Some(&Segment::Rest) {
                return Err(NoPattern::RestWithin);
            }
            if !segment.contains(['{', '}']) {
                pattern.segments.push(Segment::Text(segment.into()));
                continue;
            }
            let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            let name = name.ok_or(NoPattern::Name)?;
            let (name, segment) = match name.strip_suffix("...") {
                Some(name) => (name, Segment::Rest),
                None => (name, Segment::Any),
            };
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(fits) {
                return Err(NoPattern::Name);
            }
            if pattern.names.iter().any(|known| **known == *name) {
                return Err(NoPattern::Twice(name.into()));
            }
            pattern.names.push(name.into());
            pattern.segments.push(segment);
        }
        Ok(pattern)
    }

    /// What stands in the path of a request for each name, where it fits. Texts are compared without their percent-encoding,
    /// the values keep it.
    pub(crate) fn matched<'r>(&self, path: &'r str) -> Option<Vec<&'r str>> {
        let mut left = Some(path.strip_prefix('/')?);
        let mut values = Vec::new();
        for segment in &self.segments {
            let rest = left?;
            let (first, next) = match rest.split_once('/') {
                Some((first, next)) => (first, Some(next)),
                None => (rest, None),
            };
            match segment {
                Segment::Text(text) if decoded(first) == **text => {}
                Segment::Any if !first.is_empty() => values.push(first),
                Segment::Rest => {
                    values.push(rest);
                    return Some(values);
                }
                Segment::Text(_) | Segment::Any => return None,
            }
            left = next;
        }
        left.is_none().then_some(values)
    }

    /// Which of its names this is.
    pub(crate) fn number_of(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| **known == *name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }
}

// By what they fit, not by how they call it.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.segments == other.segments
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.segments.cmp(&other.segments)
    }
}

/// A part of a path without its percent-encoding; what is no UTF-8 then has U+FFFD in its place.
pub(crate) fn decoded(part: &str) -> Cow<'_, str> {
    if !part.contains('%') {
        return part.into();
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests;
