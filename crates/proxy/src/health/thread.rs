//! The thread that makes the checks.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread;

use tokio::sync::oneshot;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::aim;
use super::finding::Finding;
use super::probe;
use super::records::Change;
use super::rounds::{Rounds, Target};
use crate::gateway::Shared;
use crate::random;

/// Checks under way; others that are due wait. Each may need a descriptor.
pub(super) const AT_A_TIME: usize = 128;
/// Threads that look up names.
const LOOK_UPS: usize = 8;

/// The running checks; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Checks {
    _stop: oneshot::Sender<()>,
}

/// Starts the thread. It checks nobody while no lane wants it.
pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<Checks> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .max_blocking_threads(LOOK_UPS)
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let shared = Arc::clone(shared);
    thread::Builder::new().name("health".into()).spawn(move || {
        runtime.block_on(run(&shared, stopped));
        // Not dropped: that would wait for a name look-up that hangs.
        runtime.shutdown_background();
    })?;
    Ok(Checks { _stop: stop })
}

async fn run(shared: &Shared, mut stopped: oneshot::Receiver<()>) {
    let mut work = Work::new();
    work.follow(shared);
    loop {
        work.begin();
        // At the limit the next one waits for another to end, not for its time.
        let next = work.rounds.next_due().filter(|_| work.has_room());
        tokio::select! {
            biased;
            // Sent or dropped: both are the end.
            _ = &mut stopped => return,
            () = shared.health().replaced.notified() => work.follow(shared),
            Some(ended) = work.checks.join_next_with_id() => work.end(shared, ended),
            () = wait_until(next) => {}
        }
    }
}

async fn wait_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Who is checked, and the checks under way.
struct Work {
    rounds: Rounds,
    checks: JoinSet<Finding>,
    /// Whose check a task is; one that is stopped is not there.
    under_way: HashMap<Id, u64>,
    /// The task of who is being checked.
    tasks: HashMap<u64, AbortHandle>,
}

impl Work {
    fn new() -> Self {
        Self {
            rounds: Rounds::default(),
            checks: JoinSet::new(),
            under_way: HashMap::new(),
            tasks: HashMap::new(),
        }
    }

    fn has_room(&self) -> bool {
        self.checks.len() < AT_A_TIME
    }

    /// Takes the endpoints of the generation in use.
    fn follow(&mut self, shared: &Shared) {
        let generation = shared.current();
        let followed = self.rounds.follow(aim::wanted(&generation), Instant::now());
        for serial in followed.stale {
            if let Some(task) = self.tasks.remove(&serial) {
                self.under_way.remove(&task.id());
                task.abort();
            }
        }
        for (_, target) in followed.gone {
            // It may still be there, in a lane that is not checked any more.
            target.standing.found(true);
        }
        shared.health().follow(generation.id(), self.rounds.serials());
    }

    /// Begins the checks that are due, as far as there is room.
    fn begin(&mut self) {
        while self.has_room()
            && let Some((serial, aim)) = self.rounds.begin(Instant::now())
        {
            let task = self.checks.spawn(async move { probe::check(&aim).await });
            self.under_way.insert(task.id(), serial);
            self.tasks.insert(serial, task);
        }
    }

    fn end(&mut self, shared: &Shared, ended: Result<(Id, Finding), JoinError>) {
        let (id, finding) = match ended {
            Ok(ended) => ended,
            // It panicked, or was stopped and is not under way any more.
            Err(error) => (error.id(), Finding::broken("the check itself failed")),
        };
        let Some(serial) = self.under_way.remove(&id) else {
            return;
        };
        self.tasks.remove(&serial);
        let Some(target) = self.rounds.end(serial, Instant::now(), random::next()) else {
            return;
        };
        let health = &target.aim.health;
        log::debug!("{}: {finding}", target.called);
        let words = finding.to_string();
        let change = shared.health().note(serial, finding, health, &target.standing);
        if let Some(change) = change {
            tell(target, change, &words);
        }
    }
}

fn tell(target: &Target, change: Change, words: &str) {
    let (called, health) = (&target.called, &target.aim.health);
    match change {
        // What everybody expects is no news.
        Change {
            healthy: true,
            is_first: true,
        } => {}
        Change { healthy: true, .. } => {
            log::info!("{called} is back: checks that passed in a row: {}", health.passes);
        }
        Change { is_first: true, .. } => log::warn!("{called} is out: its first check failed: {words}"),
        Change { .. } => {
            log::warn!(
                "{called} is out: checks that failed in a row: {}; the last: {words}",
                health.fails
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use graylane_config::{Endpoint, Health, HealthQuestion, Protocol};

    use super::*;
    use crate::health::aim::{Aim, Wanted};

    fn wanted(serial: u64) -> Wanted {
        let second = std::time::Duration::from_secs(1);
        Wanted {
            serial,
            aim: Aim {
                endpoint: Endpoint {
                    host: "127.0.0.1".into(),
                    port: 1,
                    tls: false,
                    weight: 1,
                },
                protocol: Protocol::Http1,
                peer: None,
                health: Health {
                    question: HealthQuestion::Tcp,
                    port: None,
                    interval: second,
                    timeout: second,
                    fails: 1,
                    passes: 1,
                },
            },
            standing: Arc::default(),
            called: "".into(),
        }
    }

    #[test]
    fn no_more_checks_begin_than_may_be_under_way_however_many_are_due() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        let mut work = Work::new();
        work.rounds
            .follow((1..=1000).map(wanted).collect(), Instant::now());

        work.begin();
        let begun = (work.checks.len(), work.tasks.len(), work.under_way.len());
        work.begin();

        assert_eq!(begun, (AT_A_TIME, AT_A_TIME, AT_A_TIME));
        assert_eq!(work.checks.len(), AT_A_TIME);
    }
}
