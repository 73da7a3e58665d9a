//! Which endpoint of a lane: of two that are drawn, the one with less to do.
//!
//! Pure: the randomness and the loads are given, so that what is promised of the choice can be tested by it alone. The lots
//! are made when something of the lane has changed, and drawn from for every exchange.

use std::time::Duration;

use super::asked::Asked;
use crate::roster::Seat;

/// A weight as the configuration has it, in parts: what grows slowly grows by these. A lane has at most 1,000 endpoints of a
/// weight of 100, so that no sum comes near 2^32.
const PARTS: u32 = 256;

/// An endpoint of a lane as its lots are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) seat: Seat,
    pub(crate) weight: u16,
    pub(crate) healthy: bool,
    /// For how long it has been there and healthy.
    pub(crate) age: Duration,
}

/// What a lane wants of its lots.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Below this share of healthy endpoints, in steps of 0.001 %, all have lots; 0: never.
    pub(crate) panic: u32,
    /// How long the weight of a newcomer grows.
    pub(crate) slow_start: Option<Duration>,
    /// Whether somebody else answers where no endpoint is healthy: then none has a lot.
    pub(crate) gives_up: bool,
}

/// The endpoints that may be asked.
#[derive(Debug, Default)]
pub(crate) struct Lots {
    lots: Vec<Lot>,
    /// Whether some weight grows with the time.
    grows: bool,
}

/// The chance of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lot {
    /// Its place among the endpoints of the lane.
    pub(crate) index: u32,
    pub(crate) seat: Seat,
    weight: u32,
    /// The sum of the weights up to this one's end.
    end: u32,
}

impl Lot {
    fn start(&self) -> u32 {
        self.end - self.weight
    }
}

impl Lots {
    /// Makes them anew, in the memory of the old ones.
    pub(crate) fn make(&mut self, all: impl Iterator<Item = Candidate> + Clone, rule: Rule) {
        let (mut count, mut healthy) = (0_u64, 0_u64);
        for candidate in all.clone() {
            count += 1;
            healthy += u64::from(candidate.healthy);
        }
        let panics = healthy * 100_000 < u64::from(rule.panic) * count && !(healthy == 0 && rule.gives_up);
        self.lots.clear();
        self.grows = false;
        let mut end = 0;
        for (index, candidate) in (0..).zip(all) {
            if !candidate.healthy && !panics {
                continue;
            }
            let full = u32::from(candidate.weight) * PARTS;
            let weight = match rule.slow_start {
                // Who is asked only because there is hardly anybody else has no time to begin slowly.
                Some(time) if !panics && candidate.age < time => {
                    self.grows = true;
                    let part = u128::from(full) * candidate.age.as_millis() / time.as_millis().max(1);
                    (part as u32).clamp(1, full)
                }
                _ => full,
            };
            end += weight;
            self.lots.push(Lot {
                index,
                seat: candidate.seat,
                weight,
                end,
            });
        }
    }

    /// Whether they are others in a moment, though nothing happens.
    #[inline]
    pub(crate) fn grow(&self) -> bool {
        self.grows
    }

    /// Draws two, by their weights, and takes the one with the lower load for its weight; the first drawn, where both have
    /// the same.
    #[inline]
    pub(crate) fn draw(&self, random: u64, load: impl Fn(Seat) -> u32) -> Option<Lot> {
        let total = self.lots.last()?.end;
        let first = &self.lots[self.at(share(random, total))];
        if self.lots.len() == 1 {
            return Some(*first);
        }
        // The second from what the first leaves.
        let mut drawn = share(random >> 32, total - first.weight);
        if drawn >= first.start() {
            drawn += first.weight;
        }
        Some(*lighter(first, &self.lots[self.at(drawn)], load))
    }

    /// As [`Lots::draw`], of those that were not asked.
    #[cold]
    pub(crate) fn draw_other(&self, asked: &Asked, random: u64, load: impl Fn(Seat) -> u32) -> Option<Lot> {
        let left = |without: Option<&Lot>, random: u64| {
            let others = || {
                let fits = |lot: &&Lot| !asked.has(lot.index as usize) && Some(*lot) != without;
                self.lots.iter().filter(fits)
            };
            let total = others().map(|lot| lot.weight).sum::<u32>();
            let mut drawn = share(random, total);
            others().find(|lot| {
                let is_it = drawn < lot.weight;
                drawn = drawn.saturating_sub(lot.weight);
                is_it
            })
        };
        let first = left(None, random)?;
        match left(Some(first), random >> 32) {
            Some(second) => Some(*lighter(first, second, load)),
            None => Some(*first),
        }
    }

    /// The lot in whose part of the sum a number lies.
    #[inline]
    fn at(&self, drawn: u32) -> usize {
        let at = self.lots.partition_point(|lot| lot.end <= drawn);
        at.min(self.lots.len() - 1)
    }
}

/// A number below the total, from the lower half of a random one: multiplied and shifted, as it takes no division (Lemire,
/// 2019); what that favours is less than the total out of 2^32.
#[inline]
fn share(random: u64, total: u32) -> u32 {
    (((random & u64::from(u32::MAX)) * u64::from(total)) >> 32) as u32
}

#[inline]
fn lighter<'a>(first: &'a Lot, second: &'a Lot, load: impl Fn(Seat) -> u32) -> &'a Lot {
    let (one, other) = (u64::from(load(first.seat)), u64::from(load(second.seat)));
    // Two fractions, compared without a division.
    if one * u64::from(second.weight) <= other * u64::from(first.weight) {
        first
    } else {
        second
    }
}

#[cfg(test)]
mod tests;
