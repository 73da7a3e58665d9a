//! `PUT /config`, `PUT /flags` and `POST /reload`: changes over the admin port, each by the holder of a token.

use graylane_load::Instead;
use graylane_proxy::{Fate, Ledger};
use http::header::HeaderMap;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::flags;
use crate::change::{Done, Order, Origin, Outcome, Trigger};
use crate::exit::{CHANGE_NOT_KEPT, Failure};
use crate::load::Loaded;
use crate::start::Parts;

/// A request that changes something.
pub(super) struct Request<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: Vec<u8>,
}

type Answer = (StatusCode, Value);

/// Orders the change and tells how it ended.
pub(super) async fn answer(parts: &Parts, token: String, request: Request<'_>) -> Answer {
    let (Some(changes), Some(in_use)) = (parts.changes(), parts.in_use()) else {
        return refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "the gateway is still starting",
            "wait for /readyz",
        );
    };
    let put = match put(&request, &in_use) {
        Ok(put) => put,
        Err(answer) => return answer,
    };
    let order = Order {
        origin: Origin {
            trigger: Trigger::Admin,
            token: Some(token),
            trace: trace(request.headers),
        },
        put,
    };
    match changes.change(order).await {
        Ok(Outcome::Accepted(done, ledger)) => accepted(&done, &ledger),
        Ok(Outcome::Unchanged(done)) => (StatusCode::OK, ended("unchanged", &done)),
        Ok(Outcome::Rejected(failure)) => rejected(&failure),
        Err(error) => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            &error.to_string(),
            "try again in a moment",
        ),
    }
}

/// What is to be put where; `None` for a mere reload.
fn put(request: &Request<'_>, in_use: &Loaded) -> Result<Option<Instead>, Answer> {
    let path = match (request.method, request.path) {
        (&Method::POST, "/reload") => return Ok(None),
        (&Method::PUT, "/config") => config_file(request.query, in_use),
        (&Method::PUT, "/flags") => flags::file(request.query, in_use).map(|file| file.document.path.clone()),
        _ => {
            return Err(refused(
                StatusCode::METHOD_NOT_ALLOWED,
                "nothing can be changed here",
                "PUT /config, PUT /flags and POST /reload change something",
            ));
        }
    };
    let path = path.map_err(|message| {
        refused(
            StatusCode::BAD_REQUEST,
            &message,
            "/config?layer=environment is the file of the environment, /flags?file=NAME one of several files of flags",
        )
    })?;
    let (signature, text) = if request.body.starts_with(b"untrusted comment:") {
        let (signature, text) = graylane_config::split_bundle(&request.body)
            .map_err(|error| refused(StatusCode::BAD_REQUEST, &error.to_string(), &error.hint()))?;
        (Some(signature.as_bytes().to_owned()), text.to_owned())
    } else {
        (None, request.body.clone())
    };
    Ok(Some(Instead {
        path,
        text,
        signature,
    }))
}

fn config_file(query: &str, in_use: &Loaded) -> Result<std::path::PathBuf, String> {
    match query {
        "" | "layer=base" => Ok(in_use.files[0].clone()),
        "layer=environment" => Ok(in_use.files[1].clone()),
        other => Err(format!("`{}` names no layer", graylane_diagnostic::cut(other))),
    }
}

/// The id of the trace in `traceparent` (W3C Trace Context, section 3.2), where there is a valid one.
fn trace(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("traceparent")?.to_str().ok()?;
    let id = value.split('-').nth(1)?;
    let is_valid = id.len() == 32
        && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && id.bytes().any(|byte| byte != b'0');
    is_valid.then(|| id.to_owned())
}

fn ended(word: &str, done: &Done) -> Value {
    json!({
        "outcome": word,
        "revision": done.revision,
        "digest": done.digest,
        "changes": done.changes,
    })
}

/// The change is in use. 500: connections were lost over it, which must not be.
fn accepted(done: &Done, ledger: &Ledger) -> Answer {
    let (status, word) = if ledger.is_lossless() {
        (StatusCode::OK, "accepted")
    } else {
        (StatusCode::INTERNAL_SERVER_ERROR, "lossy")
    };
    let mut value = ended(word, done);
    value["connections"] = json!({ "kept": ledger.open, "cut": ledger.of(Fate::Cut) });
    (status, value)
}

/// 422: the text is at fault; 507: the disk is.
fn rejected(failure: &Failure) -> Answer {
    let status = if failure.code == CHANGE_NOT_KEPT {
        StatusCode::INSUFFICIENT_STORAGE
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let errors = match &failure.json {
        Value::Array(_) => failure.json.clone(),
        one => json!([one]),
    };
    (status, json!({ "outcome": "rejected", "errors": errors }))
}

fn refused(status: StatusCode, message: &str, hint: &str) -> Answer {
    (status, json!({ "error": message, "hint": hint }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_cost_a_connection_is_in_use_and_yet_an_error() {
        let done = Done {
            revision: 2,
            digest: String::new(),
            changes: 1,
        };
        let mut ledger = Ledger {
            open: 7,
            ..Ledger::default()
        };

        let (well, kept) = accepted(&done, &ledger);
        ledger.fates[Fate::Cut as usize] = 1;
        let (badly, lossy) = accepted(&done, &ledger);

        assert_eq!((well, badly), (StatusCode::OK, StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(kept["connections"], json!({ "kept": 7, "cut": 0 }));
        assert_eq!(
            (&lossy["outcome"], &lossy["revision"]),
            (&json!("lossy"), &json!(2))
        );
    }
}
