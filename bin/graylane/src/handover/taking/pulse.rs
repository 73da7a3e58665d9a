//! Whether the workers still do anything. Signs of life come from a thread of their own, so they say nothing of the workers.

use std::time::{Duration, Instant};

/// A worker may be held up for so long: by a machine that is busy with something else.
const HELD_UP: Duration = Duration::from_secs(2);

/// What was seen of the workers' clocks.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// How far each is, and since when.
    clocks: Vec<(u32, Instant)>,
}

impl Pulse {
    /// Looks at the clocks, always of the same workers; gives what is wrong, if anything.
    pub(super) fn feel(&mut self, clocks: impl Iterator<Item = u32>, now: Instant) -> Option<String> {
        let mut stands = None;
        for (number, clock) in clocks.enumerate() {
            let Some(seen) = self.clocks.get_mut(number) else {
                self.clocks.push((clock, now));
                continue;
            };
            if seen.0 != clock {
                *seen = (clock, now);
            }
            let since = now.saturating_duration_since(seen.1);
            if since >= HELD_UP {
                stands = Some(format!("worker {number} has stood still for {since:.1?}"));
            }
        }
        stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_stands_still_is_named_and_one_that_is_held_up_is_not() {
        let begun = Instant::now();
        let mut pulse = Pulse::default();
        let mut feel = |seconds, clocks: [u32; 2]| {
            pulse.feel(clocks.into_iter(), begun + Duration::from_secs_f64(seconds))
        };

        assert_eq!(feel(0.0, [7, 9]), None);
        assert_eq!(feel(1.9, [8, 9]), None);
        assert_eq!(feel(2.0, [9, 10]), None);
        assert_eq!(feel(3.9, [9, 11]), None);
        assert_eq!(feel(4.1, [9, 12]).unwrap(), "worker 0 has stood still for 2.1s");
        assert_eq!(feel(4.2, [10, 12]), None);
    }
}
