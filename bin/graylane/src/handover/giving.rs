//! The conversation with the next process, as the old one.

use std::cell::Cell;
use std::os::fd::AsFd;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use graylane_core::Name;
use graylane_handover::{
    Committed, Door, Ended, Fate, Giver, Handing, Judgement, Outcome, Parted, Probation, Refusal, Rules,
    State, Step, Trial,
};
use graylane_proxy::{Idle, Ledger};

use super::awaited::{Awaiting, awaited, value};
use super::switch::tell_end;
use super::{BACK, House, LISTENER, Leaving, Phase, Word};

/// Between two looks at whether the drain has ended.
const LOOK: Duration = Duration::from_millis(20);
/// The next process may be silent for so long at least.
const SILENCE: Duration = Duration::from_secs(2);

/// The next process, as it is called in the log.
struct Next<'a> {
    house: &'a House,
    pid: u32,
    /// Connections that it had by its last sign of life.
    held: Cell<Option<u64>>,
    /// It, where it has served and does not stay.
    parted: Cell<Option<Parted>>,
}

/// What the next process takes.
struct Taken {
    claimed: Vec<String>,
    unclaimed: Vec<String>,
}

/// Hands everything over to a process that asks for it, or goes on as before.
pub(super) fn give(house: &Arc<House>, door: &Door, giver: Giver) {
    let hello = giver.hello().clone();
    let next = Next {
        house,
        pid: giver.peer().pid.unwrap_or(hello.pid),
        held: Cell::new(None),
        parted: Cell::new(None),
    };
    let record = &house.parts.record;
    // Whoever sees it under way may call it off: what ended the last one is forgotten before.
    if !record.enter_from(Phase::Serving, Phase::Giving, Some(next.pid), || {
        house.forget_call_off();
    }) {
        let text = "this process is on its way out".to_owned();
        return giver.refuse(&Refusal::Policy { text });
    }
    next.tell(
        "hello",
        &format!(
            "{} {} asks to take over{}",
            hello.version,
            hello.channel,
            house.compared(&hello)
        ),
    );
    // Modules have a say in it, and may panic.
    let text = match guarded(|| Ok(house.suspend())) {
        Ok(Ok(state)) => return hand_over(&next, door, giver, &state),
        // Changes are made as before.
        Ok(Err(text)) => {
            record.enter(Phase::Serving, None);
            text
        }
        Err(mistake) => {
            let text = mistake.to_string();
            house.go_on(&text);
            text
        }
    };
    next.end(&next.outcome(Fate::Refused, Some(text.clone())));
    giver.refuse(&Refusal::Policy { text });
}

/// Up to the end, while no changes are made here.
fn hand_over(next: &Next<'_>, door: &Door, giver: Giver, state: &State) {
    let house = next.house;
    match guarded(|| next.converse(door, giver, state)) {
        Ok((committed, taken)) => next.leave(committed, taken),
        Err(ended) => {
            // First of all somebody must accept; everything else can wait.
            let served = house.parts.record.phase() == Phase::Watching;
            let reason = ended.to_string();
            house.go_on(&reason);
            let fate = if served { Fate::Returned } else { Fate::Failed };
            next.tell(BACK, &format!("this process goes on: {reason}"));
            next.report(next.outcome(fate, Some(reason)));
        }
    }
}

/// A mistake of ours in a handover costs that handover: a thread that only ended would leave this process standing aside.
fn guarded<T>(talk: impl FnOnce() -> Result<T, Ended>) -> Result<T, Ended> {
    // What it may leave half done is put right by going on.
    panic::catch_unwind(AssertUnwindSafe(talk)).unwrap_or_else(|_| {
        Err(Ended::CalledOff {
            step: Step::Hello,
            reason: "a mistake in this program: please report it, with what stands above this in the log"
                .to_owned(),
        })
    })
}

/// Why the next process is sent back, where it does not know.
fn words(ended: &Ended) -> String {
    match ended {
        Ended::CalledOff { reason, .. } => reason.clone(),
        Ended::Worse(worse) => worse.to_string(),
        other => other.to_string(),
    }
}

/// A busy machine holds a process up now and then, so that a short silence says nothing, however short the interval.
fn rules(length: Duration, beat: Duration) -> Rules {
    let usual = Rules::default();
    let silences = SILENCE.as_millis() / beat.as_millis().max(1);
    Rules {
        length,
        beat,
        missed: usual.missed.max(u32::try_from(silences).unwrap_or(u32::MAX)),
        ..usual
    }
}

