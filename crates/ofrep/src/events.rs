//! An event stream: what tells a client to ask again.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};

use crate::access;
use crate::answer::{self, Answer};
use crate::connection::Conn;
use crate::counters::count;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Milliseconds after which a client whose stream broke comes back.
const RETRY: &str = "retry: 2000\n";

type Changed = Pin<Box<dyn Future<Output = Option<watch::Receiver<u64>>> + Send>>;

/// One stream. It holds no event that its reader has not taken: it is asked for the next one when there is room, and gives
/// the newest.
pub(crate) struct Events {
    conn: Arc<Conn>,
    changed: Changed,
    beat: Pin<Box<Sleep>>,
    heartbeat: Duration,
    /// What is sent before anything else.
    opening: Option<Bytes>,
    /// The revision that the client was told of.
    told: Box<str>,
    /// The key that it was opened with.
    key: Option<[u8; 32]>,
}

/// Opens a stream. A client is told to ask at once unless it says that it knows the revision: between its bulk request and
/// this one there may have been a change.
pub(crate) fn open(conn: &Arc<Conn>, headers: &HeaderMap, key: Option<[u8; 32]>) -> Response<Answer> {
    let shared = &conn.shared;
    let limits = &shared.settings.load().limits;
    if shared.counters.streams.load(Relaxed) >= limits.streams as u64 {
        count(&shared.counters.refused);
        return answer::too_many("event streams");
    }
    count(&shared.counters.streams);
    let receiver = shared.publisher.subscribe();
    let snapshot = shared.publisher.current();
    let knows = headers
        .get(LAST_EVENT_ID)
        .is_some_and(|id| id.as_bytes() == snapshot.id.as_bytes());
    let opening = if knows {
        format!("{RETRY}\n")
    } else {
        format!("{RETRY}{}", String::from_utf8_lossy(&snapshot.event))
    };
    conn.streams();
    let events = Events {
        conn: Arc::clone(conn),
        changed: next(receiver),
        beat: Box::pin(tokio::time::sleep(limits.heartbeat)),
        heartbeat: limits.heartbeat,
        opening: Some(Bytes::from(opening)),
        told: snapshot.id.clone(),
        key,
    };
    let mut response = Response::new(Answer::Events(Box::new(events)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy of nginx's kind would hold events back until it has a page of them.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

fn next(mut receiver: watch::Receiver<u64>) -> Changed {
    Box::pin(async move { receiver.changed().await.ok().map(|()| receiver) })
}

impl Events {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.conn.is_draining() {
            return Poll::Ready(None);
        }
        // When the socket takes bytes again, hyper flushes and asks once more.
        if self.conn.is_blocked() {
            return Poll::Pending;
        }
        if let Some(opening) = self.opening.take() {
            return Poll::Ready(Some(opening));
        }
        while let Poll::Ready(changed) = self.changed.as_mut().poll(cx) {
            let Some(receiver) = changed else {
                return Poll::Ready(None);
            };
            self.changed = next(receiver);
            if !self.may_listen() {
                return Poll::Ready(None);
            }
            let snapshot = self.conn.shared.publisher.current();
            if snapshot.id != self.told {
                self.told = snapshot.id.clone();
                self.beat.as_mut().reset(Instant::now() + self.heartbeat);
                count(&self.conn.shared.counters.events);
                return Poll::Ready(Some(snapshot.event.clone()));
            }
        }
        ready!(self.beat.as_mut().poll(cx));
        self.beat.as_mut().reset(Instant::now() + self.heartbeat);
        Poll::Ready(Some(Bytes::from_static(b":\n\n")))
    }

    /// Whether the key that the stream was opened with is still one.
    fn may_listen(&self) -> bool {
        let settings = self.conn.shared.settings.load();
        settings.keys.is_empty()
            || self
                .key
                .is_some_and(|key| access::find(&settings.keys, &key).is_some())
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.conn.shared.counters.streams.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events")
            .field("told", &self.told)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
