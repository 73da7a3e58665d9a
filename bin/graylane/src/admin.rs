//! The admin port: a small HTTP server on the main thread, apart from the workers, so that a scrape never delays a
//! request. It is up before the gateway is ready, and until the process ends.

mod pages;
mod query;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

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

/// Serves until the process ends.
pub(crate) async fn serve(listener: StdListener, parts: Arc<Parts>) {
    let listener = match TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return log::error!("the admin port is not served: {error}"),
    };
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
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
        let response = answer(&request, &parts);
        async move { Ok::<_, Infallible>(response) }
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

fn answer(request: &Request<Incoming>, parts: &Parts) -> Response<Text> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = Response::new(Text::from("only GET and HEAD are served here\n".to_owned()));
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let (status, content_type, body) =
        pages::page(parts, request.uri().path(), request.uri().query().unwrap_or(""));
    let mut response = Response::new(Text::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
