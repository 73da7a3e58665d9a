//! From the threads that serve to the one that writes.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use std::{io, thread};

use crate::writer::{Open, Pace, Writer};

/// What became of the lines. The counters are relaxed: none guards another.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Lines written.
    pub(crate) lines: AtomicU64,
    /// Lines that found the queue full.
    pub(crate) dropped_by_queue: AtomicU64,
    /// Lines that could not be written.
    pub(crate) dropped_by_write: AtomicU64,
    /// Why the last write failed; `None` after one that succeeded. Never locked by an exchange.
    pub(crate) trouble: Mutex<Option<String>>,
}

/// The bounded queue, and the thread behind it.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) tally: Arc<Tally>,
    /// Taken out at the stop: with the last sender gone, the thread writes what is left and ends.
    lines: RwLock<Option<SyncSender<Box<[u8]>>>>,
    /// Dropped at the stop, to end the waiting between two tries to write.
    halt: Mutex<Option<Sender<()>>>,
    /// Closed by the end of the thread.
    ended: Mutex<Receiver<()>>,
    stop_limit: Duration,
}

impl Queue {
    /// Opens the target and starts the thread.
    ///
    /// # Errors
    /// The target cannot be opened, or no thread can be had.
    pub(crate) fn start(room: usize, mut open: Open, pace: Pace) -> io::Result<Self> {
        let (lines, incoming) = mpsc::sync_channel(room);
        let (halt, halted) = mpsc::channel();
        let (running, ended) = mpsc::channel();
        let tally = Arc::new(Tally::default());
        let sink = open()?;
        let writer = Writer::new(open, sink, pace, halted, Arc::clone(&tally));
        thread::Builder::new()
            .name(crate::NAME.to_owned())
            .spawn(move || {
                writer.run(&incoming);
                drop(running);
            })?;
        Ok(Self {
            tally,
            lines: RwLock::new(Some(lines)),
            halt: Mutex::new(Some(halt)),
            ended: Mutex::new(ended),
            stop_limit: pace.stop,
        })
    }

    /// Takes a line, or counts it as dropped. Never waits: the lock is only ever held by the stop.
    pub(crate) fn put(&self, line: &[u8]) {
        let lines = self.lines.try_read().ok();
        let taken = lines
            .as_ref()
            .and_then(|lines| lines.as_ref())
            .is_some_and(|lines| lines.try_send(line.into()).is_ok());
        if !taken {
            self.tally.dropped_by_queue.fetch_add(1, Relaxed);
        }
    }

    /// Has everything written that was taken, within a limit.
    pub(crate) fn stop(&self) {
        drop(self.lines.write().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.halt.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.recv_timeout(self.stop_limit) == Err(RecvTimeoutError::Timeout) {
            log::warn!("the canary log could not be flushed within {:?}", self.stop_limit);
        }
    }
}
