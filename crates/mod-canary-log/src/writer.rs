//! The one thread that writes.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::queue::Tally;
use crate::settings::Target;

/// Where lines are written to, opened.
pub(crate) type Sink = Box<dyn Write + Send>;

/// Opens it, again and again if need be.
pub(crate) type Open = Box<dyn FnMut() -> io::Result<Sink> + Send>;

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// After a failed write; after each further one in a row twice as long.
    pub(crate) first: Duration,
    /// After a failed write, at most.
    pub(crate) most: Duration,
    /// At the stop, for what is left to be written.
    pub(crate) stop: Duration,
}

impl Pace {
    /// Short enough that a moment's trouble costs little, long enough that a full disk costs nothing; the stop leaves
    /// some of the boot limit of 3 s.
    pub(crate) const USUAL: Self = Self {
        first: Duration::from_millis(100),
        most: Duration::from_secs(10),
        stop: Duration::from_secs(2),
    };
}

/// Bytes that are written at one time, as soon as that many wait.
const BATCH: usize = 64 * 1024;

/// What opens a target.
pub(crate) fn opener(target: Target) -> Open {
    match target {
        // Through the locked stream, so that lines of the process's own log are not torn apart. Where nobody reads the
        // stream, that log is stuck as well, with or without the lock: a file has neither trouble.
        Target::Stderr => Box::new(|| Ok(Box::new(io::stderr()))),
        Target::File(path) => Box::new(move || {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&path)?;
            Ok(Box::new(file))
        }),
    }
}

/// What the thread has.
pub(crate) struct Writer {
    open: Open,
    sink: Option<Sink>,
    /// The last write ended within a line: the next begins with the line's end, so that it harms no other line.
    torn: bool,
    pace: Pace,
    wait: Duration,
    halted: Receiver<()>,
    tally: Arc<Tally>,
}

impl Writer {
    pub(crate) fn new(open: Open, sink: Sink, pace: Pace, halted: Receiver<()>, tally: Arc<Tally>) -> Self {
        Self {
            open,
            sink: Some(sink),
            torn: false,
            pace,
            wait: pace.first,
            halted,
            tally,
        }
    }

    /// Writes until no more lines can come and none is left.
    pub(crate) fn run(mut self, lines: &Receiver<Box<[u8]>>) {
        let mut batch = Vec::new();
        while let Ok(line) = lines.recv() {
            batch.clear();
            if self.torn {
                batch.push(b'\n');
            }
            batch.extend_from_slice(&line);
            let mut count = 1;
            while batch.len() < BATCH
                && let Ok(line) = lines.try_recv()
            {
                batch.extend_from_slice(&line);
                count += 1;
            }
            self.write(&batch, count);
        }
    }

    fn write(&mut self, batch: &[u8], count: u64) {
        let mut written = 0;
        let result = self
            .opened()
            .and_then(|sink| write_all(sink, batch, &mut written));
        let done = &batch[..written];
        let ends = done.iter().filter(|&&b| b == b'\n').count() as u64;
        // The first end of a line may be that of a torn one, which was counted as dropped.
        let lines = ends - u64::from(self.torn && ends > 0);
        if let Some(last) = done.last() {
            self.torn = *last != b'\n';
        }
        self.tally.lines.fetch_add(lines, Relaxed);
        self.tally.dropped_by_write.fetch_add(count - lines, Relaxed);
        match result {
            Ok(()) => self.recover(),
            Err(error) => self.back_off(&error),
        }
    }

    fn opened(&mut self) -> io::Result<&mut Sink> {
        match &mut self.sink {
            Some(sink) => Ok(sink),
            closed => Ok(closed.insert((self.open)()?)),
        }
    }

    fn recover(&mut self) {
        self.wait = self.pace.first;
        let mut trouble = self.trouble();
        if trouble.take().is_some() {
            log::info!("the canary log can be written again");
        }
    }

    /// Closes the target and waits. What comes meanwhile stays in the queue; when that is full, it is dropped there.
    fn back_off(&mut self, error: &io::Error) {
        self.sink = None;
        let before = self.trouble().replace(error.to_string());
        if before.is_none() {
            log::warn!("the canary log cannot be written: {error}");
        }
        if self.halted.recv_timeout(self.wait) == Err(RecvTimeoutError::Timeout) {
            self.wait = (self.wait * 2).min(self.pace.most);
        }
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.tally.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As [`Write::write_all`], but says how far it came.
fn write_all(sink: &mut Sink, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    while *written < bytes.len() {
        match sink.write(&bytes[*written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(more) => *written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    sink.flush()
}
