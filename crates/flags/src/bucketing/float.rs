//! `flagd-v1`: the hash as a signed number without its sign, as percent of the greatest, is compared with a sum of floats.
//!
//! The percent grow with the hash, so that every sum has a first hash that is not below it. Weights are turned into such
//! hashes when a rule is compiled, and an evaluation compares whole numbers: the answers are the same, to the bit.

/// How many buckets there are. Two more, at 100 percent and above, belong to no variant.
pub(super) const BUCKETS: u32 = i32::MAX as u32;

#[inline(always)]
pub(super) fn bucket(hash: u32) -> u32 {
    hash.cast_signed().unsigned_abs()
}

/// The share of a weight, as flagd adds them up.
pub(super) fn percent_of(weight: u32, total: u32) -> f64 {
    100.0 * f64::from(weight) / f64::from(total)
}

/// The first bucket that is not below so many percent.
pub(super) fn first_from(percent: f64) -> u32 {
    let is_below = |bucket: u32| f64::from(bucket) / f64::from(BUCKETS) * 100.0 < percent;
    let (mut first, mut after) = (0, BUCKETS + 2);
    while first < after {
        let middle = first + (after - first) / 2;
        if is_below(middle) {
            first = middle + 1;
        } else {
            after = middle;
        }
    }
    first
}
