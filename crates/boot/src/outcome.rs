use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::BoxError;

/// What an overrun step was doing at its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stuck {
    /// It waited at an `await`; it was cancelled.
    Waiting,
    /// It blocked its thread; it was abandoned together with the thread.
    Blocking,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting => "still waits",
            Self::Blocking => "blocks its thread",
        })
    }
}

/// Why a step of a unit did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The unit said so.
    #[error(transparent)]
    Failed(BoxError),
    /// It panicked, with this message.
    #[error("panicked: {0}")]
    Panicked(String),
    /// It did not end within its limit.
    #[error("did not end within {limit:?} and {stuck}")]
    Overran {
        /// The unit's limit.
        limit: Duration,
        /// What it was doing at that time.
        stuck: Stuck,
    },
    /// It was cancelled because another unit failed.
    #[error("cancelled because another unit failed")]
    Cancelled,
    /// The system gave it no thread.
    #[error("no thread to run on")]
    NoThread(#[source] io::Error),
}

/// How one step of one unit ended.
#[derive(Debug)]
pub struct Outcome {
    /// The unit's name.
    pub unit: Arc<str>,
    /// How long the step took, or was waited for.
    pub took: Duration,
    /// What came of it.
    pub result: Result<(), Cause>,
}

/// How the same step of several units ended, in the order in which it was taken.
///
/// Displayed as an aligned table with one unit a line.
#[derive(Debug, Default)]
pub struct Outcomes(pub Vec<Outcome>);

impl Outcomes {
    /// Whether every step succeeded.
    pub fn all_good(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The units whose step did not succeed, with the cause.
    pub fn failures(&self) -> impl Iterator<Item = (&str, &Cause)> {
        self.0
            .iter()
            .filter_map(|outcome| Some((&*outcome.unit, outcome.result.as_ref().err()?)))
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .0
            .iter()
            .map(|outcome| outcome.unit.chars().count())
            .max()
            .unwrap_or(0)
            .max("unit".len());
        let took = self
            .0
            .iter()
            .map(|outcome| millis(outcome.took).len())
            .max()
            .unwrap_or(0)
            .max("took".len());
        write!(f, "{:name$}  {:>took$}  result", "unit", "took")?;
        for outcome in &self.0 {
            write!(f, "\n{:name$}  {:>took$}  ", outcome.unit, millis(outcome.took))?;
            match &outcome.result {
                Ok(()) => f.write_str("good")?,
                Err(cause) => write!(f, "{}", Chain(cause))?,
            }
        }
        Ok(())
    }
}

/// An error with all that led to it, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// A time as people read it in a report: to a tenth of a millisecond.
pub(crate) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
