use std::io;
use std::process::ExitStatus;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use graylane_handover::{Errand, Fate, Outcome};

use super::{Event, kill, outcome};
use crate::handover::{BACK, House};

/// Between two looks at whether the operator called it off.
const LOOK: Duration = Duration::from_millis(50);
/// For the outcome of a handover that is over to be told.
const LAST_OUTCOME: Duration = Duration::from_secs(5);
/// For a process that has ended to be seen to have.
const SEEN: Duration = Duration::from_secs(1);

/// The next process, as it is seen by the one that started it.
pub(super) struct Started<'a> {
    house: &'a House,
    pid: u32,
    happened: mpsc::Receiver<Event>,
    /// It has asked to take over.
    heard: bool,
    /// Why it was killed before it was heard.
    given_up: Option<String>,
    exited: Option<io::Result<ExitStatus>>,
    /// Since when this process goes on again, and the next one is to end.
    back: Option<Instant>,
}

impl<'a> Started<'a> {
    pub(super) fn new(house: &'a House, pid: u32, happened: mpsc::Receiver<Event>) -> Self {
        Self {
            house,
            pid,
            happened,
            heard: false,
            given_up: None,
            exited: None,
            back: None,
        }
    }

    /// Tells the operator each step, up to the end, and gives that, with who waits until the operator knows.
    pub(super) fn follow(&mut self, errand: &mut Errand) -> (Outcome, Option<mpsc::Sender<()>>) {
        let loaded = self.house.parts.in_use();
        let limit = loaded.map(|loaded| loaded.config.handover.ready_within);
        let since = Instant::now();
        let mut called_off = false;
        // Since when it has been gone, and nothing under way with it.
        let mut over: Option<Instant> = None;
        loop {
            if !called_off && errand.called_off() {
                called_off = true;
                let reason = "the operator called it off";
                self.house.call_off_with(self.pid, reason);
                self.give_up(|| reason.to_owned());
            }
            match self.happened.recv_timeout(LOOK) {
                Ok(Event::Progress(progress)) => {
                    self.heard = true;
                    if progress.step == BACK {
                        self.back = Some(Instant::now());
                    }
                    errand.tell(&progress);
                }
                Ok(Event::Outcome(mut outcome, told)) => {
                    if !matches!(outcome.fate, Fate::Committed | Fate::Lossy) {
                        self.explain(&mut outcome);
                    }
                    return (*outcome, Some(told));
                }
                Ok(Event::Exited(status)) if self.heard => self.exited = Some(status),
                Ok(Event::Exited(status)) => {
                    let reason = self.given_up.take().unwrap_or_else(|| {
                        let words = words(&status);
                        format!("the new process ended before it asked for anything: {words}")
                    });
                    self.exited = Some(status);
                    return (self.failed(reason), None);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.exited.is_none() || self.house.parts.record.is_busy_with(self.pid) {
                        over = None;
                    } else if over.get_or_insert_with(Instant::now).elapsed() > LAST_OUTCOME {
                        let reason = "the new process ended, and the handover without a word".to_owned();
                        let mut outcome = self.failed(reason);
                        self.explain(&mut outcome);
                        return (outcome, None);
                    }
                    if self.house.is_told_to_end() {
                        self.give_up(|| "the running process was told to end".to_owned());
                    } else if let Some(limit) = limit.filter(|limit| since.elapsed() > *limit) {
                        self.give_up(|| {
                            format!(
                                "the new process asked for nothing within `handover.ready_within` ({limit:?}), and was ended"
                            )
                        });
                    }
                }
                // The one who waits for the child keeps the other end.
                Err(RecvTimeoutError::Disconnected) => thread::park_timeout(LOOK),
            }
        }
    }

    /// Ends a process that has not asked for anything yet.
    fn give_up(&mut self, reason: impl FnOnce() -> String) {
        if !self.heard && self.given_up.is_none() {
            self.given_up = Some(reason());
            kill(self.pid);
        }
    }

    fn failed(&self, reason: String) -> Outcome {
        outcome(Fate::Failed, reason, Some(self.pid))
    }

    /// With how the new process ended, if it does within a moment: its message is in the log of this one. One that hangs is
    /// ended before the operator hears: it has the audit log.
    fn explain(&mut self, outcome: &mut Outcome) {
        if !self.ends_until(Instant::now() + SEEN) && Instant::now() >= self.way_out() {
            self.end();
            self.ends_until(Instant::now() + SEEN);
        }
        if let (Some(status), Some(reason)) = (&self.exited, &mut outcome.reason) {
            *reason = format!("{reason}; it ended with {}", words(status));
        }
    }

    /// A process that was sent back ends by itself. One that hangs would keep the audit log, and the listeners, for ever.
    pub(super) fn see_off(mut self) {
        if !self.ends_until(self.way_out()) {
            self.end();
        }
    }

    /// Until when it may take to end by itself.
    fn way_out(&self) -> Instant {
        self.back.unwrap_or_else(Instant::now) + self.house.way_out()
    }

    fn end(&self) {
        let pid = self.pid;
        log::warn!("handover: process {pid}, which was sent back, does not end: it is killed");
        kill(pid);
    }

    /// Whether it has ended by then.
    fn ends_until(&mut self, until: Instant) -> bool {
        while self.exited.is_none() {
            match self
                .happened
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(Event::Exited(status)) => self.exited = Some(status),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                // Whoever waits for it has seen it end.
                Err(RecvTimeoutError::Disconnected) => return true,
            }
        }
        true
    }
}

fn words(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}
