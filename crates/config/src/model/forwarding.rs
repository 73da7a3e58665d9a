//! How a lane's endpoints are asked: which one, for how long, how often, and who answers where none can.

use std::time::Duration;

use graylane_core::Weight;

/// What becomes of the exchanges of a lane, other than baseline, of which no endpoint can be asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LaneFallback {
    /// The baseline lane answers them.
    #[default]
    Baseline,
    /// They fail.
    Fail,
}

/// `[services.<name>.timeouts]`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect to an endpoint; `None`: [`crate::Limits::connect_time`].
    pub connect: Option<Duration>,
    /// From the request sent to one endpoint to the head of its answer; `None`: [`crate::Limits::response_time`].
    pub attempt: Option<Duration>,
    /// From the head of the request to the head of the answer, everything that was tried included; `None`: no limit.
    pub exchange: Option<Duration>,
}

/// `[services.<name>.retries]`: what an endpoint may have seen, asked of another one. What no endpoint can have seen is
/// always asked of another, whatever stands here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// For one exchange; default 1.
    pub times: u8,
    /// The share of a lane's exchanges that may be retried; default 20 %.
    pub budget: Weight,
    /// After what; default: a connection that broke.
    pub on: RetryOn,
    /// The longest wait before the first retry, doubled for each further one; default 10 ms. Each wait is drawn anew from
    /// zero to that.
    pub backoff: Duration,
    /// What the doubling ends at; default 250 ms.
    pub max_backoff: Duration,
}

/// A set of reasons for another try.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RetryOn(u8);

impl RetryOn {
    /// Nothing.
    pub const NOTHING: Self = Self(0);
    /// The connection broke before the head of an answer, or what came was not HTTP.
    pub const BROKEN: Self = Self(1);
    /// No answer came in time.
    pub const TIMEOUT: Self = Self(2);

    /// The reason that a status is, if it is one.
    pub const fn status(status: u16) -> Self {
        match status {
            502 => Self(4),
            503 => Self(8),
            504 => Self(16),
            _ => Self::NOTHING,
        }
    }

    /// The reason of that name in a configuration.
    pub(crate) fn word(word: &str) -> Option<Self> {
        Some(match word {
            "broken" => Self::BROKEN,
            "timeout" => Self::TIMEOUT,
            "502" | "503" | "504" => Self::status(word.parse().ok()?),
            _ => return None,
        })
    }

    /// What is in this set or in the other.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is about an answer that came.
    pub const fn is_status(self) -> bool {
        self.0 & !(Self::BROKEN.0 | Self::TIMEOUT.0) != 0
    }

    /// Whether a reason is in both.
    #[inline]
    pub const fn has(self, reason: Self) -> bool {
        self.0 & reason.0 != 0
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            times: 1,
            budget: Weight::from_steps(20_000).unwrap_or(Weight::ZERO),
            on: RetryOn::BROKEN,
            backoff: Duration::from_millis(10),
            max_backoff: Duration::from_millis(250),
        }
    }
}
