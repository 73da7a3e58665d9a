use graylane_core::Dialect;
use serde::Serialize;

use crate::judge::is_same;
use crate::{Finding, Policy, Request, find, judge};

/// What a request says of its lane, and what is believed of it, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// `peer`, `signature`, or `nobody`: a stranger.
    pub believed: &'static str,
    /// Why nobody is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripped: Option<&'static str>,
    /// The dialects in which it says anything: first those that are read, in their order.
    pub dialects: Vec<ExplainedDialect>,
}

/// One dialect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedDialect {
    /// The name of its field.
    pub dialect: &'static str,
    /// The lane that it says, where it is well-formed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `decides`, `agrees`, `contradicts`, `stripped`, `not-read`, `other-services`, or why it counts for nothing:
    /// `malformed`, `too-long`, `repeated`.
    pub outcome: &'static str,
}

/// Tells what [`judge`] finds; `None` where a request says nothing of a lane.
pub fn explain(
    policy: &Policy,
    request: &impl Request,
    is_believed: bool,
    now: fn() -> u64,
) -> Option<Explained> {
    let verdict = judge(policy, request, is_believed, now);
    let unread = Dialect::ALL
        .into_iter()
        .filter(|dialect| !policy.read.contains(dialect));
    let explain = |dialect: Dialect| {
        let found = find(dialect, &policy.member, request);
        let value = match found {
            Finding::Said(tag) => Some(tag),
            _ => None,
        };
        let outcome = match (found, verdict.said) {
            (Finding::Absent, _) => return None,
            (_, _) if !policy.read.contains(&dialect) => "not-read",
            (_, _) if verdict.stripped.is_some() => "stripped",
            (Finding::Elsewhere, _) => "other-services",
            (Finding::Ignored(why), _) => why.as_str(),
            (Finding::Said(_), Some((decided, _))) if decided == dialect => "decides",
            (Finding::Said(tag), Some((_, decided))) if is_same(&tag, &decided, request) => "agrees",
            (Finding::Said(_), _) => "contradicts",
        };
        Some(ExplainedDialect {
            dialect: dialect.as_str(),
            value: value.map(|tag| tag.to_string()),
            outcome,
        })
    };
    let dialects: Vec<_> = policy
        .read
        .iter()
        .copied()
        .chain(unread)
        .filter_map(explain)
        .collect();
    let has_signature = request.signatures().next().is_some();
    // Members that only a lenient reader would take for one of ours are stripped too.
    if dialects.is_empty() && !has_signature && verdict.stripped.is_none() {
        return None;
    }
    Some(Explained {
        believed: match verdict.stripped {
            Some(_) => "nobody",
            None if is_believed => "peer",
            None if has_signature => "signature",
            None => "nobody",
        },
        stripped: verdict.stripped.map(crate::Stripped::as_str),
        dialects,
    })
}
