//! The evaluation of one flag.

use graylane_flags::{EvaluateError, FlagId, Reason, Resolution};
use http::{Response, StatusCode};

use crate::answer::{self, Answer};
use crate::context::{self, Caller};
use crate::counters::{Counters, Outcome, count};
use crate::snapshot::Snapshot;

/// Why a flag has no answer for somebody, in the protocol's words.
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    pub(crate) details: &'static str,
}

/// Evaluates a flag.
pub(crate) fn resolve<'a>(
    snapshot: &'a Snapshot,
    flag: FlagId,
    caller: &'a Caller<'_>,
) -> Result<Resolution<'a>, Failure> {
    let resolution = snapshot.flags.evaluate(flag, caller);
    let missed = caller.missed_key();
    match resolution {
        Ok(resolution) if resolution.reason == Reason::Default && missed => Err(Failure {
            outcome: Outcome::TargetingKeyMissing,
            details: "the rule of the flag decided nothing without a targetingKey",
        }),
        Ok(resolution) => Ok(resolution),
        Err(EvaluateError::Rule) => Err(Failure {
            outcome: Outcome::ParseError,
            details: "the rule of the flag failed",
        }),
        Err(EvaluateError::UnknownVariant(_)) => Err(Failure {
            outcome: Outcome::General,
            details: "the rule of the flag names a variant that it does not have",
        }),
    }
}

/// Answers a request for one flag.
pub(crate) fn respond(
    snapshot: &Snapshot,
    counters: &Counters,
    key: &str,
    set: Option<&str>,
    body: &[u8],
) -> Response<Answer> {
    let caller = match context::read(body) {
        Ok(caller) => caller,
        Err(mistake) => {
            count(&counters.bad_requests);
            return answer::failure(StatusCode::BAD_REQUEST, Some(key), mistake.code, &mistake.details);
        }
    };
    count(&counters.single);
    let found = snapshot
        .flags
        .find(key)
        .filter(|flag| snapshot.is_selected(*flag, set));
    let Some(flag) = found else {
        counters.evaluated(Outcome::NotFound);
        let details = "there is no flag of that key";
        return answer::failure(StatusCode::NOT_FOUND, Some(key), "FLAG_NOT_FOUND", details);
    };
    let mut text = Vec::with_capacity(512);
    let status = match resolve(snapshot, flag, &caller) {
        Ok(resolution) => {
            counters.evaluated(Outcome::Reason(resolution.reason));
            snapshot.write(&mut text, flag, &resolution);
            StatusCode::OK
        }
        Err(failure) => {
            counters.evaluated(failure.outcome);
            snapshot.write_failure(&mut text, flag, failure.outcome.as_str(), failure.details);
            StatusCode::BAD_REQUEST
        }
    };
    answer::json(status, text)
}
