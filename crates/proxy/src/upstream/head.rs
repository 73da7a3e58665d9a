use std::mem::MaybeUninit;

use bytes::BytesMut;
use graylane_wire::Decoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use hyper::ext::ReasonPhrase;

use crate::headers::{self, Field, Present};

/// Bytes of the head of an answer; a place in it fits into 16 bits.
const MAX_HEAD: usize = u16::MAX as usize;
/// Fields of the head of an answer, and of its trailers.
pub(super) const MAX_FIELDS: usize = 128;

/// An answer cannot be understood, or not in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not valid HTTP/1.1")]
pub(crate) struct Unreadable;

/// The head of an answer, and how its body ends.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) response: Response<()>,
    pub(super) framing: Framing,
    /// Whether the link may serve another exchange after this one.
    pub(super) keeps: bool,
}

/// How a body ends (RFC 9112, section 6.3).
#[derive(Debug)]
pub(super) enum Framing {
    /// After so many more bytes.
    Length(u64),
    Chunked(Decoder),
    /// With the connection.
    Close,
    /// It has.
    Ended,
}

/// Reads the head of an answer off the inbox, once it is there as a whole. Hop-by-hop fields end here. The map is the
/// request's, which has served: it comes back with the answer's fields, and its memory need not be asked for again.
#[inline]
pub(crate) fn read_head(
    inbox: &mut BytesMut,
    asked: &Method,
    map: &mut HeaderMap,
) -> Result<Option<Head>, Unreadable> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut head = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut head, inbox, &mut fields)
        .map_err(|_| Unreadable)?;
    let httparse::Status::Complete(length) = parsed else {
        return if inbox.len() < MAX_HEAD {
            Ok(None)
        } else {
            Err(Unreadable)
        };
    };
    if length > MAX_HEAD {
        return Err(Unreadable);
    }
    let status = StatusCode::from_u16(head.code.ok_or(Unreadable)?).map_err(|_| Unreadable)?;
    let is_11 = head.version == Some(1);
    // Of a status that nobody registered only the endpoint knows a name; without one hyper would write `<none>`.
    let reason = match status.canonical_reason() {
        Some(_) => None,
        None => ReasonPhrase::try_from(head.reason.unwrap_or_default().as_bytes()).ok(),
    };
    // Where names and values stand: the bytes that they are in are about to be taken out of the inbox. In 16 bits, for
    // which the check above is, because to clear this table costs more than to read a usual head.
    let base = inbox.as_ptr() as usize;
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - base;
        (start as u16, (start + part.len()) as u16)
    };
    let mut places = [((0, 0), (0, 0)); MAX_FIELDS];
    let count = head.headers.len();
    for (slot, field) in places.iter_mut().zip(head.headers.iter()) {
        *slot = (place(field.name.as_bytes()), place(field.value));
    }
    let bytes = inbox.split_to(length).freeze();
    map.clear();
    map.reserve(count);
    for &((name, name_end), (value, value_end)) in &places[..count] {
        let name = HeaderName::from_bytes(&bytes[usize::from(name)..usize::from(name_end)])
            .map_err(|_| Unreadable)?;
        let value = HeaderValue::from_maybe_shared(bytes.slice(usize::from(value)..usize::from(value_end)))
            .map_err(|_| Unreadable)?;
        map.append(name, value);
    }
    let present = Present::scan(map);
    let framing = framing(status, asked, map, present)?;
    // Both at once is how responses are split: the chunks count, the length goes, and so does the link.
    let is_clear = !(present.has(Field::TRANSFER_ENCODING) && present.has(Field::CONTENT_LENGTH));
    if !is_clear {
        map.remove(header::CONTENT_LENGTH);
    }
    let keeps = is_11 && is_clear && !matches!(framing, Framing::Close) && !says_close(map, present);
    // After a 101 the protocol that the endpoint chose is for the client, too.
    let switches = present.has(Field::UPGRADE) && status == StatusCode::SWITCHING_PROTOCOLS;
    let protocol = switches.then(|| map.get(header::UPGRADE).cloned()).flatten();
    headers::drop_hop_by_hop(map, present);
    if let Some(protocol) = protocol {
        map.insert(header::UPGRADE, protocol);
    }
    // A lane is named by the gateway alone.
    if present.has(Field::GRAY_VERSION) {
        map.remove(&headers::GRAY_VERSION);
    }
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = std::mem::take(map);
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    Ok(Some(Head {
        response,
        framing,
        keeps,
    }))
}

fn framing(
    status: StatusCode,
    asked: &Method,
    map: &HeaderMap,
    present: Present,
) -> Result<Framing, Unreadable> {
    let length = match present.has(Field::CONTENT_LENGTH) {
        true => Some(content_length(map)?),
        false => None,
    };
    if asked == Method::HEAD
        || status.is_informational()
        || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    {
        return Ok(Framing::Ended);
    }
    if present.has(Field::TRANSFER_ENCODING) {
        let coding = present.only(map, Field::TRANSFER_ENCODING, &header::TRANSFER_ENCODING);
        let is_chunked = coding.is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
        // Another coding was not asked for, and we could not tell where it ends.
        return if is_chunked {
            Ok(Framing::Chunked(Decoder::default()))
        } else {
            Err(Unreadable)
        };
    }
    Ok(match length {
        Some(0) => Framing::Ended,
        Some(length) => Framing::Length(length),
        None => Framing::Close,
    })
}

/// The length that every such line agrees on.
fn content_length(map: &HeaderMap) -> Result<u64, Unreadable> {
    let mut lengths = map.get_all(header::CONTENT_LENGTH).iter().map(|value| {
        let digits = value.as_bytes();
        // `parse` alone would also take a sign.
        let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        let text = std::str::from_utf8(digits).ok().filter(|_| all_digits);
        text.and_then(|text| text.parse::<u64>().ok()).ok_or(Unreadable)
    });
    let first = lengths.next().ok_or(Unreadable)??;
    lengths.try_for_each(|other| if other? == first { Ok(()) } else { Err(Unreadable) })?;
    Ok(first)
}

fn says_close(map: &HeaderMap, present: Present) -> bool {
    present.has(Field::CONNECTION)
        && headers::items(map, &header::CONNECTION).any(|item| item.eq_ignore_ascii_case(b"close"))
}

#[cfg(test)]
mod tests;
