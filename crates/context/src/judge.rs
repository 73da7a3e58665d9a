use graylane_core::{Dialect, Tag};

use crate::{Finding, Ignored, Policy, Signature, baggage, find};

/// What of a request tells its lane. Whoever has the fields of one implements it, so that nothing is copied.
pub trait Request {
    /// The lines of a dialect's field, without the white space around them.
    fn lines(&self, dialect: Dialect) -> impl Iterator<Item = &[u8]>;

    /// The lines of `X-Gray-Signature`.
    fn signatures(&self) -> impl Iterator<Item = &[u8]>;

    /// The host asked for, without port; empty where none is.
    fn host(&self) -> &str;

    /// The service that is asked. Called only where a dialect has a version for each.
    fn service(&self) -> Option<&str>;

    /// The number of the service's lane that goes by this tag. Called only where two dialects do not say the same.
    fn lane(&self, tag: &Tag) -> Option<u32>;
}

/// Why what a stranger said of a lane was stripped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stripped {
    /// It brought no signature.
    Unsigned,
    /// Its signature is none.
    Malformed,
    /// Nobody knows the key of its signature.
    UnknownKey,
    /// Its signature has expired.
    Expired,
    /// Its signature expires too far in the future.
    TooLongLived,
    /// Its signature is for another lane or host, or by another key.
    Forged,
    /// It brought a signature, and no lane.
    NoLane,
}

impl Stripped {
    /// Every reason, in the order of the type.
    pub const ALL: [Self; 7] = [
        Self::Unsigned,
        Self::Malformed,
        Self::UnknownKey,
        Self::Expired,
        Self::TooLongLived,
        Self::Forged,
        Self::NoLane,
    ];

    /// The word for it in metrics and explanations.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown-key",
            Self::Expired => "expired",
            Self::TooLongLived => "too-long-lived",
            Self::Forged => "forged",
            Self::NoLane => "no-lane",
        }
    }
}

/// What is believed of what a request says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// The lane, and the dialect that decided.
    pub said: Option<(Dialect, Tag)>,
    /// Why what a stranger said was stripped.
    pub stripped: Option<Stripped>,
    /// Whether another dialect said something else than the one that decided.
    pub is_contradicted: bool,
    /// How many dialects said something that counts for nothing, by [`Ignored`].
    pub ignored: [u8; Ignored::ALL.len()],
}

/// Decides which lane a request belongs to by what it says. `is_believed`: its peer is; `now` gives the seconds since 1970.
#[inline]
pub fn judge(policy: &Policy, request: &impl Request, is_believed: bool, now: fn() -> u64) -> Verdict {
    if is_believed {
        read(policy, request)
    } else {
        of_stranger(policy, request, now)
    }
}

#[cold]
fn of_stranger(policy: &Policy, request: &impl Request, now: fn() -> u64) -> Verdict {
    let stripped = |why| Verdict {
        stripped: Some(why),
        ..Verdict::default()
    };
    let mut signatures = request.signatures();
    let Some(field) = signatures.next() else {
        return match says_anything(policy, request) {
            true => stripped(Stripped::Unsigned),
            false => Verdict::default(),
        };
    };
    let is_one = signatures.next().is_none();
    let Some(signature) = Signature::read(field).filter(|_| is_one) else {
        return stripped(Stripped::Malformed);
    };
    let verdict = read(policy, request);
    let Some((_, lane)) = verdict.said else {
        return stripped(Stripped::NoLane);
    };
    match signature.verify(policy, request.host(), &lane, now()) {
        Ok(()) => verdict,
        Err(why) => stripped(why),
    }
}

/// Whether anything of it does not go on.
fn says_anything(policy: &Policy, request: &impl Request) -> bool {
    let has_field = |dialect| dialect != Dialect::Baggage && request.lines(dialect).next().is_some();
    Dialect::ALL.into_iter().any(has_field)
        || baggage::members(request.lines(Dialect::Baggage)).any(|member| policy.is_of_lane(member, false))
}

/// The first well-formed value decides.
fn read(policy: &Policy, request: &impl Request) -> Verdict {
    let mut verdict = Verdict::default();
    for &dialect in &policy.read {
        match (find(dialect, &policy.member, request), &verdict.said) {
            (Finding::Said(tag), None) => verdict.said = Some((dialect, tag)),
            (Finding::Said(tag), Some((_, decided))) => {
                verdict.is_contradicted |= !is_same(decided, &tag, request);
            }
            (Finding::Ignored(why), _) => verdict.ignored[why as usize] += 1,
            (Finding::Absent | Finding::Elsewhere, _) => {}
        }
    }
    verdict
}

/// Whether two tags mean the same: they are, or are the name and the tag of one lane.
pub(crate) fn is_same(one: &Tag, other: &Tag, request: &impl Request) -> bool {
    if one == other {
        return true;
    }
    let lane = request.lane(one);
    lane.is_some() && lane == request.lane(other)
}
