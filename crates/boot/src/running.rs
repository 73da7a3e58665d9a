use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::job::Job;
use crate::outcome::Chain;
use crate::unit::{Check, Step};
use crate::{Cause, Outcome, Outcomes, Report, Stuck, Unit};

#[cfg(test)]
mod tests;

/// Units that are up. Dropping it stops nothing: call [`Running::stop`].
#[must_use = "dropping it stops nothing"]
#[derive(Debug)]
pub struct Running {
    stops: Vec<Stop>,
    probes: Probes,
    report: Report,
}

impl Running {
    /// The units must be in the order of start.
    pub(crate) fn new(units: impl Iterator<Item = Unit>, report: Report) -> Self {
        let (probes, stops) = units
            .map(|mut unit| (Probe::new(&mut unit), Stop::from(unit)))
            .unzip();
        Self {
            stops,
            probes: Probes(Arc::new(probes)),
            report,
        }
    }

    /// When each unit began to come up, how long it took, and what determined the total.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Asks every unit how it is; see [`Probes::ask`].
    pub async fn health(&self) -> Outcomes {
        self.probes.ask().await
    }

    /// What asks the units how they are, for a place that must not own them: an admin page.
    pub fn probes(&self) -> Probes {
        self.probes.clone()
    }

    /// Stops every unit, one after the other, in the reverse order of start.
    ///
    /// One that fails, panics or overruns its limit does not keep the others from being stopped. Dropping the future
    /// leaves the rest as they are, so let it run to its end.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without a time driver.
    pub async fn stop(self) -> Outcomes {
        stop_in_reverse(self.stops).await
    }
}

/// How a unit that is up is stopped.
pub(crate) struct Stop {
    unit: Arc<str>,
    limit: Duration,
    step: Option<Step>,
}

impl From<Unit> for Stop {
    fn from(unit: Unit) -> Self {
        Self {
            unit: unit.name,
            limit: unit.limit,
            step: unit.stop,
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop")
            .field("unit", &self.unit)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

pub(crate) async fn stop_in_reverse(stops: Vec<Stop>) -> Outcomes {
    let mut outcomes = Outcomes(Vec::with_capacity(stops.len()));
    for Stop { unit, limit, step } in stops.into_iter().rev() {
        let outcome = take(unit, limit, step).await;
        match &outcome.result {
            Ok(()) => log::debug!("unit `{}` is stopped after {:?}", outcome.unit, outcome.took),
            Err(cause) => log::warn!("unit `{}` did not stop: {}", outcome.unit, Chain(cause)),
        }
        outcomes.0.push(outcome);
    }
    outcomes
}

async fn take(unit: Arc<str>, limit: Duration, step: Option<Step>) -> Outcome {
    let Some(step) = step else {
        return Outcome {
            unit,
            took: Duration::ZERO,
            result: Ok(()),
        };
    };
    let ended = Job::begin(&unit, limit, step).await;
    Outcome {
        unit,
        took: ended.took,
        result: ended.result,
    }
}

/// Asks running units how they are; cheap to clone.
#[derive(Debug, Clone)]
pub struct Probes(Arc<Vec<Probe>>);

impl Probes {
    /// Asks every unit at once; the answers are in the order of start, and there within the longest limit.
    ///
    /// A unit is never asked twice at once: who comes second waits for the first within the limit. Thereby one that
    /// blocks costs one thread, however often it is asked.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without a time driver.
    pub async fn ask(&self) -> Outcomes {
        Outcomes(join(self.0.iter().map(Probe::ask)).await)
    }
}

struct Probe {
    unit: Arc<str>,
    limit: Duration,
    check: Option<Check>,
    /// One permit; an asking thread holds it until it really ends, also when nobody waits for it any more.
    turn: Arc<Semaphore>,
}

impl Probe {
    fn new(unit: &mut Unit) -> Self {
        Self {
            unit: Arc::clone(&unit.name),
            limit: unit.limit,
            check: unit.health.take(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    async fn ask(&self) -> Outcome {
        let unit = Arc::clone(&self.unit);
        let Some(check) = self.check.clone() else {
            return take(unit, self.limit, None).await;
        };
        let began = Instant::now();
        let Ok(turn) = timeout(self.limit, Arc::clone(&self.turn).acquire_owned()).await else {
            let result = Err(Cause::Overran {
                limit: self.limit,
                stuck: Stuck::Blocking,
            });
            return Outcome {
                unit,
                took: began.elapsed(),
                result,
            };
        };
        let step: Step = Box::new(move || {
            Box::pin(async move {
                let _turn = turn;
                check().await
            })
        });
        let left = self.limit.saturating_sub(began.elapsed());
        let result = match take(Arc::clone(&unit), left, Some(step)).await.result {
            // The limit that people know, not what the wait for the turn left of it.
            Err(Cause::Overran { stuck, .. }) => Err(Cause::Overran {
                limit: self.limit,
                stuck,
            }),
            result => result,
        };
        Outcome {
            unit,
            took: began.elapsed(),
            result,
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probe")
            .field("unit", &self.unit)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Awaits all of the futures side by side; the results are in the order of the futures.
async fn join<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<Pin<Box<F>>> = futures.map(Box::pin).collect();
    let mut results: Vec<Option<F::Output>> = futures.iter().map(|_| None).collect();
    poll_fn(|cx| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(ready) = future.as_mut().poll(cx)
            {
                *result = Some(ready);
            }
        }
        if results.iter().all(Option::is_some) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    results.into_iter().flatten().collect()
}
