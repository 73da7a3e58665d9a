use crate::counters::{BOUNDS, Counter, bound};

/// Why a request of a mirrored lane, though drawn, was not sent to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dropped {
    /// Its body is too long.
    Body,
    /// Too many copies are under way.
    InFlight,
    /// It was not handed on whole itself: its client left, or no endpoint took it.
    Unsent,
    /// It wants to switch protocols, or to be told to go on.
    Unfit,
}

impl Dropped {
    pub(super) const ALL: [(Self, &str); 4] = [
        (Self::Body, "body"),
        (Self::InFlight, "in-flight"),
        (Self::Unsent, "unsent"),
        (Self::Unfit, "unfit"),
    ];
}

/// Why a copy that was sent has no answer, or not all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// No endpoint is healthy.
    NoEndpoint,
    /// No endpoint could be reached.
    Unreachable,
    /// It took too long.
    Timeout,
    /// The connection broke, or what came is no answer.
    Broken,
    /// The answer is too long.
    TooLong,
}

impl Failure {
    pub(super) const ALL: [(Self, &str); 5] = [
        (Self::NoEndpoint, "no-endpoint"),
        (Self::Unreachable, "unreachable"),
        (Self::Timeout, "timeout"),
        (Self::Broken, "broken"),
        (Self::TooLong, "too-long"),
    ];
}

/// The words of the classes of status, by number.
pub(super) const CLASSES: [&str; 5] = ["none", "2xx", "3xx", "4xx", "5xx"];

/// The number of a status's class; 0 where there is no status, or only an interim one.
pub(super) fn class(status: u16) -> usize {
    usize::from(status / 100).clamp(1, CLASSES.len()) - 1
}

/// The counters of one mirror and one worker, on cache lines of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct MirrorCounters {
    pub(super) in_flight: Counter,
    pub(super) mirrored: Counter,
    pub(super) dropped: [Counter; Dropped::ALL.len()],
    pub(super) failed: [Counter; Failure::ALL.len()],
    /// By the class of the original, then by that of the mirror.
    pub(super) pairs: [[Counter; CLASSES.len()]; CLASSES.len()],
    /// Of the original, and of the mirror.
    pub(super) heads: [Latency; 2],
}

/// How long it took until the head of the answer was there.
#[derive(Debug, Default)]
pub(super) struct Latency {
    pub(super) buckets: [Counter; BOUNDS + 1],
    pub(super) us: Counter,
}

impl MirrorCounters {
    /// Takes a place among so many; false where there is none.
    pub(super) fn begin(&self, most: u64) -> bool {
        let has_room = self.in_flight.get() < most;
        if has_room {
            self.in_flight.add(1);
        }
        has_room
    }

    pub(super) fn end(&self) {
        self.in_flight.sub(1);
    }

    pub(super) fn dropped(&self, dropped: Dropped) {
        self.dropped[dropped as usize].add(1);
    }

    pub(super) fn failed(&self, failure: Failure) {
        self.failed[failure as usize].add(1);
    }

    /// Both answers are known: their classes, and the microseconds to their heads. Only where both have one do the times
    /// count, so that the two sides are of the same requests.
    pub(super) fn compared(&self, [original, mirror]: [usize; 2], heads: [Option<u64>; 2]) {
        self.pairs[original][mirror].add(1);
        if let [Some(original), Some(mirror)] = heads {
            for (latency, us) in self.heads.iter().zip([original, mirror]) {
                latency.buckets[bound(us)].add(1);
                latency.us.add(us);
            }
        }
    }
}

/// The counters of one mirror. They are made when a configuration first has it, and go on through all that have it one after
/// the other.
#[derive(Debug)]
pub(super) struct MirrorShards(Box<[MirrorCounters]>);

impl MirrorShards {
    /// For so many workers.
    pub(super) fn new(workers: usize) -> Self {
        Self((0..workers).map(|_| MirrorCounters::default()).collect())
    }

    /// Those of one worker, which alone may write to them.
    pub(super) fn of(&self, worker: usize) -> &MirrorCounters {
        &self.0[worker]
    }

    pub(super) fn sum(&self, of: impl Fn(&MirrorCounters) -> &Counter) -> u64 {
        self.0
            .iter()
            .fold(0_u64, |sum, shard| sum.wrapping_add(of(shard).get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_reason_is_its_place_in_the_table() {
        for (index, (dropped, word)) in Dropped::ALL.into_iter().enumerate() {
            assert_eq!(dropped as usize, index, "{word}");
        }
        for (index, (failure, word)) in Failure::ALL.into_iter().enumerate() {
            assert_eq!(failure as usize, index, "{word}");
        }
    }

    #[test]
    fn a_status_falls_into_its_class() {
        let words = [0, 101, 200, 299, 304, 404, 503, 599, 999].map(|status| CLASSES[class(status)]);

        assert_eq!(
            words,
            ["none", "none", "2xx", "2xx", "3xx", "4xx", "5xx", "5xx", "5xx"]
        );
    }

    #[test]
    fn times_are_added_up_side_by_side() {
        let counters = MirrorCounters::default();

        counters.compared([1, 4], [Some(90), Some(3_000_000)]);
        counters.compared([1, 1], [Some(10), Some(4)]);
        counters.compared([1, 0], [Some(1_000), None]);

        let sums = counters.heads.each_ref().map(|side| side.us.get());
        assert_eq!(sums, [100, 3_000_004]);
        let [original, mirror] = counters
            .heads
            .each_ref()
            .map(|side| side.buckets[bound(3_000_000)].get());
        assert_eq!((original, mirror), (0, 1));
    }

    #[test]
    fn there_is_room_for_so_many_at_a_time() {
        let counters = MirrorCounters::default();

        let at_first = [(); 3].map(|()| counters.begin(2));
        counters.end();

        assert_eq!(at_first, [true, true, false]);
        assert!(counters.begin(2) && !counters.begin(2));
    }
}
