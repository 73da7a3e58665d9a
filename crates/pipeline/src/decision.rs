use graylane_core::{Bucket, Interval};

use crate::LaneId;

/// Where the targeting key of an exchange was found: an index into the service's configured sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The configured source of this index, from 0 (header, cookie or query parameter).
    Configured(u8),
    /// The address of the client: the last resort, and always there.
    ClientAddress,
}

/// Why an exchange got its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody who is believed asked for the lane by its name or tag.
    Forced,
    /// Somebody who is believed asked for a lane that the service does not have: baseline takes it.
    ForcedUnknown,
    /// A flag has the variant that sends to the lane.
    Flag,
    /// The key's bucket lies in the lane's interval.
    Weight,
    /// The key's bucket lies in no lane's interval.
    Baseline,
    /// The service has no lane but baseline.
    OnlyLane,
}

impl Reason {
    /// The word for it in records, metrics and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Forced => "forced",
            Self::ForcedUnknown => "forced-unknown",
            Self::Flag => "flag",
            Self::Weight => "weight",
            Self::Baseline => "baseline",
            Self::OnlyLane => "only-lane",
        }
    }
}

/// A flag that chose a lane, and the variant that it had; both by their numbers in the flag set of the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagChoice {
    /// The flag.
    pub flag: u32,
    /// The variant.
    pub variant: u16,
}

/// The record of one lane decision: what was decided, and everything that led to it.
///
/// It is plain data without names, so that making one costs nothing on the hot path; a snapshot of the same revision
/// turns it into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The service, as an index into the snapshot's services.
    pub service: u32,
    /// The lane chosen.
    pub lane: LaneId,
    /// Whether that lane is the service's baseline.
    pub baseline: bool,
    /// Why.
    pub reason: Reason,
    /// The flag that chose it, where one did.
    pub flag: Option<FlagChoice>,
    /// Where the targeting key came from.
    pub key_source: KeySource,
    /// The bucket of the key.
    pub bucket: Bucket,
    /// The interval of the chosen lane, where it has one.
    pub interval: Option<Interval>,
    /// The revision of the snapshot that decided.
    pub revision: u64,
}
