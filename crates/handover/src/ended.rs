use std::fmt;
use std::time::Duration;

use crate::LinkError;

/// A step of the handover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Who is who.
    Hello,
    /// The sockets.
    Listeners,
    /// What the modules know.
    State,
    /// The new process warms up.
    Ready,
    /// It begins to accept.
    Accepting,
    /// It serves, and is watched.
    Probation,
    /// It confirms that it goes on alone.
    Commit,
    /// Idle connections move, the old process drains.
    Farewell,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello => "hello",
            Self::Listeners => "listeners",
            Self::State => "state",
            Self::Ready => "ready",
            Self::Accepting => "accepting",
            Self::Probation => "probation",
            Self::Commit => "commit",
            Self::Farewell => "farewell",
        })
    }
}

/// Why a handover ended before the commit, as the old process sees it: it goes on as before.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The new process closed the connection without a word: it crashed or was killed.
    #[error("the new process died (step {step})")]
    Died {
        /// In which step.
        step: Step,
    },
    /// Nothing came for too long.
    #[error("the new process was silent for {limit:?} (step {step})")]
    Silent {
        /// In which step.
        step: Step,
        /// What its limit was.
        limit: Duration,
    },
    /// The new process found by itself that it cannot serve.
    #[error("the new process gave up (step {step}): {reason}")]
    GaveUp {
        /// In which step.
        step: Step,
        /// Why, in its own words.
        reason: String,
    },
    /// The old process called it off.
    #[error("called off (step {step}): {reason}")]
    CalledOff {
        /// In which step.
        step: Step,
        /// Why.
        reason: String,
    },
    /// The new process served worse than the old one.
    #[error("the new process serves worse: {0}")]
    Worse(crate::Worse),
    /// What came was no message of this step.
    #[error("the conversation broke (step {step})")]
    Broken {
        /// In which step.
        step: Step,
        /// How.
        source: LinkError,
    },
}
