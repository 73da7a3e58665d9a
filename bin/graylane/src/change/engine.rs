//! The one that makes the changes.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};

use graylane_audit::{AppendError, Entry};
use graylane_load::{Instead, signature_path};
use graylane_proxy::Shared;
use graylane_watch::Watch;

use super::difference::{Difference, differences};
use super::handle::{self, Handle, Message, Missed};
use super::journal::chain;
use super::suspension::Ended;
use super::watching::{is_news, watched};
use super::{Accepted, Beginning, Done, Draft, Ending, InUse, Order, Origin, Outcome, Status, Trigger, told};
use crate::exit::{CHANGE_NOT_KEPT, CONFIG_INVALID, Failure, INTERNAL};
use crate::generation;
use crate::load::{Loaded, Wanted};

/// How long files that were refused are left before they are read again.
const AGAIN: Duration = Duration::from_secs(2);

/// What the engine works with.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) wanted: Wanted,
    pub(crate) shared: Arc<Shared>,
    /// Told of each configuration that comes into use, with its revision.
    pub(crate) tell: Tell,
    pub(crate) in_use: Arc<InUse>,
    pub(crate) kept: Beginning,
    pub(crate) status: Arc<Status>,
    /// Why the files as they are on the disk are not in use; `None` where they are.
    pub(crate) refused: Option<String>,
    /// Another process serves still: nothing is changed before this one is ready.
    pub(crate) suspended: bool,
}

/// Whom to tell of a new configuration.
pub(crate) struct Tell(Box<TellFn>);

type TellFn = dyn Fn(&Loaded, u64) + Send;

impl Tell {
    pub(crate) fn new(tell: impl Fn(&Loaded, u64) + Send + 'static) -> Self {
        Self(Box::new(tell))
    }
}

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

impl Engine {
    /// Starts the thread, which watches the files of the configuration from now on.
    pub(crate) fn start(self) -> io::Result<Handle> {
        let (mut handle, messages) = Handle::new(handle::WAITING);
        let reloads = handle.clone();
        let missed = Arc::clone(&handle.missed);
        let in_use = Arc::clone(&self.in_use);
        let watch = Arc::new(Watch::start(
            watched(&self.in_use.load()),
            graylane_watch::Options::default(),
            Box::new(move |events| {
                if events.iter().any(|event| is_news(event, &in_use.load())) {
                    reloads.reload(Trigger::File);
                }
            }),
        )?);
        handle.watched_by(&watch);
        thread::Builder::new()
            .name("changes".to_owned())
            .spawn(move || self.run(&messages, &missed, &watch))?;
        Ok(handle)
    }

    fn run(mut self, messages: &mpsc::Receiver<Message>, missed: &Missed, watch: &Watch) {
        if self.suspended && matches!(self.suspended(messages, watch), Ended::Stopped) {
            return;
        }
        while let Some(message) = self.next(messages) {
            match message {
                Message::Change(order, answer) => {
                    let outcome = self.change(&order, watch);
                    if let Some(answer) = answer {
                        // Whoever asked may have gone; the change is made all the same.
                        let _ = answer.send(Ok(outcome));
                    }
                    if missed.take() {
                        self.change(&Order::reload(Trigger::File), watch);
                    }
                }
                Message::Suspend(answer) => {
                    // Who asked and went away again wants nothing any more.
                    if answer.send(self.kept.accepted.clone()).is_ok()
                        && matches!(self.suspended(messages, watch), Ended::Stopped)
                    {
                        return;
                    }
                }
                Message::Begin(done) => {
                    let _ = done.send(Ok(()));
                }
                // Where the suspension found no place among the orders, this stands for it.
                Message::GiveUp(done) => {
                    self.kept.give_up();
                    let _ = done.send(());
                    if matches!(self.suspended(messages, watch), Ended::Stopped) {
                        return;
                    }
                }
                // Only what is suspended comes back.
                Message::Return(_) => {}
                Message::Stop(done) => {
                    drop(self);
                    let _ = done.send(());
                    return;
                }
            }
        }
    }

