use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Streams that the client gave up before an answer, over the life of a connection, from which on it is closed where they
/// are the greater part of all (CVE-2023-44487): each cost more than it cost the client.
const LEFT_EARLY: usize = 100;
/// Bytes that a client may send to no purpose, such as frames that are only to be acknowledged (CVE-2019-9512, -9515): at
/// once, and beside them with each second, each stream, and each piece of a body, whichever way it goes. For large pieces
/// there is more: each of its frames may be acknowledged by two updates of windows.
const IDLE_TALK: u64 = 1024 * 1024;
const TALK_OF_SECOND: u64 = 1024;
const TALK_OF_STREAM: u64 = 16 * 1024;
const TALK_OF_PIECE: u64 = 64;

/// What the streams of a connection tell the task that serves it. Only its own worker's thread writes and reads it; it is
/// atomic because futures that hold it must be `Send`.
#[derive(Debug, Default)]
pub(super) struct Tally {
    live: AtomicUsize,
    begun: AtomicUsize,
    left_early: AtomicUsize,
    /// Bytes that a client may have sent for what it has asked.
    warranted: AtomicU64,
}

impl Tally {
    pub(super) fn live(&self) -> usize {
        self.live.load(Relaxed)
    }

    pub(super) fn begin(&self) {
        self.live.store(self.live() + 1, Relaxed);
        self.begun.store(self.begun.load(Relaxed) + 1, Relaxed);
        self.warrant(TALK_OF_STREAM);
    }

    /// Ends a stream and gives how many are left.
    pub(super) fn end(&self) -> usize {
        let live = self.live() - 1;
        self.live.store(live, Relaxed);
        live
    }

    /// The client gave a stream up before there was the head of an answer.
    pub(super) fn left_early(&self) {
        self.left_early.store(self.left_early.load(Relaxed) + 1, Relaxed);
    }

    /// So many bytes of a request's body came and were taken.
    #[inline]
    pub(super) fn received(&self, n: usize) {
        self.warrant(n as u64 + TALK_OF_PIECE);
    }

    /// So many bytes of an answer's body are on their way.
    #[inline]
    pub(super) fn sent(&self, n: usize) {
        self.warrant(n as u64 / 256 + TALK_OF_PIECE);
    }

    #[inline]
    fn warrant(&self, n: u64) {
        self.warranted.store(self.warranted.load(Relaxed) + n, Relaxed);
    }

    /// Whether most of what the client asks it does not want to know.
    pub(super) fn resets_too_much(&self) -> bool {
        let left = self.left_early.load(Relaxed);
        left >= LEFT_EARLY && left * 2 > self.begun.load(Relaxed)
    }

    /// Whether a client that has sent so many bytes, in so many seconds, has sent most of them to no purpose.
    pub(super) fn talks_too_much(&self, read: u64, seconds: u64) -> bool {
        read > IDLE_TALK + seconds * TALK_OF_SECOND + self.warranted.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_give_up_some_of_what_it_asks() {
        let tally = Tally::default();

        for n in 0..LEFT_EARLY * 3 {
            tally.begin();
            if n % 3 == 0 {
                tally.left_early();
            }
            tally.end();
        }
        let some = tally.resets_too_much();
        for _ in 0..LEFT_EARLY + 1 {
            tally.begin();
            tally.left_early();
            tally.end();
        }

        assert!(!some && tally.resets_too_much());
    }

    #[test]
    fn a_client_may_acknowledge_what_it_gets() {
        let tally = Tally::default();
        let mut read = 0;
        // A call of gRPC: a message each way, with a ping and two updates of windows for each.
        tally.begin();
        for _ in 0..1_000_000 {
            tally.received(10);
            tally.sent(10);
            read += 9 + 10 + 17 + 2 * 13;
        }
        // A large answer, with two updates of windows for each of its frames.
        for _ in 0..100_000 {
            tally.sent(64 * 1024);
            read += 4 * 2 * 13;
        }

        assert!(!tally.talks_too_much(read, 0));
        assert!(tally.talks_too_much(read + 1_000_000_000, 0));
        assert!(Tally::default().talks_too_much(IDLE_TALK + 1, 0));
        assert!(
            !Tally::default().talks_too_much(IDLE_TALK + 60 * 17, 600),
            "a ping every ten seconds"
        );
    }
}
