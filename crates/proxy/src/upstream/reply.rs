use std::mem::MaybeUninit;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use graylane_wire::{Decoder, Malformed, Step};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Response, StatusCode};
use http_body::{Frame, SizeHint};
use hyper::ext::ReasonPhrase;

use super::{Link, Upload, UploadError};
use crate::connection::Conn;
use crate::headers::{self, Field, Present};

/// Bytes of the head of an answer; a place in it fits into 16 bits.
const MAX_HEAD: usize = u16::MAX as usize;
/// Fields of the head of an answer, and of its trailers.
const MAX_FIELDS: usize = 128;

/// An answer cannot be understood, or not in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not valid HTTP/1.1")]
pub(crate) struct Unreadable;

impl From<Malformed> for Unreadable {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// The head of an answer, and how its body ends.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) response: Response<()>,
    framing: Framing,
    /// Whether the link may serve another exchange after this one.
    keeps: bool,
}

/// How a body ends (RFC 9112, section 6.3).
#[derive(Debug)]
enum Framing {
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

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Given back to the pool when the exchange has ended on both sides; else it closes.
    link: Option<Box<Link>>,
    /// What of the request's body is still on its way.
    upload: Option<Upload>,
    framing: Framing,
    keeps: bool,
}

/// The connection broke, or what came on it was no body.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(crate) struct ReplyBroken;

impl Reply {
    #[inline]
    pub(crate) fn new(link: Box<Link>, upload: Option<Upload>, head: Head, takes: bool) -> Response<Self> {
        let Head {
            response,
            framing,
            keeps,
        } = head;
        let keeps = keeps && takes;
        response.map(|()| Self {
            link: Some(link),
            upload,
            framing,
            keeps,
        })
    }

    /// After a 101: the bare connection.
    pub(crate) fn take_link(&mut self) -> Option<Box<Link>> {
        self.link.take()
    }

    /// The body was read to its end.
    #[inline]
    pub(crate) fn finish(&mut self, conn: &Arc<Conn>) {
        // What came after the end of the answer belongs to nothing. And an endpoint that answered before it took the whole
        // body may never take the rest: whoever got this link next would wait behind it.
        let Some(mut link) = self.link.take() else { return };
        if let Some(upload) = self.upload.take() {
            tokio::spawn(upload.outlast(link, Arc::clone(conn)));
        } else if self.keeps && link.inbox().is_empty() {
            link.give_back(conn.worker.clock.now());
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        matches!(self.framing, Framing::Ended)
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Ended => SizeHint::with_exact(0),
            Framing::Length(left) => SizeHint::with_exact(left),
            Framing::Chunked(_) | Framing::Close => SizeHint::default(),
        }
    }

    /// The next piece of the body; meanwhile the rest of the request's body is sent.
    #[inline]
    pub(crate) fn poll_frame(
        &mut self,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplyBroken>>> {
        let Some(link) = &mut self.link else {
            return Poll::Ready(None);
        };
        if let Some(upload) = &mut self.upload {
            let mut sent = upload.poll(link, conn, cx);
            if let Poll::Ready(Err(UploadError::Link(_))) = sent {
                // The answer is what counts now; it may well be the endpoint's reason to take no more. The rest of the
                // body is read out beside it.
                self.keeps = false;
                sent = upload.poll(link, conn, cx);
            }
            match sent {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.upload = None,
                Poll::Ready(Err(_)) => {
                    self.upload = None;
                    self.keeps = false;
                }
            }
        }
        match ready!(next_frame(link, &mut self.framing, cx)) {
            Ok(frame) => Poll::Ready(frame.map(Ok)),
            Err(ReplyBroken) => {
                self.link = None;
                Poll::Ready(Some(Err(ReplyBroken)))
            }
        }
    }
}

fn next_frame(
    link: &mut Link,
    framing: &mut Framing,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Frame<Bytes>>, ReplyBroken>> {
    loop {
        match framing {
            Framing::Ended => return Poll::Ready(Ok(None)),
            Framing::Length(left) if !link.inbox().is_empty() => {
                let inbox = link.inbox();
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(inbox.len());
                let data = inbox.split_to(length).freeze();
                *left -= length as u64;
                if *left == 0 {
                    *framing = Framing::Ended;
                }
                return Poll::Ready(Ok(Some(Frame::data(data))));
            }
            Framing::Close if !link.inbox().is_empty() => {
                return Poll::Ready(Ok(Some(Frame::data(link.inbox().split().freeze()))));
            }
            Framing::Chunked(decoder) => match decoder.step(link.inbox()).map_err(|_| ReplyBroken)? {
                Step::Framing(length) => {
                    link.inbox().advance(length);
                    continue;
                }
                Step::Data(length) => {
                    return Poll::Ready(Ok(Some(Frame::data(link.inbox().split_to(length).freeze()))));
                }
                Step::Trailers(length) => {
                    let section = link.inbox().split_to(length).freeze();
                    let trailers = trailers(&section)?;
                    // Not before they are understood: what has ended counts as complete.
                    *framing = Framing::Ended;
                    return Poll::Ready(Ok((!trailers.is_empty()).then(|| Frame::trailers(trailers))));
                }
                Step::End => {
                    *framing = Framing::Ended;
                    continue;
                }
                Step::More => {}
            },
            Framing::Length(_) | Framing::Close => {}
        }
        match ready!(link.poll_fill(cx)) {
            Ok(0) if matches!(framing, Framing::Close) => *framing = Framing::Ended,
            Ok(0) | Err(_) => return Poll::Ready(Err(ReplyBroken)),
            Ok(_) => {}
        }
    }
}

fn trailers(section: &[u8]) -> Result<HeaderMap, ReplyBroken> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(section, &mut fields) else {
        return Err(ReplyBroken);
    };
    let mut trailers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| ReplyBroken)?;
        trailers.append(
            name,
            HeaderValue::from_bytes(field.value).map_err(|_| ReplyBroken)?,
        );
    }
    Ok(trailers)
}

#[cfg(test)]
mod tests;
