use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::counters::{MirrorShards, class};

/// A request and its copy: who ends last has their answers compared.
///
/// Both are of one worker, whose thread alone reads and writes this; it is atomic because futures that hold it must be `Send`.
#[derive(Debug)]
pub(crate) struct Pair {
    shards: Arc<MirrorShards>,
    worker: usize,
    /// When the original was handed on whole, and the copy went off. From there both are measured: what the client took to send
    /// its request is the fault of neither.
    begun: OnceLock<Instant>,
    answers: [Answer; 2],
}

/// Whose answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Original,
    Mirror,
}

#[derive(Debug)]
struct Answer {
    /// Microseconds to its head, and one more; 0 where there was none, or where it came before the request was whole.
    head: AtomicU64,
    /// Of its status; [`OPEN`] before the end.
    class: AtomicU8,
}

const OPEN: u8 = u8::MAX;

impl Pair {
    pub(super) fn new(shards: &Arc<MirrorShards>, worker: usize) -> Self {
        let answer = || Answer {
            head: AtomicU64::new(0),
            class: AtomicU8::new(OPEN),
        };
        Self {
            shards: Arc::clone(shards),
            worker,
            begun: OnceLock::new(),
            answers: [answer(), answer()],
        }
    }

    /// The copy goes off.
    pub(super) fn begin(&self) {
        // Set once: a copy goes off once.
        let _ = self.begun.set(Instant::now());
    }

    /// The head of an answer is there.
    #[cold]
    pub(crate) fn heard(&self, side: Side) {
        if let Some(begun) = self.begun.get() {
            let us = begun.elapsed().as_micros() as u64;
            self.answers[side as usize].head.store(us + 1, Relaxed);
        }
    }

    /// An exchange has ended with this status, or with none.
    #[cold]
    pub(crate) fn ended(&self, side: Side, status: u16) {
        let [original, mirror] = &self.answers;
        self.answers[side as usize]
            .class
            .store(class(status) as u8, Relaxed);
        let classes = [original, mirror].map(|answer| answer.class.load(Relaxed));
        if classes.contains(&OPEN) {
            return;
        }
        let heads = [original, mirror].map(|answer| answer.head.load(Relaxed).checked_sub(1));
        self.shards
            .of(self.worker)
            .compared(classes.map(usize::from), heads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mirror::counters::CLASSES;

    /// What was counted, in words.
    fn counted(shards: &MirrorShards) -> Vec<(&'static str, &'static str)> {
        let all =
            (0..CLASSES.len()).flat_map(|original| (0..CLASSES.len()).map(move |mirror| (original, mirror)));
        all.filter(|&(original, mirror)| shards.of(0).pairs[original][mirror].get() == 1)
            .map(|(original, mirror)| (CLASSES[original], CLASSES[mirror]))
            .collect()
    }

    fn timed(shards: &MirrorShards) -> [u64; 2] {
        [0, 1].map(|side| {
            shards.of(0).heads[side]
                .buckets
                .iter()
                .map(crate::counters::Counter::get)
                .sum()
        })
    }

    #[test]
    fn who_ends_last_has_the_two_compared() {
        for sides in [[Side::Original, Side::Mirror], [Side::Mirror, Side::Original]] {
            let shards = Arc::new(MirrorShards::new(1));
            let pair = Pair::new(&shards, 0);
            let status = |side| if side == Side::Original { 200 } else { 503 };

            pair.begin();
            sides.iter().for_each(|&side| pair.heard(side));
            pair.ended(sides[0], status(sides[0]));
            let early = counted(&shards);
            pair.ended(sides[1], status(sides[1]));

            assert_eq!((early, counted(&shards)), (vec![], vec![("2xx", "5xx")]));
            assert_eq!(timed(&shards), [1, 1]);
        }
    }

    #[test]
    fn times_count_only_where_both_sides_have_one() {
        let shards = Arc::new(MirrorShards::new(1));
        let pair = Pair::new(&shards, 0);

        // Answered before the request was whole.
        pair.heard(Side::Original);
        pair.begin();
        pair.heard(Side::Mirror);
        pair.ended(Side::Mirror, 200);
        pair.ended(Side::Original, 200);

        assert_eq!((counted(&shards), timed(&shards)), (vec![("2xx", "2xx")], [0, 0]));
    }
}
