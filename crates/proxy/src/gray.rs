//! The gray context of a request: its fields as `graylane_context` reads them, and the lines in which the lane goes on.
//!
//! One rule for what goes on: a dialect that is written says the lane that was decided, whatever came; one that is only read
//! goes no further; any other goes on as it came from a peer that is believed, and not at all from a stranger. Of `baggage`
//! this concerns the members that name a lane alone.

use graylane_context::{Dialect, Policy, Request, Tag, baggage, services};
use graylane_pipeline::LaneId;
use graylane_route::Snapshot;
use graylane_wire::{Fields, Known, Set, write_field};

use crate::counters::Shard;

/// The fields that may name a lane and nothing else. That is not so of `baggage`.
pub(crate) const LANE_FIELDS: Set = Set::of(&[
    Known::GrayVersion,
    Known::MseTag,
    Known::AsmPreferTag,
    Known::OpenSergoTraffic,
    Known::NdVersion,
    Known::DubboTag,
    Known::VersionTag,
    Known::SermantVersion,
]);

/// All that says something of the lane of a request.
const FIELDS: Set = LANE_FIELDS.union(Set::of(&[Known::Baggage, Known::GraySignature]));

const fn known(dialect: Dialect) -> Known {
    match dialect {
        Dialect::GrayVersion => Known::GrayVersion,
        Dialect::Baggage => Known::Baggage,
        Dialect::MseTag => Known::MseTag,
        Dialect::AsmPreferTag => Known::AsmPreferTag,
        Dialect::OpenSergo => Known::OpenSergoTraffic,
        Dialect::NdVersion => Known::NdVersion,
        Dialect::DubboTag => Known::DubboTag,
        Dialect::VersionTag => Known::VersionTag,
        Dialect::Sermant => Known::SermantVersion,
    }
}

/// A request, as far as its lane depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) fields: Fields<'a>,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
}

impl Request for Asked<'_> {
    #[inline]
    fn lines(&self, dialect: Dialect) -> impl Iterator<Item = &[u8]> {
        self.fields.all(known(dialect))
    }

    #[inline]
    fn signatures(&self) -> impl Iterator<Item = &[u8]> {
        self.fields.all(Known::GraySignature)
    }

    fn host(&self) -> &str {
        self.host
    }

    fn service(&self) -> Option<&str> {
        let service = self.snapshot.find(self.host, self.path)?;
        Some(service.name.as_str())
    }

    fn lane(&self, tag: &Tag) -> Option<u32> {
        let service = self.snapshot.find(self.host, self.path)?;
        let LaneId(number) = service.lane(tag.as_bytes())?;
        Some(number)
    }
}

/// The lane that a request says, where that is believed; what is not is counted.
#[inline]
pub(crate) fn said(asked: &Asked<'_>, is_believed: bool, now: fn() -> u64, counters: &Shard) -> Option<Tag> {
    if !asked.fields.has_any(FIELDS) {
        return None;
    }
    let verdict = graylane_context::judge(asked.snapshot.gray(), asked, is_believed, now);
    counters.gray(&verdict);
    verdict.said.map(|(_, tag)| tag)
}

/// What of the policy is the same for every request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spoken {
    /// The fields, but for `baggage`, of the dialects that are read or written.
    fields: Set,
    /// Whether `X-Gray-Version` alone is written.
    is_plain: bool,
    writes_baggage: bool,
    /// Whether a believed peer's `baggage` may have a member that does not go on.
    reads_baggage: bool,
}

impl Spoken {
    pub(crate) fn new(policy: &Policy) -> Self {
        let all = Dialect::ALL.into_iter();
        let fields = all
            .filter(|&dialect| dialect != Dialect::Baggage && policy.speaks(dialect))
            .fold(Set::EMPTY, |all, one| all.union(Set::of(&[known(one)])));
        Self {
            fields,
            is_plain: *policy.write == [Dialect::GrayVersion],
            writes_baggage: policy.write.contains(&Dialect::Baggage),
            reads_baggage: policy.speaks(Dialect::Baggage) || policy.speaks(Dialect::OpenSergo),
        }
    }
}

/// How the lane goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Onward<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) spoken: Spoken,
    /// Whether the peer is believed; who brought a valid signature is not.
    pub(crate) is_believed: bool,
    pub(crate) service: &'a str,
    pub(crate) lane: &'a str,
    pub(crate) tag: &'a str,
}

impl Onward<'_> {
    /// The fields that do not go on as they came.
    #[inline]
    pub(crate) fn dropped(&self, fields: Fields<'_>) -> Set {
        let dropped = if self.is_believed {
            self.spoken.fields
        } else {
            LANE_FIELDS
        };
        if self.edits_baggage(fields) {
            return dropped.union(Set::of(&[Known::Baggage]));
        }
        dropped
    }

    #[inline]
    fn edits_baggage(&self, fields: Fields<'_>) -> bool {
        self.spoken.writes_baggage
            || fields.has(Known::Baggage)
                && (self.spoken.reads_baggage || !self.is_believed)
                && baggage::members(fields.all(Known::Baggage))
                    .any(|member| self.policy.is_of_lane(member, self.is_believed))
    }

    /// Appends the lines in which the lane goes on, and what remains of `baggage`.
    #[inline]
    pub(crate) fn write(&self, fields: Fields<'_>, dropped: Set, out: &mut Vec<u8>) {
        if self.spoken.is_plain {
            write_field(out, Known::GrayVersion.name(), self.lane.as_bytes());
        } else {
            self.write_each(fields, out);
        }
        if dropped.contains(Known::Baggage) {
            self.write_baggage(fields, out);
        }
    }

    #[cold]
    fn write_each(&self, fields: Fields<'_>, out: &mut Vec<u8>) {
        for &dialect in &self.policy.write {
            match dialect {
                Dialect::Baggage => {}
                Dialect::GrayVersion => write_field(out, dialect.as_str(), self.lane.as_bytes()),
                Dialect::NdVersion => {
                    let came = fields.only(Known::NdVersion).filter(|_| self.is_believed);
                    let objects = came.filter(|value| services::is_object(value));
                    // What it says of other services goes on.
                    let object = objects.and_then(|one| services::with_entry(one, self.service, self.tag));
                    let value = object.as_deref().unwrap_or(self.tag);
                    write_field(out, dialect.as_str(), value.as_bytes());
                }
                _ => write_field(out, dialect.as_str(), self.tag.as_bytes()),
            }
        }
    }

    /// Ours comes first: who cuts what is too long for him cuts the end.
    #[cold]
    fn write_baggage(&self, fields: Fields<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(b"baggage: ");
        let empty = out.len();
        if self.spoken.writes_baggage {
            out.extend_from_slice(self.policy.member.as_bytes());
            out.push(b'=');
            out.extend_from_slice(self.lane.as_bytes());
        }
        for member in baggage::members(fields.all(Known::Baggage)) {
            if self.policy.is_of_lane(member, self.is_believed) {
                continue;
            }
            if out.len() > empty {
                out.push(b',');
            }
            out.extend_from_slice(member);
        }
        if out.len() == empty {
            out.truncate(start);
        } else {
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests;
