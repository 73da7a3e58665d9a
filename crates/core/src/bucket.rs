use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Weight;

/// One of 100,000 places on the line on which lanes own intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u32);

impl Bucket {
    /// How many buckets there are: one for each step of a [`Weight`].
    pub const COUNT: u32 = Weight::FULL.steps();

    /// The place, 0 to 99,999.
    pub const fn index(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What decorrelates services: two services with different salts send different users to their canaries.
///
/// The function is `xxh3_64(key, seed = xxh3_64(salt))`, scaled to 0..100,000 by multiplication (Lemire, "Fast Random
/// Integer Generation in an Interval", 2019). XXH3 has a written, frozen output (xxHash specification 0.1.1), which is
/// why it is used and not a faster hash whose output may change: a change would redraw every cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(u64);

impl Salt {
    /// Prepares the seed once, at load.
    pub fn new(text: &str) -> Self {
        Self(xxh3_64(text.as_bytes()))
    }

    /// The bucket of a targeting key.
    #[inline]
    pub fn bucket(self, key: &[u8]) -> Bucket {
        let hash = u128::from(xxh3_64_with_seed(key, self.0));
        // The product of 64 bits and COUNT, shifted by 64, is below COUNT: the cast cannot truncate.
        Bucket(((hash * u128::from(Bucket::COUNT)) >> 64) as u32)
    }
}

/// A half-open run of buckets: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    start: u32,
    end: u32,
}

impl Interval {
    /// An interval of the given steps.
    ///
    /// # Panics
    /// When `start > end` or `end > 100,000`: the caller computes both from checked weights.
    pub const fn new(start: u32, end: u32) -> Self {
        assert!(
            start <= end && end <= Bucket::COUNT,
            "an interval runs upwards within 0..=100,000"
        );
        Self { start, end }
    }

    /// The first step.
    pub const fn start(self) -> u32 {
        self.start
    }

    /// The step after the last.
    pub const fn end(self) -> u32 {
        self.end
    }

    /// How many steps it holds.
    pub const fn width(self) -> u32 {
        self.end - self.start
    }

    /// Whether a bucket lies in it.
    #[inline]
    pub const fn contains(self, bucket: Bucket) -> bool {
        self.start <= bucket.0 && bucket.0 < self.end
    }

    /// Whether the two share a step.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden values: a change here moves users between lanes, so it is a breaking change of the product.
    #[test]
    fn the_bucket_of_a_key_never_changes() {
        let salt = Salt::new("shop");

        let buckets = [
            "",
            "1",
            "user-42",
            "a much longer targeting key, of more than thirty-two bytes",
        ]
        .map(|key| salt.bucket(key.as_bytes()).index());

        assert_eq!(buckets, [69_883, 28_899, 50_979, 21_604]);
    }

    #[test]
    fn an_empty_interval_contains_nothing() {
        let empty = Interval::new(7, 7);

        assert!((0..100).all(|i| !empty.contains(Bucket(i))));
    }
}
