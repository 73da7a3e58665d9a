//! A request over HTTP/2, on a connection of its own.

use std::pin::pin;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use http::{Request, Response};

use super::Finding;
use crate::stream::Stream;

/// Bytes of an answer that the endpoint may send before they are read: more than is read of any.
const WINDOW: u32 = 65_535;
/// Bytes of the fields of an answer.
const MAX_FIELDS: u32 = 16 * 1024;

/// The status of the answer to a GET. Its body is not read.
pub(super) async fn ask(stream: Stream, secured: bool, authority: &str, path: &str) -> Result<u16, Finding> {
    let request = Request::get(uri(secured, authority, path))
        .header("user-agent", "graylane-health")
        .header("accept", "*/*")
        .body(Bytes::new())
        .map_err(Finding::broken)?;
    let status = |response: Response<h2::RecvStream>| async move { Ok(response.status().as_u16()) };
    converse(stream, request, status).await
}

pub(super) fn uri(secured: bool, authority: &str, path: &str) -> String {
    let scheme = if secured { "https" } else { "http" };
    format!("{scheme}://{authority}{path}")
}

/// Sends a request, its body at once, and reads of the answer what `read` reads.
pub(super) async fn converse<T, R>(
    stream: Stream,
    request: Request<Bytes>,
    read: impl FnOnce(Response<h2::RecvStream>) -> R,
) -> Result<T, Finding>
where
    R: Future<Output = Result<T, Finding>>,
{
    let (sender, connection) = Builder::new()
        .enable_push(false)
        .initial_window_size(WINDOW)
        .max_header_list_size(MAX_FIELDS)
        .handshake(stream)
        .await
        .map_err(Finding::broken)?;
    let mut conversation = pin!(async {
        let response = send(sender, request).await.map_err(Finding::broken)?;
        read(response).await
    });
    let ended = tokio::select! {
        biased;
        result = &mut conversation => return result,
        ended = connection => ended,
    };
    // What came before the end is still there to be read; whoever waits for more learns that there is none.
    match (conversation.await, ended) {
        (Err(Finding::Broken(_)), Err(error)) => Err(Finding::broken(error)),
        (Err(Finding::Broken(_)), Ok(())) => Err(Finding::broken("it closed without an answer")),
        (result, _) => result,
    }
}

async fn send(
    sender: SendRequest<Bytes>,
    request: Request<Bytes>,
) -> Result<Response<h2::RecvStream>, h2::Error> {
    let mut sender = sender.ready().await?;
    let (parts, body) = request.into_parts();
    let ended = body.is_empty();
    let (response, mut stream) = sender.send_request(Request::from_parts(parts, ()), ended)?;
    if !ended {
        // It is smaller than any window that an endpoint can give.
        stream.send_data(body, true)?;
    }
    response.await
}
