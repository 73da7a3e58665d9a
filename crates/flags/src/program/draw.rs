use crate::bucketing::{Ends, hash_of, hash_of_text};
use crate::operator::Datum;
use crate::program::run::{Failed, Run};
use crate::program::{Arms, Expr, Fractional, Weighted};
use crate::{Bucketing, Context};

/// The greatest weight, and the greatest sum of weights.
pub(super) const HEAVIEST: i64 = i32::MAX as i64;

impl<'r, C: Context> Run<'r, C> {
    /// The variant that `fractional` draws; `None` where it is `null`.
    #[inline(always)]
    pub(super) fn draw(&mut self, fractional: &'r Fractional) -> Result<Option<&'r Expr>, Failed> {
        let Some(hash) = self.hash(fractional)? else {
            return Ok(None);
        };
        match &fractional.arms {
            Arms::Fixed { buckets, arms } => {
                let bucket = self.flag.bucketing().bucket(hash, *buckets);
                Ok(arms.iter().find(|arm| bucket < arm.until).map(|arm| &arm.variant))
            }
            Arms::Computed(arms) => self.draw_computed(hash, arms),
        }
    }

    /// The hash that `fractional` draws by; `None` where there is nothing to bucket by.
    #[inline(always)]
    pub(crate) fn hash(&mut self, fractional: &'r Fractional) -> Result<Option<u32>, Failed> {
        match &fractional.by {
            None => Ok(self.hash_of_keys()),
            Some(by) => self.hash_of_value(by),
        }
    }

    fn hash_of_value(&mut self, by: &'r Expr) -> Result<Option<u32>, Failed> {
        let value = self.value(by)?;
        let bucketing = self.flag.bucketing();
        Ok(match (bucketing, value) {
            (_, Datum::Text(text)) => Some(hash_of_text(bucketing, text)),
            // The first two generations take the keys where the value is `null`, the third does not.
            (Bucketing::V1 | Bucketing::V2, Datum::Null) => self.hash_of_keys(),
            (Bucketing::V1 | Bucketing::V2, _)
            | (Bucketing::V3, Datum::Null | Datum::List(_) | Datum::Made(_)) => None,
            (Bucketing::V3, value) => Some(hash_of(value).map_err(|_| Failed)?),
        })
    }

    #[inline(always)]
    fn hash_of_keys(&self) -> Option<u32> {
        let key = self.context.targeting_key().filter(|key| !key.is_empty())?;
        Some(self.flag.seed().hash(key))
    }

    #[inline(never)]
    fn draw_computed(&mut self, hash: u32, arms: &'r [Weighted]) -> Result<Option<&'r Expr>, Failed> {
        let weights = self.take(arms.len())?;
        let mut total: i64 = 0;
        for (place, arm) in std::iter::zip(&mut *weights, arms) {
            let Some(weight) = weight_of(self.value(&arm.weight)?) else {
                return Ok(None);
            };
            *place = Datum::Integer(weight);
            total += weight;
        }
        let Some(total) = sum_of(total) else {
            return Ok(None);
        };
        let bucketing = self.flag.bucketing();
        let mut ends = Ends::new(bucketing, total);
        let bucket = bucketing.bucket(hash, ends.buckets());
        for (weight, arm) in std::iter::zip(&*weights, arms) {
            // At most the total, which fits.
            if let Datum::Integer(weight) = weight
                && bucket < ends.after(*weight as u32)
            {
                return Ok(Some(&arm.variant));
            }
        }
        Ok(None)
    }
}

/// A weight: negative ones count as 0, fractions and giants are none.
pub(crate) fn weight_of(value: Datum<'_>) -> Option<i64> {
    let weight = match value {
        Datum::Integer(value) => value,
        Datum::Float(value) if value.fract() == 0.0 => value as i64,
        _ => return None,
    };
    (weight <= HEAVIEST).then_some(weight.max(0))
}

/// The sum of weights, if they can be drawn from.
pub(crate) fn sum_of(total: i64) -> Option<u32> {
    match total {
        1..=HEAVIEST => u32::try_from(total).ok(),
        _ => None,
    }
}