    /// The next order. While the files are not what is in use, they are read again now and then: what was wrong with them
    /// may have been over before anybody could notice that it was, or be put right where nobody watches, such as the rights
    /// of a file, the trusted keys, or a file of flags that is not in use yet.
    fn next(&self, messages: &mpsc::Receiver<Message>) -> Option<Message> {
        if self.refused.is_none() {
            return messages.recv().ok();
        }
        match messages.recv_timeout(AGAIN) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => Some(Message::Change(Order::reload(Trigger::File), None)),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    pub(super) fn change(&mut self, order: &Order, watch: &Watch) -> Outcome {
        let trigger = order.origin.trigger;
        let begun = Instant::now();
        let outcome = match guarded(|| self.try_change(order)) {
            Ok(outcome) => {
                self.refused = None;
                outcome
            }
            // A look at files that did not change since: nobody wanted anything anew.
            Err(failure) if trigger == Trigger::File && self.refused.as_ref() == Some(&failure.text) => {
                return Outcome::Rejected(failure);
            }
            Err(failure) => {
                if order.put.is_none() {
                    self.refused = Some(failure.text.clone());
                }
                self.rejected(&order.origin, failure)
            }
        };
        match &outcome {
            Outcome::Accepted(done, ledger) => {
                watch.set_files(watched(&self.in_use.load()));
                self.status.note(trigger, Ending::Accepted, "");
                self.status.took(begun.elapsed());
                log::info!(
                    "revision {} is in use: {} changes, by {}, in {:.1?}; {}",
                    done.revision,
                    done.changes,
                    trigger.as_str(),
                    begun.elapsed(),
                    ledger.kept()
                );
                if !ledger.is_lossless() {
                    log::error!("revision {} has cost connections: this is a bug", done.revision);
                }
            }
            Outcome::Unchanged(_) => {
                // What the watch saw may be over: it must not take that for what is in use.
                watch.set_files(watched(&self.in_use.load()));
                self.status.note(trigger, Ending::Unchanged, "");
            }
            Outcome::Rejected(failure) => {
                self.status.note(trigger, Ending::Rejected, &failure.text);
                log::error!(
                    "a change by {} is refused, revision {} stays in use: {}",
                    trigger.as_str(),
                    self.kept.accepted.revision,
                    failure.text
                );
            }
        }
        outcome
    }

    /// Everything that can fail comes first; from the audit entry on, only the disk can.
    fn try_change(&mut self, order: &Order) -> Result<Outcome, Failure> {
        let loaded = Loaded::read(&self.wanted, order.put.as_ref())?;
        let in_use = self.in_use.load();
        let digest = loaded.digest.to_hex();
        if loaded.digest == in_use.digest {
            let done = Done {
                revision: self.kept.accepted.revision,
                digest,
                changes: 0,
            };
            if order.put.as_ref().is_some_and(|put| !is_in_place(put)) {
                // What runs is right and the file is not: left as it is, it would be what the next start finds.
                let drafts = self.drafts(order.put.as_ref(), &self.kept.accepted)?;
                self.told(order, &loaded, &done, &[])?;
                self.settle(order, &drafts, done.revision)?;
            }
            return Ok(Outcome::Unchanged(done));
        }
        self.kept.accepted.refuse_older(&loaded)?;
        self.kept.accepted.refuse_missing(&self.wanted, &loaded)?;
        refuse_restart(&in_use, &loaded)?;
        let revision = self.kept.accepted.revision + 1;
        let next = generation::next(&self.shared.current(), &loaded, revision)?;
        let differences = differences(&in_use, &loaded);
        let done = Done {
            revision,
            digest,
            changes: differences.len(),
        };
        let accepted = self.kept.accepted.with(&loaded, revision);
        let drafts = self.drafts(order.put.as_ref(), &accepted)?;
        self.told(order, &loaded, &done, &differences)?;
        self.settle(order, &drafts, revision)?;

        let ledger = self.shared.replace(next).map_err(|error| {
            // One thread makes all changes, so nothing can come between.
            Failure::new(INTERNAL, error, "this is a bug: please report it")
        })?;
        self.kept.accepted = accepted;
        let loaded = Arc::new(loaded);
        self.in_use.store(Arc::clone(&loaded));
        (self.tell.0)(&loaded, revision);
        Ok(Outcome::Accepted(done, ledger))
    }

    /// Into the audit log.
    fn told(
        &mut self,
        order: &Order,
        loaded: &Loaded,
        done: &Done,
        differences: &[Difference],
    ) -> Result<(), Failure> {
        self.kept
            .journal
            .append(&told::change(&order.origin, loaded, done, differences))
            .map_err(|error| not_told(&error))
    }

    /// What is to be on the disk, beside what is there: the text that was put, its signature, and what was accepted.
    /// A disk that is full or read-only shows here, before anything was told or changed.
    fn drafts(&self, put: Option<&Instead>, accepted: &Accepted) -> Result<Vec<Draft>, Failure> {
        let draft =
            |path: &Path, bytes: &[u8]| Draft::write(path, bytes).map_err(|error| not_written(path, &error));
        let mut all = Vec::new();
        if let Some(put) = put {
            // The text first: until the signature has its place too, its draft counts.
            all.push(draft(&put.path, &put.text)?);
            if let Some(signature) = &put.signature {
                all.push(draft(&signature_path(&put.path), signature)?);
            }
        }
        if let Some(file) = &self.kept.accepted_file {
            let draft = file.draft(accepted);
            all.push(draft.map_err(|error| not_written(file.path(), &error))?);
        }
        Ok(all)
    }

    /// Puts the drafts into their places.
    fn settle(&mut self, order: &Order, drafts: &[Draft], revision: u64) -> Result<(), Failure> {
        let settled = drafts
            .iter()
            .try_for_each(|draft| draft.settle().map_err(|error| not_written(draft.path(), &error)));
        settled.inspect_err(|failure| {
            // What was told did not happen after all. A log that cannot tell this either is on the same broken disk.
            let undone = Entry {
                reason: Some(failure.to_string()),
                revision: Some(revision),
                ..order.origin.entry("undo", None)
            };
            if let Err(error) = self.kept.journal.append(&[undone]) {
                log::error!(
                    "the audit log cannot tell that a change was undone: {}",
                    chain(&error)
                );
            }
        })
    }

    fn rejected(&mut self, origin: &Origin, failure: Failure) -> Outcome {
        let entry = Entry {
            revision: Some(self.kept.accepted.revision + 1),
            reason: Some(failure.text.clone()),
            ..origin.entry("reject", None)
        };
        if let Err(error) = self.kept.journal.append(&[entry]) {
            log::error!("the audit log cannot tell of a refused change: {}", chain(&error));
        }
        Outcome::Rejected(failure)
    }
}

/// A mistake of ours in one change costs that change: an engine that ended would refuse all later ones, while everything
/// looked well.
fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    // What is in use is replaced as a whole, and the log clears away what an append left half done.
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(Failure::new(
            INTERNAL,
            "the change cannot be made because of a mistake in this program",
            "this is a bug: please report it, with what stands above this in the log",
        ))
    })
}

