//! The connections and streams of this thread, for the scan of every tick and for the end.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use tokio::task::AbortHandle;

use crate::clock::Ticks;
use crate::conn::Conn;
use crate::generation::Times;
use crate::ledger::Fate;
use crate::timer::{Stage, Timer};

thread_local! {
    static OPEN: RefCell<Open> = const { RefCell::new(Open { places: Vec::new(), free: Vec::new() }) };
}

struct Open {
    places: Vec<Option<Place>>,
    free: Vec<usize>,
}

struct Place {
    timer: Arc<Timer>,
    /// `None` for a stream: it ends with its connection.
    task: Option<Task>,
}

/// A connection that can be cut.
#[derive(Clone)]
pub(super) struct Task {
    timer: Arc<Timer>,
    conn: Weak<Conn>,
    handle: AbortHandle,
}

/// Looks at every timer.
pub(super) fn each(then: impl Fn(&Timer)) {
    OPEN.with_borrow(|open| open.places.iter().flatten().for_each(|place| then(&place.timer)));
}

/// Tells every connection and stream that the gateway drains.
pub(super) fn hurry(times: &Times) {
    OPEN.with_borrow(|open| {
        for place in open.places.iter().flatten() {
            if let Some(conn) = place.task.as_ref().and_then(|task| task.conn.upgrade()) {
                conn.hurry(times);
            }
            place.timer.wake();
        }
    });
}

/// All connections, tunnels first.
pub(super) fn tasks() -> Vec<Task> {
    let mut tasks: Vec<_> = OPEN.with_borrow(|open| {
        let places = open.places.iter().flatten();
        places.filter_map(|place| place.task.clone()).collect()
    });
    tasks.sort_by_key(|task| task.timer.stage() != Stage::Tunnel);
    tasks
}

impl Task {
    /// Ends the connection, in order where it is idle: HTTP/1.1 over TLS has a word to say.
    pub(super) fn end(&self) {
        if self.timer.stage() == Stage::Idle {
            self.timer.hurry(Ticks::NONE);
            self.timer.wake();
        } else {
            self.cut();
        }
    }

    /// Ends the connection as it is.
    pub(super) fn cut(&self) {
        if let Some(conn) = self.conn.upgrade() {
            let fate = match self.timer.stage() {
                Stage::Busy | Stage::Tunnel => Fate::Cut,
                // It loses nothing, only time in which to ask.
                Stage::Idle => Fate::ClosedIdle,
                Stage::Leaving => Fate::Drained,
            };
            conn.presence.set_fate(fate);
        }
        self.handle.abort();
    }
}

/// A place in the list; given up when dropped.
pub(crate) struct Listed(usize);

impl Listed {
    pub(crate) fn new(timer: &Arc<Timer>) -> Self {
        OPEN.with_borrow_mut(|open| {
            let place = open.free.pop().unwrap_or_else(|| {
                open.places.push(None);
                open.places.len() - 1
            });
            open.places[place] = Some(Place {
                timer: Arc::clone(timer),
                task: None,
            });
            Self(place)
        })
    }

    /// Spawns the task that serves a connection, which keeps its place in the list to its end.
    pub(super) fn spawn<F>(conn: &Arc<Conn>, serve: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::spawn_as(Arc::clone(&conn.timer), Arc::downgrade(conn), serve);
    }

    fn spawn_as<F>(timer: Arc<Timer>, conn: Weak<Conn>, serve: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listed = Self::new(&timer);
        let place = listed.0;
        // As it is: a future around it would hold it twice, for as long as a connection is idle.
        let handle = tokio::spawn(serve(listed)).abort_handle();
        OPEN.with_borrow_mut(|open| {
            // It cannot have ended: this thread has not polled it yet.
            if let Some(place) = &mut open.places[place] {
                place.task = Some(Task { timer, conn, handle });
            }
        });
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        // A connection may end while its thread does; then the list is gone already. Dropping the connection itself
        // may not happen inside the borrow: its end may look at the list.
        let _gone = OPEN.try_with(|open| {
            let mut open = open.borrow_mut();
            open.free.push(self.0);
            open.places[self.0].take()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    fn timer(is_tunnel: bool) -> Arc<Timer> {
        let timer = Timer::new(&Arc::new(Clock::default()), Ticks::at_least(Duration::ZERO));
        if is_tunnel {
            timer.set_stage(Stage::Tunnel);
        }
        timer
    }

    #[test]
    fn tunnels_are_the_first_to_be_cut_and_streams_end_with_their_connection() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let stream = Listed::new(&timer(false));
        runtime.block_on(async {
            for is_tunnel in [false, true, false, true] {
                Listed::spawn_as(timer(is_tunnel), Weak::new(), async |listed| {
                    let _listed = listed;
                    pending::<()>().await;
                });
            }
        });

        let order: Vec<_> = tasks()
            .iter()
            .map(|task| task.timer.stage() == Stage::Tunnel)
            .collect();
        tasks().iter().for_each(Task::cut);
        runtime.block_on(async {
            tokio::task::yield_now().await;
        });

        assert_eq!(order, [true, true, false, false]);
        assert!(tasks().is_empty());
        drop(stream);
    }
}
