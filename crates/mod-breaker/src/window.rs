//! The sliding count of attempts and failures of one endpoint.
//!
//! Time is cut into ticks of a tenth of the window; a ring has one cell for each of the last ten. The time of an attempt
//! is its start, because reading a clock at its end would cost more than all the rest; an attempt that began before the
//! latest tick seen, such as one that timed out, counts into that latest tick. So a late count never lands in a past that
//! nobody looks at, and the window needs no clock.
//!
//! Ordering: everything is relaxed. Tick and counts of a cell are one word, so a cell is always of one tick; the sum
//! over the cells is no snapshot, and need not be: it misses at most the attempts that end while it is made.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use crate::gate::Millis;

const CELLS: u64 = 10;

/// What happened within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Attempts that ended.
    pub(crate) total: u32,
    /// Those that failed.
    pub(crate) failed: u32,
}

/// The window of one endpoint, on cache lines of its own: every attempt writes to it.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Window {
    tick: Millis,
    latest: AtomicU64,
    cells: [AtomicU64; CELLS as usize],
}

impl Window {
    /// A window of that length, at least ten milliseconds.
    pub(crate) fn new(length: Duration) -> Self {
        // A window is at most an hour (settings), so its milliseconds fit.
        let tick = (length.as_millis() as u64 / CELLS).max(1);
        Self {
            tick,
            latest: AtomicU64::new(0),
            cells: Default::default(),
        }
    }

    /// A window of another length with the same counts: they leave it together, one new length after the latest of them.
    pub(crate) fn resized(&self, length: Duration) -> Self {
        let other = Self::new(length);
        let (tick, counts) = (self.latest.load(Relaxed) * self.tick / other.tick, self.counts());
        let (mut total, mut failed) = (u64::from(counts.total), u64::from(counts.failed));
        while total > Cell::FULL {
            (total, failed) = (total / 2, failed / 2);
        }
        other.latest.store(tick, Relaxed);
        other.cell(tick).store(Cell::new(tick, total, failed).0, Relaxed);
        other
    }

    /// Counts an attempt that began at that time.
    pub(crate) fn add(&self, started: Millis, failed: bool) {
        let tick = started / self.tick;
        let mut latest = self.latest.load(Relaxed);
        if tick > latest {
            latest = self.latest.fetch_max(tick, Relaxed).max(tick);
        }
        self.cell(latest)
            .update(Relaxed, Relaxed, |word| Cell(word).count(latest, failed).0);
    }

    /// The counts of the last ten ticks.
    pub(crate) fn counts(&self) -> Counts {
        let latest = self.latest.load(Relaxed);
        self.cells
            .iter()
            .map(|cell| Cell(cell.load(Relaxed)))
            .filter(|cell| cell.age(latest) < CELLS)
            .fold(Counts::default(), |sum, cell| Counts {
                total: sum.total + cell.total(),
                failed: sum.failed + cell.failed(),
            })
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for cell in &self.cells {
            cell.store(0, Relaxed);
        }
    }

    fn cell(&self, tick: u64) -> &AtomicU64 {
        &self.cells[(tick % CELLS) as usize]
    }
}

/// One cell: 28 bits of tick, 18 of attempts, 18 of failures. The shortest ticks come round after 31 days.
#[derive(Clone, Copy)]
struct Cell(u64);

impl Cell {
    const BITS: u32 = 18;
    const FULL: u64 = (1 << Self::BITS) - 1;
    const TICKS: u64 = (1 << 28) - 1;

    fn new(tick: u64, total: u64, failed: u64) -> Self {
        Self((tick & Self::TICKS) << (2 * Self::BITS) | total << Self::BITS | failed)
    }

    fn tick(self) -> u64 {
        self.0 >> (2 * Self::BITS)
    }

    fn total(self) -> u32 {
        (self.0 >> Self::BITS & Self::FULL) as u32
    }

    fn failed(self) -> u32 {
        (self.0 & Self::FULL) as u32
    }

    /// How many ticks it lies before that one.
    fn age(self, latest: u64) -> u64 {
        latest.wrapping_sub(self.tick()) & Self::TICKS
    }

    /// The cell with one more attempt of that tick. A cell that another thread already uses for a later tick keeps it:
    /// counting a straggler a little late is better than forgetting the new counts.
    fn count(self, tick: u64, failed: bool) -> Self {
        /// How far one thread may be ahead of another: ten seconds of the shortest ticks. Anything "later" than that is
        /// old, and the ticks came round.
        const AHEAD: u64 = 1_000;
        let failed = u64::from(failed);
        let age = self.age(tick);
        let later = age > Self::TICKS - AHEAD && self.total() > 0;
        if age != 0 && !later {
            return Self::new(tick, 1, failed);
        }
        let (mut total, mut failures) = (u64::from(self.total()), u64::from(self.failed()));
        if total == Self::FULL {
            // Half of both keeps the rate, and stays above every `min_requests`.
            (total, failures) = (total / 2, failures / 2);
        }
        Self::new(self.tick(), total + 1, failures + failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        Window::new(Duration::from_secs(10))
    }

    #[test]
    fn counts_leave_the_window_when_it_has_moved_past_them() {
        let window = window();
        window.add(0, true);
        window.add(500, false);

        window.add(9_999, false);
        let inside = window.counts();
        window.add(10_000, false);
        let moved_on = window.counts();

        assert_eq!(inside, Counts { total: 3, failed: 1 });
        assert_eq!(moved_on, Counts { total: 2, failed: 0 });
    }

    #[test]
    fn an_attempt_that_began_long_ago_counts_now() {
        let window = window();
        window.add(3_600_000, false);

        window.add(0, true);

        assert_eq!(window.counts(), Counts { total: 2, failed: 1 });
    }

    #[test]
    fn a_window_of_another_length_goes_on_with_the_counts() {
        let window = window();
        window.add(70_000, true);
        window.add(75_000, false);

        let longer = window.resized(Duration::from_secs(60));
        longer.add(131_000, true);
        let inside = longer.counts();
        longer.add(132_000, false);

        assert_eq!(inside, Counts { total: 3, failed: 2 });
        assert_eq!(longer.counts(), Counts { total: 2, failed: 1 });
    }

    #[test]
    fn a_full_cell_keeps_the_rate() {
        let window = window();

        for i in 0..300_000 {
            window.add(0, i % 4 == 0);
        }

        let counts = window.counts();
        assert!(counts.total > 100_000, "{counts:?}");
        assert_eq!((counts.failed * 100).div_ceil(counts.total), 25);
    }

    #[test]
    fn a_cell_in_use_for_a_later_tick_keeps_its_counts() {
        let later = Cell::new(20, 7, 3);

        let counted = later.count(10, true);

        assert_eq!((counted.tick(), counted.total(), counted.failed()), (20, 8, 4));
    }

    #[test]
    fn a_window_counts_on_when_its_ticks_come_round() {
        let window = window();
        window.add(Cell::TICKS * 1_000, true);
        window.clear();

        window.add(Cell::TICKS * 1_000, true);
        window.add((Cell::TICKS + 1) * 1_000, true);

        assert_eq!(window.counts(), Counts { total: 2, failed: 2 });
    }

    #[test]
    fn a_cleared_window_has_counted_nothing() {
        let window = window();
        window.add(70_000, true);

        window.clear();

        assert_eq!(window.counts(), Counts::default());
    }
}
