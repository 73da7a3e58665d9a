//! From weights to intervals.
//!
//! What must hold: raising a lane's weight only takes keys from baseline, lowering it only gives keys back, and two
//! lanes never trade keys. One lane grows from the low end of the line; a second grows from the high end: with two
//! the intervals meet at exactly 100 % and never before. With three or more lanes no pure function of the weights can
//! do this over the full range, so each then names the interval that it may grow into (its reserve), and the reserves
//! may not overlap.

use crate::{Bucket, Interval, Weight};

/// What one lane other than baseline asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The share of all keys that it wants.
    pub weight: Weight,
    /// Where it may grow, from the low end up; `None`: the low end of the line for the first such lane, the high end
    /// for the second.
    pub reserve: Option<Interval>,
}

/// Why weights cannot be turned into intervals. The numbers are indices into the claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllotError {
    /// Two lanes together want more than everything.
    #[error("the lanes together take more than 100 %")]
    OverFull,
    /// With three or more lanes, or where another lane has a reserve, each needs one.
    #[error(
        "this lane needs a reserve: with three or more lanes, or where another has one, each names where it may grow"
    )]
    NeedsReserve(usize),
    /// Two reserves share a part.
    #[error("two lanes' reserves overlap")]
    Overlap(usize, usize),
    /// A weight larger than the lane's reserve.
    #[error("the weight is larger than the lane's reserve")]
    OutgrowsReserve(usize),
}

/// The interval of each claim, in the order of the claims.
///
/// # Errors
/// See [`AllotError`].
pub fn allot(claims: &[Claim]) -> Result<Vec<Interval>, AllotError> {
    if claims.len() > 2 || claims.iter().any(|claim| claim.reserve.is_some()) {
        return in_reserves(claims);
    }
    let total: u32 = claims.iter().map(|claim| claim.weight.steps()).sum();
    if total > Bucket::COUNT {
        return Err(AllotError::OverFull);
    }
    let from_low = |weight: Weight| Interval::new(0, weight.steps());
    let from_high = |weight: Weight| Interval::new(Bucket::COUNT - weight.steps(), Bucket::COUNT);
    Ok(claims
        .iter()
        .zip([from_low as fn(Weight) -> Interval, from_high])
        .map(|(claim, place)| place(claim.weight))
        .collect())
}

fn in_reserves(claims: &[Claim]) -> Result<Vec<Interval>, AllotError> {
    let mut intervals = Vec::with_capacity(claims.len());
    for (i, claim) in claims.iter().enumerate() {
        let reserve = claim.reserve.ok_or(AllotError::NeedsReserve(i))?;
        let earlier = claims[..i].iter().filter_map(|other| other.reserve);
        if let Some(j) = earlier.into_iter().position(|other| other.overlaps(reserve)) {
            return Err(AllotError::Overlap(j, i));
        }
        if claim.weight.steps() > reserve.width() {
            return Err(AllotError::OutgrowsReserve(i));
        }
        intervals.push(Interval::new(
            reserve.start(),
            reserve.start() + claim.weight.steps(),
        ));
    }
    Ok(intervals)
}

#[cfg(test)]
mod tests;
