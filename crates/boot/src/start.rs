use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::graph::Front;
use crate::job::{Ended, Job};
use crate::outcome::Chain;
use crate::running::{Stop, stop_in_reverse};
use crate::{Cause, Graph, Outcome, Outcomes, Report, Running, Timing, Unit};

#[cfg(test)]
mod tests;

/// Why a start was aborted, and what became of the units that had begun.
#[derive(Debug, thiserror::Error)]
#[error("unit `{unit}` did not start")]
pub struct StartError {
    /// The unit that failed first.
    pub unit: Arc<str>,
    /// Why.
    #[source]
    pub cause: Cause,
    /// The units that were coming up at that time and did not: mostly [`Cause::Cancelled`].
    pub others: Outcomes,
    /// The units that were up, as they were stopped: in the reverse order of start.
    pub stopped: Outcomes,
}

impl Graph {
    /// Starts every unit as soon as its requirements are up, independent ones side by side.
    ///
    /// After a failure the units still coming up are cancelled and waited for within what is left of their limits: one
    /// that is up after all is stopped like the others. Dropping the future cancels those coming up but stops
    /// nothing, so let it run to its end.
    ///
    /// # Errors
    /// A unit failed, panicked or overran its limit. Everything that was up has been stopped.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without a time driver.
    pub async fn start(self) -> Result<Running, StartError> {
        let mut start = Start::new(self);
        loop {
            start.begin_free();
            if start.jobs.is_empty() {
                return Ok(start.finish());
            }
            let (unit, ended) = start.next_ended().await;
            match ended.result {
                Ok(()) => start.up(unit, ended.took),
                Err(cause) => return Err(start.abort(unit, cause).await),
            }
        }
    }
}

/// A start under way. Units are named by their place in the order of declaration.
struct Start {
    graph: Graph,
    front: Front,
    began: Instant,
    /// Those that have begun, in that order, with the time.
    begun: Vec<(usize, Duration)>,
    /// How long each took that is up.
    took: Vec<Option<Duration>>,
    /// Those coming up, in the order in which they began.
    jobs: Vec<(usize, Job)>,
}

impl Start {
    fn new(graph: Graph) -> Self {
        Self {
            front: Front::new(&graph.links),
            began: Instant::now(),
            begun: Vec::with_capacity(graph.units.len()),
            took: vec![None; graph.units.len()],
            jobs: Vec::new(),
            graph,
        }
    }

    /// Begins every unit whose requirements are up.
    fn begin_free(&mut self) {
        while let Some(place) = self.front.next() {
            self.begun.push((place, self.began.elapsed()));
            let unit = &mut self.graph.units[place];
            match unit.init.take() {
                Some(init) => self.jobs.push((place, Job::begin(&unit.name, unit.limit, init))),
                None => self.up(place, Duration::ZERO),
            }
        }
    }

    /// The next unit that ended; of several at once the one that began first.
    async fn next_ended(&mut self) -> (usize, Ended) {
        poll_fn(|cx| {
            for index in 0..self.jobs.len() {
                let (place, job) = &mut self.jobs[index];
                if let Poll::Ready(ended) = Pin::new(job).poll(cx) {
                    let place = *place;
                    self.jobs.remove(index);
                    return Poll::Ready((place, ended));
                }
            }
            Poll::Pending
        })
        .await
    }

    fn up(&mut self, place: usize, took: Duration) {
        log::debug!("unit `{}` is up after {took:?}", self.graph.units[place].name);
        self.took[place] = Some(took);
        self.front.up(place, &self.graph.links);
    }

    fn finish(self) -> Running {
        let timings = self.begun.iter().map(|&(place, at)| {
            let unit = &self.graph.units[place];
            Timing {
                unit: Arc::clone(&unit.name),
                requires: unit.requires.clone(),
                at,
                // Without a job under way each unit that began is up, and the graph has no circle, so each began.
                took: self.took[place].unwrap_or_default(),
            }
        });
        let report = Report::new(timings.collect());
        Running::new(self.into_started(), report)
    }

    async fn abort(mut self, failed: usize, cause: Cause) -> StartError {
        let unit = Arc::clone(&self.graph.units[failed].name);
        if !self.jobs.is_empty() {
            // Said at once: to wait for the others may take as long as the longest limit.
            log::warn!("the start is aborted: unit `{unit}`: {}", Chain(&cause));
        }
        for (_, job) in &mut self.jobs {
            job.cancel();
        }
        let mut others = Outcomes::default();
        while !self.jobs.is_empty() {
            let (place, Ended { took, result }) = self.next_ended().await;
            match result {
                Ok(()) => self.up(place, took),
                Err(_) => {
                    let unit = Arc::clone(&self.graph.units[place].name);
                    others.0.push(Outcome { unit, took, result });
                }
            }
        }
        let stopped = stop_in_reverse(self.into_started().map(Stop::from).collect()).await;
        StartError {
            unit,
            cause,
            others,
            stopped,
        }
    }

    /// The units that are up, in the order in which they began.
    fn into_started(self) -> impl Iterator<Item = Unit> {
        let mut units: Vec<Option<Unit>> = self.graph.units.into_iter().map(Some).collect();
        let took = self.took;
        self.begun
            .into_iter()
            .filter_map(move |(place, _)| took[place].and(units[place].take()))
    }
}
