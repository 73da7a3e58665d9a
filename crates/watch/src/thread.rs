use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::files::{Disk, Files};
use crate::observer::{Event, Observer, Options, Watched};

/// How long ending waits for a look under way. A file system that hangs is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches files on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    shared: Arc<Shared>,
    thread: ThreadId,
}

#[derive(Debug, Default)]
struct Shared {
    orders: Mutex<Orders>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Orders {
    files: Option<Vec<Watched>>,
    stop: bool,
    ended: bool,
    looked_at: Option<Instant>,
}

impl Shared {
    fn orders(&self) -> MutexGuard<'_, Orders> {
        // Nothing is half done while the lock is held.
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that the thread ended, also where a callback panicked.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.orders().ended = true;
        self.0.news.notify_all();
    }
}

impl Watch {
    /// Begins to watch. `on_events` is called on the thread of the watch with all that one look found; while it runs,
    /// nobody looks.
    pub fn start(
        files: Vec<Watched>,
        options: Options,
        on_events: Box<dyn FnMut(Vec<Event>) + Send>,
    ) -> io::Result<Self> {
        Self::start_on(Box::new(Disk), files, options, on_events)
    }

    /// As [`start`](Self::start), on any file system.
    pub fn start_on(
        mut disk: Box<dyn Files>,
        files: Vec<Watched>,
        options: Options,
        mut on_events: Box<dyn FnMut(Vec<Event>) + Send>,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let ours = Arc::clone(&shared);
        let thread = thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let ending = Ending(ours);
            let mut observer = Observer::new(files, options);
            run(
                &ending.0,
                &mut observer,
                options.every,
                &mut *disk,
                &mut *on_events,
            );
        })?;
        Ok(Self {
            shared,
            thread: thread.thread().id(),
        })
    }

    /// Watches these files from now on, see [`Observer::set_files`]. They are looked at at once.
    pub fn set_files(&self, files: Vec<Watched>) {
        self.shared.orders().files = Some(files);
        self.shared.news.notify_all();
    }

    /// When the last look at all files was complete; `None` before the first. A time that stays behind tells of a file
    /// system that hangs.
    pub fn looked_at(&self) -> Option<Instant> {
        self.shared.orders().looked_at
    }
}

impl Drop for Watch {
    /// Ends the thread. After this no callback begins; one that is under way is waited for, though not for long.
    fn drop(&mut self) {
        let mut orders = self.shared.orders();
        orders.stop = true;
        self.shared.news.notify_all();
        if thread::current().id() == self.thread {
            return;
        }
        // No join: where a file hangs, the thread is left to end when the file system answers.
        _ = self
            .shared
            .news
            .wait_timeout_while(orders, PATIENCE, |orders| !orders.ended);
    }
}

fn run(
    shared: &Shared,
    observer: &mut Observer,
    every: Duration,
    disk: &mut dyn Files,
    on_events: &mut dyn FnMut(Vec<Event>),
) {
    loop {
        let events = observer.look(Instant::now(), disk);
        {
            let mut orders = shared.orders();
            orders.looked_at = Some(Instant::now());
            if orders.stop {
                return;
            }
        }
        if !events.is_empty() {
            on_events(events);
        }
        let idle = |orders: &mut Orders| !orders.stop && orders.files.is_none();
        let waited = shared.news.wait_timeout_while(shared.orders(), every, idle);
        let (mut orders, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if orders.stop {
            return;
        }
        if let Some(files) = orders.files.take() {
            observer.set_files(files);
        }
    }
}
