//! Upgrades (RFC 9110, section 7.8): once both sides have switched, bytes are copied until either side is done.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Response, Version};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::AsyncWriteExt;

use crate::answer::{self, Answer};
use crate::headers::{self, Field, Present};
use crate::record::Record;
use crate::upstream::{Link, Reply};

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
    let named =
        headers::items(&parts.headers, &header::CONNECTION).any(|item| item.eq_ignore_ascii_case(b"upgrade"));
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
pub(crate) fn join(wish: Wish, endpoint: Response<Reply>, record: Box<Record>) -> Response<Answer> {
    // Kept by the tunnel, so that the connection stays counted.
    let conn = Arc::clone(record.conn());
    let (mut response, link) = answer::switch(endpoint, record);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    // Which of the protocols asked for it is, the endpoint says; if it does not, there was only one.
    headers.entry(header::UPGRADE).or_insert(wish.protocol);
    if let Some(link) = link {
        tokio::spawn(async move {
            match wish.client.await {
                Ok(client) => copy(client, *link).await,
                Err(error) => log::debug!("upgrade failed: {error}"),
            }
            drop(conn);
        });
    }
    response
}

/// Copies both ways; the end of one direction is passed on as the end of writing, the other may go on.
async fn copy(client: Upgraded, link: Link) {
    let (mut client, (mut endpoint, early)) = (TokioIo::new(client), link.into_raw());
    let copied = async {
        client.write_all(&early).await?;
        tokio::io::copy_bidirectional(&mut client, &mut endpoint).await
    };
    if let Err(error) = copied.await {
        log::debug!("tunnel ended: {error}");
    }
}
