//! hyper as a server, in this process: what its handler is given is what it understood.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

use crate::meaning::Meaning;

/// What it understood and nobody has asked about yet.
pub type Seen = Arc<Mutex<Vec<Meaning>>>;

/// Starts one on a thread of its own.
pub fn start() -> (SocketAddr, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface");
    let address = listener.local_addr().expect("a bound socket");
    let seen = Seen::default();
    let shared = Arc::clone(&seen);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .expect("a runtime");
        tokio::task::LocalSet::new().block_on(&runtime, accept(listener, shared));
    });
    (address, seen)
}

async fn accept(listener: TcpListener, seen: Seen) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    while let Ok((socket, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::task::spawn_local(async move {
            let service = service_fn(move |request| note(request, Arc::clone(&seen)));
            // A connection that ends in an error is what half of the cases are about.
            let _ = http1::Builder::new()
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}

async fn note(request: Request<Incoming>, seen: Seen) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let host = parts
        .uri
        .authority()
        .map(|authority| authority.as_str().to_owned());
    let host = host.or_else(|| {
        let value = parts.headers.get("host")?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
    let mut answer = Response::new(Full::from("ok"));
    match body.collect().await {
        Ok(body) => {
            let body = body.to_bytes().to_vec();
            let meaning = Meaning::new(
                parts.method.as_str(),
                target,
                host.as_deref().unwrap_or_default(),
                body,
            );
            seen.lock().expect("no holder panics").push(meaning);
        }
        Err(_) => *answer.status_mut() = hyper::StatusCode::BAD_REQUEST,
    }
    Ok(answer)
}
