//! Upgrades (RFC 9110, section 7.8): once both sides have switched, bytes are copied until either side is done.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Response, StatusCode, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;

use crate::answer::Answer;
use crate::connection::Conn;
use crate::headers::{Field, Present};

/// The client's half of an upgrade, kept while the endpoint is asked.
#[derive(Debug)]
pub(crate) struct Wish {
    client: OnUpgrade,
    protocol: HeaderValue,
}

/// Takes the wish out of a request that asks for an upgrade in the way that RFC 9110 demands: `Connection` names it, and
/// the client speaks HTTP/1.1. `h2c` is not passed on (RFC 9113, section 3.1, withdrew it): what came through such a
/// tunnel would be requests that nobody screened or coloured.
pub(crate) fn wish(parts: &mut Parts, present: Present) -> Option<Wish> {
    if !present.has(Field::UPGRADE) || !present.has(Field::CONNECTION) || parts.version != Version::HTTP_11 {
        return None;
    }
    let named = parts.headers.get_all(header::CONNECTION).iter().any(|value| {
        let mut tokens = value.as_bytes().split(|&byte| byte == b',');
        tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
    });
    let protocol = parts.headers.get(header::UPGRADE)?.clone();
    let mut asked = protocol.as_bytes().split(|&byte| byte == b',');
    if asked.any(|token| token.trim_ascii().to_ascii_lowercase().starts_with(b"h2")) {
        return None;
    }
    let client = parts.extensions.remove::<OnUpgrade>()?;
    named.then_some(Wish { client, protocol })
}

impl Wish {
    /// Puts the wish back into the head that goes upstream, where hop-by-hop fields were dropped.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, self.protocol.clone());
    }
}

/// After a 101 from the endpoint: tells the client the same and joins the two connections.
pub(crate) fn join(
    wish: Wish,
    endpoint: OnUpgrade,
    protocol: Option<HeaderValue>,
    response: &mut Response<Answer>,
    conn: Arc<Conn>,
) {
    debug_assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    response
        .headers_mut()
        .insert(header::UPGRADE, protocol.unwrap_or(wish.protocol));
    let client = wish.client;
    tokio::spawn(async move {
        match (client.await, endpoint.await) {
            (Ok(client), Ok(endpoint)) => copy(client, endpoint).await,
            (Err(error), _) | (_, Err(error)) => log::debug!("upgrade failed: {error}"),
        }
        drop(conn);
    });
}

/// Copies both ways; the end of one direction is passed on as the end of writing, the other may go on.
async fn copy(client: Upgraded, endpoint: Upgraded) {
    let (mut client, mut endpoint) = (TokioIo::new(client), TokioIo::new(endpoint));
    if let Err(error) = tokio::io::copy_bidirectional(&mut client, &mut endpoint).await {
        log::debug!("tunnel ended: {error}");
    }
}
