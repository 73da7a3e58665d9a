use graylane_core::{Dialect, InvalidTag, Tag};

use crate::{Request, baggage, services};

/// What a request says in one dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// Nothing.
    Absent,
    /// This lane.
    Said(Tag),
    /// Something about other services only.
    Elsewhere,
    /// Something that counts for nothing.
    Ignored(Ignored),
}

/// Why what was said counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ignored {
    /// It is no value of its dialect.
    Malformed,
    /// It is longer than any that is read.
    TooLong,
    /// It was said twice, and not the same.
    Repeated,
}

impl Ignored {
    /// Every reason, in the order of the type.
    pub const ALL: [Self; 3] = [Self::Malformed, Self::TooLong, Self::Repeated];

    /// The word for it in metrics and explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLong => "too-long",
            Self::Repeated => "repeated",
        }
    }
}

impl From<InvalidTag> for Ignored {
    fn from(why: InvalidTag) -> Self {
        match why {
            InvalidTag::TooLong => Self::TooLong,
            InvalidTag::Empty | InvalidTag::Character => Self::Malformed,
        }
    }
}

/// Reads one dialect; `member` is the key of the lane in `baggage`.
#[inline]
pub fn find(dialect: Dialect, member: &str, request: &impl Request) -> Finding {
    match dialect {
        Dialect::Baggage => baggage::find(request.lines(dialect), member),
        Dialect::OpenSergo => match lines(dialect, request) {
            Finding::Absent => baggage::find(request.lines(Dialect::Baggage), dialect.as_str()),
            found => found,
        },
        _ => lines(dialect, request),
    }
}

/// A dialect with a field of its own: the same on each of its lines.
#[inline]
fn lines(dialect: Dialect, request: &impl Request) -> Finding {
    let mut found = Finding::Absent;
    for line in request.lines(dialect) {
        let this = if dialect == Dialect::NdVersion && services::is_object(line) {
            versions(line, request)
        } else {
            Tag::new(line).map_or_else(|why| Finding::Ignored(why.into()), Finding::Said)
        };
        match found {
            Finding::Absent => found = this,
            same if same == this => {}
            _ => return Finding::Ignored(Ignored::Repeated),
        }
    }
    found
}

#[cold]
fn versions(line: &[u8], request: &impl Request) -> Finding {
    match services::entry(line, request.service().unwrap_or_default()) {
        Ok(Some(tag)) => Finding::Said(tag),
        Ok(None) => Finding::Elsewhere,
        Err(why) => Finding::Ignored(why),
    }
}
