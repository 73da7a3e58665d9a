//! Answers, and their bodies.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};

use crate::events::Events;
use crate::json;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// There as a whole; taken once.
    Whole(Option<Bytes>),
    /// One event after the other.
    Events(Box<Events>),
}

impl Answer {
    /// What is there as a whole; events are not.
    pub(crate) fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.unwrap_or_default(),
            Self::Events(_) => Bytes::new(),
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Seconds after which one who was refused may come again.
const AGAIN: HeaderValue = HeaderValue::from_static("5");

/// An answer without body.
pub(crate) fn empty(status: StatusCode) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(None));
    *response.status_mut() = status;
    response
}

/// JSON.
pub(crate) fn json(status: StatusCode, text: Vec<u8>) -> Response<Answer> {
    let mut response = Response::new(Answer::Whole(Some(Bytes::from(text))));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// The failure of an evaluation: of one flag where there is a key, else of all.
pub(crate) fn failure(status: StatusCode, key: Option<&str>, code: &str, details: &str) -> Response<Answer> {
    let mut text = Vec::with_capacity(128);
    text.push(b'{');
    if let Some(key) = key {
        text.extend_from_slice(b"\"key\":");
        json::string(&mut text, key);
        text.push(b',');
    }
    text.extend_from_slice(b"\"errorCode\":");
    json::string(&mut text, code);
    text.extend_from_slice(b",\"errorDetails\":");
    json::string(&mut text, details);
    text.push(b'}');
    json(status, text)
}

/// A failure that is not about flags.
pub(crate) fn general(status: StatusCode, details: &str) -> Response<Answer> {
    let mut text = Vec::with_capacity(64);
    text.extend_from_slice(b"{\"errorDetails\":");
    json::string(&mut text, details);
    text.push(b'}');
    json(status, text)
}

/// No key, or one that nobody knows.
pub(crate) fn unauthorized() -> Response<Answer> {
    let mut response = general(
        StatusCode::UNAUTHORIZED,
        "a bearer token or an X-API-Key that is known is needed",
    );
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Too many at the same time.
pub(crate) fn too_many(what: &str) -> Response<Answer> {
    let mut response = general(StatusCode::TOO_MANY_REQUESTS, &format!("too many {what}"));
    response.headers_mut().insert(RETRY_AFTER, AGAIN);
    response
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Events(events) => events
                .poll(cx)
                .map(|event| event.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Self::Events(_) => SizeHint::default(),
        }
    }
}
