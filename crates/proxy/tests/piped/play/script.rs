//! What client and endpoints do, and when.
//!
//! An input is text, so that seeds can be written by hand: a line of settings, the client's script and then one script for
//! each connection to an endpoint, parted by lines of `=====`. The settings are the capacity of the client's pipe, that of
//! the others, whether the client is trusted, and the lengths of the pieces in which everybody speaks, in turn; one
//! character each. A script is made of segments, parted by lines of `---`; the first character of each says when it is said
//! and what goes with it (see [`Act`]), the line end behind it does not count.

/// Bytes that a pipe holds.
const CAPACITIES: [usize; 8] = [1, 2, 7, 64, 512, 4_096, 65_536, 65_536];
/// Bytes that are said in one go.
const PIECES: [usize; 8] = [usize::MAX, 1, 2, 3, 5, 16, 64, 1_000];
/// Connections to endpoints.
const MAX_ENDPOINTS: usize = 6;

/// A play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) client_capacity: usize,
    pub(crate) endpoint_capacity: usize,
    pub(crate) trusted: bool,
    /// Lengths of pieces, in turn; not empty.
    pub(crate) pieces: Vec<usize>,
    pub(crate) client: Vec<Segment>,
    /// The number of an endpoint, and what it does on one connection.
    pub(crate) endpoints: Vec<(u32, Vec<Segment>)>,
}

/// Something to be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Bytes that must have been heard since the last segment, if any.
    pub(crate) after: usize,
    /// Not before everybody else waits.
    pub(crate) quiet: bool,
    pub(crate) act: Act,
    pub(crate) text: Vec<u8>,
}

/// What goes with a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing else.
    Say,
    /// The connection ends with it, both ways.
    Close,
    /// Nothing is said after it.
    HalfClose,
    /// From its beginning nothing is heard.
    Deafen,
    /// From its beginning everything is heard again.
    Listen,
}

impl Plan {
    /// Whether the client begins as one of HTTP/2 does.
    pub(crate) fn speaks_http2(&self) -> bool {
        let said: Vec<_> = self
            .client
            .iter()
            .flat_map(|segment| &segment.text)
            .take(24)
            .copied()
            .collect();
        said == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    }

    pub(crate) fn read(input: &[u8]) -> Self {
        let mut parts = parts(input, b"=====\n");
        let settings = parts.next().unwrap_or_default();
        let of = |at: usize| usize::from(settings.get(at).copied().unwrap_or(b'6') % 8);
        let mut pieces: Vec<_> = settings
            .iter()
            .skip(3)
            .filter(|byte| **byte != b'\n')
            .map(|byte| PIECES[usize::from(byte % 8)])
            .collect();
        if pieces.is_empty() {
            pieces.push(usize::MAX);
        }
        Self {
            client_capacity: CAPACITIES[of(0)],
            endpoint_capacity: CAPACITIES[of(1)],
            trusted: settings.get(2) == Some(&b'1'),
            pieces,
            client: script(parts.next().unwrap_or_default()),
            endpoints: (0..)
                .map(|number| number % super::scene::ENDPOINTS)
                .zip(parts.take(MAX_ENDPOINTS).map(script))
                .collect(),
        }
    }
}

fn script(text: &[u8]) -> Vec<Segment> {
    parts(text, b"---\n").map(Segment::read).collect()
}

impl Segment {
    fn read(text: &[u8]) -> Self {
        let (first, text) = text.split_first().unwrap_or((&b'+', b""));
        let text = text.strip_prefix(b"\n").unwrap_or(text);
        let act = match first.to_ascii_lowercase() {
            b'x' => Act::Close,
            b'h' => Act::HalfClose,
            b's' => Act::Deafen,
            b'r' => Act::Listen,
            _ => Act::Say,
        };
        let (after, quiet) = match first {
            b'.' => (1, true),
            b'0'..=b'9' => (1 << (first - b'0'), false),
            b'!' | b'A'..=b'Z' => (1, false),
            _ => (0, true),
        };
        Self {
            after,
            quiet,
            act,
            text: text.to_vec(),
        }
    }
}

/// What lies between separators.
fn parts<'a>(text: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let at = text
            .windows(separator.len())
            .position(|window| window == separator);
        let (part, after) = match at {
            Some(at) => (&text[..at], Some(&text[at + separator.len()..])),
            None => (text, None),
        };
        rest = after;
        Some(part)
    })
}
