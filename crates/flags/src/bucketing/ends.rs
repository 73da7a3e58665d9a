use crate::Bucketing;
use crate::bucketing::float;

/// Weights laid end to end over the buckets.
#[derive(Debug)]
pub(crate) struct Ends {
    bucketing: Bucketing,
    total: u32,
    weights: u32,
    percent: f64,
}

impl Ends {
    /// The total is from 1 to 2^31 - 1.
    pub(crate) fn new(bucketing: Bucketing, total: u32) -> Self {
        Self {
            bucketing,
            total,
            weights: 0,
            percent: 0.0,
        }
    }

    /// How many buckets there are.
    pub(crate) fn buckets(&self) -> u32 {
        match self.bucketing {
            Bucketing::V1 => float::BUCKETS,
            Bucketing::V2 | Bucketing::V3 => self.total,
        }
    }

    /// The first bucket after those of the next weight; all weights together are at most the total.
    pub(crate) fn after(&mut self, weight: u32) -> u32 {
        match self.bucketing {
            Bucketing::V1 => {
                self.percent += float::percent_of(weight, self.total);
                float::first_from(self.percent)
            }
            Bucketing::V2 | Bucketing::V3 => {
                self.weights += weight;
                self.weights
            }
        }
    }
}
