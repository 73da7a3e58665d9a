//! The admin port: a small HTTP server on the main thread, apart from the workers, so that a scrape never delays a
//! request. It is up before the gateway is ready, and until the process ends.

mod access;
mod body;
mod endpoints;
mod flags;
mod metrics;
mod pages;
mod put;
mod query;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::start::Parts;

/// Connections at the same time; operators and scrapers, not users.
const MAX_CONNECTIONS: usize = 64;
/// For the head of a request to come.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// A connection that lasts longer is closed; the client makes a new one.
const CONNECTION_TIME: Duration = Duration::from_secs(300);
/// Bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// How long to wait when the process has no file descriptor left for a connection.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Binds the admin port.
pub(crate) fn bind(address: SocketAddr) -> io::Result<StdListener> {
    let listener = StdListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// The admin port of the process before, or of systemd.
pub(crate) fn inherit(socket: OwnedFd) -> io::Result<StdListener> {
    let listener = StdListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Whether the admin port takes new connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admits {
    Now,
    /// Who connects waits in the queue.
    Later,
    /// The queue is another process's.
    NoMore,
}

/// Serves until the process ends, or is told that no more connections are taken.
pub(crate) async fn serve(listener: StdListener, parts: Arc<Parts>, mut admits: watch::Receiver<Admits>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error!("the admin port is not served: {error}"),
    };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Without anybody to tell, the process is at its end.
    while matches!(
        admits.wait_for(|now| *now != Admits::Later).await.as_deref(),
        Ok(Admits::Now)
    ) {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            biased;
            _ = admits.wait_for(|now| *now != Admits::Now) => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let parts = Arc::clone(&parts);
                tokio::spawn(async move {
                    let _ = tokio::time::timeout(CONNECTION_TIME, connection(stream, parts)).await;
                    drop(place);
                });
            }
            Err(error) => {
                log::error!("admin: {error}");
                tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, parts: Arc<Parts>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let parts = Arc::clone(&parts);
        async move { Ok::<_, Infallible>(answer(request, &parts).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_header_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        log::debug!("admin: {error}");
    }
}

/// Reads and answers one request. Reading is for everybody who reaches a loopback address, and elsewhere for those who
/// show a token; a change needs a token everywhere.
async fn answer(request: Request<Incoming>, parts: &Parts) -> Response<Text> {
    let in_use = parts.in_use();
    let tokens = in_use
        .as_ref()
        .map_or(&[][..], |loaded| &loaded.config.admin.tokens);
    let (head, body) = request.into_parts();
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or(""));
    let caller = match access::caller(&head.headers, tokens) {
        Ok(caller) => caller,
        Err(access::WrongToken) => return unauthorized("this is no token of this gateway"),
    };
    match head.method {
        Method::GET | Method::HEAD => {
            let page = if access::may_read(&caller, parts.admin_address(), path) {
                Some(pages::page(parts, path, query))
            } else {
                pages::for_strangers(parts, path)
            };
            match page {
                Some((status, content_type, body)) => respond(status, content_type, body),
                None => unauthorized(access::WHY_A_TOKEN),
            }
        }
        Method::PUT | Method::POST => {
            // Before the body is read: nobody without a token makes the process hold one.
            let access::Caller::Token(token) = caller else {
                return unauthorized("a change needs a token");
            };
            let body = match body::collect(body).await {
                Ok(body) => body,
                Err(error) => return json(error.status(), &json!({ "error": error.to_string() })),
            };
            let request = put::Request {
                method: &head.method,
                path,
                query,
                headers: &head.headers,
                body,
            };
            let (status, value) = put::answer(parts, token, request).await;
            json(status, &value)
        }
        _ => {
            let value = json!({ "error": "only GET, HEAD, PUT and POST are served here" });
            let mut response = json(StatusCode::METHOD_NOT_ALLOWED, &value);
            let allowed = HeaderValue::from_static("GET, HEAD, PUT, POST");
            response.headers_mut().insert(ALLOW, allowed);
            response
        }
    }
}

fn unauthorized(message: &str) -> Response<Text> {
    let hint = "send `Authorization: Bearer <token>`; [admin.tokens.<name>] says which tokens there are";
    let mut response = json(
        StatusCode::UNAUTHORIZED,
        &json!({ "error": message, "hint": hint }),
    );
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
    response
}

fn json(status: StatusCode, value: &serde_json::Value) -> Response<Text> {
    respond(status, "application/json", format!("{value}\n"))
}

fn respond(status: StatusCode, content_type: &'static str, body: String) -> Response<Text> {
    let mut response = Response::new(Text::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A body that is there as a whole.
struct Text(Option<Bytes>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Some(Bytes::from(text)).filter(|text| !text.is_empty()))
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}