impl Next<'_> {
    /// Up to the commit.
    fn converse(&self, door: &Door, giver: Giver, state: &State) -> Result<(Committed, Taken), Ended> {
        let house = self.house;
        let loaded = house.parts.in_use().ok_or_else(|| Ended::CalledOff {
            step: Step::Hello,
            reason: "no configuration is in use".to_owned(),
        })?;
        let config = &loaded.config;
        let giving = giver.accept(&house.hello())?;
        let sockets = house.sockets().map_err(|error| Ended::CalledOff {
            step: Step::Listeners,
            reason: format!("no handles of the listeners: {error}"),
        })?;
        let listeners: Vec<_> = sockets
            .iter()
            .map(|(name, socket)| Handing {
                name,
                kind: "tcp",
                socket: socket.as_fd(),
            })
            .collect();
        let warming = giving.hand_over(door, &listeners, state)?;
        // A handle that is kept would keep a queue open that nobody empties.
        drop(sockets);
        self.tell("warming", "it has the listeners and the state, and warms up");
        let ready = warming.ready(config.handover.ready_within, &mut || house.called_off())?;
        let taken = Taken {
            claimed: ready.claimed().to_vec(),
            unclaimed: ready.unclaimed().to_vec(),
        };
        self.tell("ready", "it is ready; this process stops accepting");
        let lately = house.lately();
        if let Err(reason) = house.stand_aside(&taken.claimed) {
            house.accept();
            ready.call_off(&reason);
            let step = Step::Ready;
            return Err(Ended::CalledOff { step, reason });
        }
        let probation = ready.go()?;
        house.parts.record.enter(Phase::Watching, Some(self.pid));
        let length = house.probation(self.pid).unwrap_or(config.handover.probation);
        self.tell("accepting", &format!("it accepts; probation for {length:?}"));
        let trial = Trial::new(rules(length, config.handover.beat), lately, Instant::now());
        let committed = self.watch(door, probation, trial)?;
        Ok((committed, taken))
    }

    fn watch(&self, door: &Door, mut probation: Probation, mut trial: Trial) -> Result<Committed, Ended> {
        let house = self.house;
        loop {
            let beat = match probation.beat(trial.wait(Instant::now())) {
                Ok(beat) => beat,
                Err(ended) => return Err(self.take_back(probation, ended)),
            };
            if let Some(reason) = house.called_off() {
                let step = Step::Probation;
                return Err(self.take_back(probation, Ended::CalledOff { step, reason }));
            }
            if let Some(beat) = &beat {
                self.held.set(Some(beat.open));
                trial.compare(&house.lacking(&beat.down), Instant::now());
            }
            match trial.judge(beat.as_ref(), Instant::now()) {
                Judgement::Wait => {}
                Judgement::Return(worse) => return Err(self.take_back(probation, Ended::Worse(worse))),
                Judgement::Commit => break,
            }
        }
        // From the commit on the next process answers the door: nobody may be half inside here.
        house.shut_door(true);
        probation.commit().map_err(|not| {
            house.accept();
            house.reopen(door);
            self.parted.set(Some(not.parted));
            not.ended
        })
    }

    /// Accepts again, and sends the next process back where that is not what it has asked for.
    fn take_back(&self, probation: Probation, ended: Ended) -> Ended {
        self.house.accept();
        self.parted.set(Some(probation.take_back(&words(&ended))));
        ended
    }

    /// Tells the end of a handover that came to nothing, with what became of the connections of a process that does not stay.
    /// That is known when it has drained; nobody but the operator waits for it, and another switch may begin.
    fn report(&self, mut outcome: Outcome) {
        let house = self.house;
        let record = &house.parts.record;
        record.ended(&outcome);
        let operator = house.release_switch(self.pid);
        let ledger = |parted: Parted| parted.farewell(house.way_out(), &mut || !house.is_told_to_end());
        outcome.ledger = self.parted.take().and_then(ledger);
        if let Some(ledger) = &outcome.ledger {
            log::info!("handover to process {}: it has drained: {ledger}", self.pid);
            record.amend(&outcome);
        }
        tell_end(operator, &outcome);
    }

    /// After the commit: idle connections move, and the last word is what became of all of them.
    fn leave(&self, mut committed: Committed, taken: Taken) {
        let house = self.house;
        let (awaited, awaiting) = awaited();
        let (idle_to, idle_from) = mpsc::channel();
        house.control.move_idle(idle_to);
        let queues: Vec<Name> = taken
            .claimed
            .iter()
            .filter_map(|name| name.strip_prefix(LISTENER)?.parse().ok())
            .collect();
        let mark = house.control.ledger();
        house.leave(&queues);
        house.say(Word::Leaving(Leaving {
            to: self.pid,
            mark,
            awaited,
        }));
        self.tell("committed", "it goes on alone; this process drains");
        for name in &taken.unclaimed {
            log::warn!("handover: the next process does not want {name}: it is closed");
        }
        let ledger = self.move_idle(&mut committed, idle_from, &awaiting);
        let value = ledger.as_ref().map(value);
        let fate = match ledger {
            Some(ledger) if ledger.is_lossless() => Fate::Committed,
            _ => Fate::Lossy,
        };
        let outcome = Outcome {
            unclaimed: taken.unclaimed,
            held: None,
            ledger: value.clone(),
            ..self.outcome(fate, None)
        };
        if let Err(error) = committed.farewell(&value.unwrap_or_default()) {
            log::debug!("handover: no farewell: {error}");
        }
        self.end(&outcome);
        // The main task may end the process now.
        drop(awaiting);
    }

    fn move_idle(
        &self,
        committed: &mut Committed,
        idle: mpsc::Receiver<Idle>,
        awaiting: &Awaiting,
    ) -> Option<Ledger> {
        loop {
            match idle.recv_timeout(LOOK) {
                Ok(one) => match committed.move_connection(one.listener().as_str(), one.stream().as_fd()) {
                    Ok(()) => one.moved(),
                    Err(error) => {
                        log::warn!("handover: idle connections stay here: {error}");
                        break;
                    }
                },
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(ledger) = awaiting.known() {
                        return Some(ledger);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        drop(idle);
        awaiting.wait()
    }

    fn outcome(&self, fate: Fate, reason: Option<String>) -> Outcome {
        Outcome {
            fate,
            reason,
            old: Some(std::process::id()),
            new: Some(self.pid),
            unclaimed: Vec::new(),
            held: self.held.get(),
            ledger: None,
        }
    }

    fn tell(&self, step: &str, text: &str) {
        log::info!("handover to process {}: {text}", self.pid);
        self.house.tell(self.pid, step, text);
    }

    fn end(&self, outcome: &Outcome) {
        self.house.parts.record.ended(outcome);
        tell_end(self.house.release_switch(self.pid), outcome);
    }
}