/// Whether a text that was put, and its signature, stand in their files already.
fn is_in_place(put: &Instead) -> bool {
    let has = |path: &Path, bytes: &[u8]| graylane_load::read(path).is_ok_and(|there| there == bytes);
    let signature = put.signature.as_deref();
    has(&put.path, &put.text) && signature.is_none_or(|bytes| has(&signature_path(&put.path), bytes))
}

/// Keys that are read at the start only.
fn refuse_restart(in_use: &Loaded, new: &Loaded) -> Result<(), Failure> {
    let keys = in_use.config.restart_needed(&new.config);
    if keys.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        CONFIG_INVALID,
        format_args!("only a restart can change {}", keys.join(", ")),
        "restart the gateway with this configuration, or take these keys back",
    ))
}

fn not_written(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        CHANGE_NOT_KEPT,
        format_args!("{} cannot be written: {error}", path.display()),
        "make room or make the folder writable; where it is read-only, change the file where it comes from",
    )
}

/// A change that cannot be told must not happen.
fn not_told(error: &AppendError) -> Failure {
    Failure::new(
        CHANGE_NOT_KEPT,
        format_args!("the audit log cannot take the change: {}", chain(error)),
        "make room on the disk of server.state, then order the change again",
    )
}

#[cfg(test)]
mod tests;
