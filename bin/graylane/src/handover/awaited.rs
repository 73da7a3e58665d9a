//! How the main task, which drains, and the thread of a handover, which tells of it, wait for one another.

use std::sync::mpsc;
use std::time::Duration;

use graylane_proxy::Ledger;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// For the thread of a handover to pass on how the drain ended.
const PASSED_ON: Duration = Duration::from_secs(15);

/// The main task's side: somebody waits for what became of the connections.
#[derive(Debug)]
pub(crate) struct Awaited {
    ledger: mpsc::Sender<Ledger>,
    passed_on: oneshot::Receiver<()>,
}

/// The other side. The process may end as soon as it is dropped.
#[derive(Debug)]
pub(super) struct Awaiting {
    ledger: mpsc::Receiver<Ledger>,
    _passed_on: oneshot::Sender<()>,
}

pub(super) fn awaited() -> (Awaited, Awaiting) {
    let (to, from) = mpsc::channel();
    let (done, passed_on) = oneshot::channel();
    let awaited = Awaited {
        ledger: to,
        passed_on,
    };
    let awaiting = Awaiting {
        ledger: from,
        _passed_on: done,
    };
    (awaited, awaiting)
}

impl Awaited {
    /// Tells what became of them, and waits until it was passed on.
    pub(crate) async fn tell(self, drain: Ledger) {
        // Where nobody listens there is nothing to be waited for.
        let _ = self.ledger.send(drain);
        let _ = timeout(PASSED_ON, self.passed_on).await;
    }
}

impl Awaiting {
    /// What became of them, where that is known by now. It never is where the main task is gone: then the process ends.
    pub(super) fn known(&self) -> Option<Ledger> {
        self.ledger.try_recv().ok()
    }

    /// Waits until it is known; `None` where the main task is gone.
    pub(super) fn wait(&self) -> Option<Ledger> {
        self.ledger.recv().ok()
    }
}

/// As it is told to other processes.
pub(super) fn value(ledger: &Ledger) -> Value {
    let entries = ledger
        .entries()
        .map(|(word, count)| (word.to_owned(), count.into()));
    Value::Object(entries.collect())
}
