//! `grpc.health.v1.Health/Check`.

use bytes::{BufMut as _, Bytes, BytesMut};
use h2::RecvStream;
use http::{HeaderMap, Request, Response};

use super::{Aim, Finding, h2 as http2, protobuf};
use crate::grpc::is_grpc;
use crate::stream::Stream;

/// Bytes of the answer's body: a frame of a message that has one small number.
const MAX_BODY: usize = 4 * 1024;
/// `SERVING`, a number of `HealthCheckResponse.ServingStatus`.
const SERVING: u64 = 1;

/// Whether the endpoint says that it is serving.
pub(super) async fn ask(stream: Stream, aim: &Aim, service: &str) -> Result<(), Finding> {
    let uri = http2::uri(
        aim.peer.is_some(),
        &aim.authority(),
        "/grpc.health.v1.Health/Check",
    );
    let request = Request::post(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "graylane-health")
        .header("grpc-timeout", format!("{}m", aim.health.timeout.as_millis()))
        .body(frame(&protobuf::check_request(service)))
        .map_err(Finding::broken)?;
    let status = http2::converse(stream, request, read).await?;
    if status == SERVING {
        Ok(())
    } else {
        Err(Finding::NotServing(status))
    }
}

/// A message as it goes over the wire: not compressed, and its length.
fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    // The name of a service has 255 bytes at most.
    frame.put_u32(message.len() as u32);
    frame.put_slice(message);
    frame.freeze()
}

/// The status in the message of an answer.
async fn read(response: Response<RecvStream>) -> Result<u64, Finding> {
    let (head, mut body) = response.into_parts();
    if head.status != http::StatusCode::OK {
        return Err(Finding::Status(head.status.as_u16()));
    }
    let content_type = head.headers.get(http::header::CONTENT_TYPE);
    if !content_type.is_some_and(|value| is_grpc(value.as_bytes())) {
        return Err(Finding::broken("the answer is not gRPC"));
    }
    // An answer without a message may be trailers only.
    if let Some(code) = grpc_status(&head.headers)? {
        return Err(ended(code));
    }
    let mut text = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece.map_err(Finding::broken)?;
        if text.len() + piece.len() > MAX_BODY {
            return Err(Finding::broken("the answer is too long"));
        }
        // Nothing is given back to the window: it is larger than what is read.
        text.extend_from_slice(&piece);
    }
    let trailers = body.trailers().await.map_err(Finding::broken)?;
    match grpc_status(&trailers.unwrap_or_default())? {
        Some(0) => message(&text),
        Some(code) => Err(Finding::GrpcStatus(code)),
        None => Err(Finding::broken("the answer has no grpc-status")),
    }
}

/// A status before any message.
fn ended(code: u32) -> Finding {
    match code {
        0 => Finding::broken("the answer has no message"),
        code => Finding::GrpcStatus(code),
    }
}

fn grpc_status(fields: &HeaderMap) -> Result<Option<u32>, Finding> {
    let Some(value) = fields.get("grpc-status") else {
        return Ok(None);
    };
    let code = value.to_str().ok().and_then(|text| text.parse().ok());
    code.map(Some)
        .ok_or_else(|| Finding::broken("the grpc-status is no number"))
}

/// The status in a frame, which is the only one.
fn message(text: &[u8]) -> Result<u64, Finding> {
    let Some((&[compressed, a, b, c, d], message)) = text.split_first_chunk() else {
        return Err(Finding::broken("the answer has no message"));
    };
    if compressed != 0 || u32::from_be_bytes([a, b, c, d]) as usize != message.len() {
        return Err(Finding::broken("the answer is not one plain message"));
    }
    protobuf::check_response(message).ok_or_else(|| Finding::broken("the message is malformed"))
}
