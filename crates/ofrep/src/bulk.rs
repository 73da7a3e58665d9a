//! The evaluation of all flags.

use http::header::{ETAG, HeaderMap};
use http::{Response, StatusCode};

use crate::answer::{self, Answer};
use crate::counters::{Counters, Outcome, Sums, count};
use crate::snapshot::Snapshot;
use crate::target::{STREAM, parameter};
use crate::{context, json, single, tag};

/// Seconds without user after which a client closes its event stream: the protocol's own default.
const INACTIVITY: &str = "120";

/// What a bulk request says beside its body.
pub(crate) struct Wish<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a str,
    /// The set of flags that is asked for.
    pub(crate) set: Option<&'a str>,
    /// What opens the event stream, where keys are needed.
    pub(crate) ticket: Option<&'a str>,
}

/// Answers a request for all flags.
pub(crate) fn respond(
    snapshot: &Snapshot,
    counters: &Counters,
    wish: &Wish<'_>,
    body: &[u8],
) -> Response<Answer> {
    let caller = match context::read(body) {
        Ok(caller) => caller,
        Err(mistake) => {
            count(&counters.bad_requests);
            return answer::failure(StatusCode::BAD_REQUEST, None, mistake.code, &mistake.details);
        }
    };
    count(&counters.bulk);
    if is_behind(snapshot, wish.query) {
        count(&counters.behind);
    }
    let mut text = Vec::with_capacity(snapshot.room);
    let mut sums = Sums::default();
    text.extend_from_slice(b"{\"flags\":[");
    let first = text.len();
    for (flag, _) in snapshot.flags.iter() {
        if !snapshot.is_selected(flag, wish.set) {
            continue;
        }
        if text.len() > first {
            text.push(b',');
        }
        match single::resolve(snapshot, flag, &caller) {
            Ok(resolution) => {
                sums.add(Outcome::Reason(resolution.reason));
                snapshot.write(&mut text, flag, &resolution);
            }
            Err(failure) => {
                sums.add(failure.outcome);
                snapshot.write_failure(&mut text, flag, failure.outcome.as_str(), failure.details);
            }
        }
    }
    text.push(b']');
    text.extend_from_slice(&snapshot.metadata);
    streams(&mut text, wish.ticket);
    text.push(b'}');
    counters.evaluated_all(&sums);

    let tag = tag::of(&snapshot.digest, caller.canonical_hash(), wish.set, &text);
    let mut response = if tag::is_known(wish.headers, &tag) {
        count(&counters.not_modified);
        answer::empty(StatusCode::NOT_MODIFIED)
    } else {
        answer::json(StatusCode::OK, text)
    };
    response.headers_mut().insert(ETAG, tag);
    response
}

/// The address of the event stream, relative to that of the server: it does not know what it is called outside.
fn streams(text: &mut Vec<u8>, ticket: Option<&str>) {
    text.extend_from_slice(b",\"eventStreams\":[{\"type\":\"sse\",\"endpoint\":{\"requestUri\":");
    match ticket {
        None => json::string(text, STREAM),
        Some(ticket) => json::string(text, &format!("{STREAM}?ticket={ticket}")),
    }
    text.extend_from_slice(b"},\"inactivityDelaySec\":");
    text.extend_from_slice(INACTIVITY.as_bytes());
    text.extend_from_slice(b"}]");
}

/// Whether the client was told, by another server, of a set that is newer than this one. Nothing is kept between requests
/// here that could be stale, so it is answered as ever; but somebody may want to know that this server lags.
fn is_behind(snapshot: &Snapshot, query: &str) -> bool {
    !query.is_empty()
        && parameter(query, "flagConfigEtag").is_some_and(|tag| *tag != *snapshot.id)
        && parameter(query, "flagConfigLastModified")
            .and_then(|seconds| seconds.parse::<u64>().ok())
            .is_some_and(|seconds| seconds > snapshot.published)
}
