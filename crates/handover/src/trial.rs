use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{Verdict, upper_share};

/// What a process has served, in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Exchanges of a lane that ended.
    pub exchanges: u64,
    /// Those of them that ended with a 5xx, of the process's own or of an endpoint.
    pub errors: u64,
    /// Requests that came to no lane: refused as malformed, or for want of a service.
    pub refused: u64,
}

impl Served {
    /// What came after this.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            exchanges: self.exchanges.saturating_sub(before.exchanges),
            errors: self.errors.saturating_sub(before.errors),
            refused: self.refused.saturating_sub(before.refused),
        }
    }

    /// All requests.
    fn requests(self) -> u64 {
        self.exchanges.saturating_add(self.refused)
    }
}

/// A sign of life of the new process: totals since it began to accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// As in [`Served`].
    pub exchanges: u64,
    /// As in [`Served`].
    pub errors: u64,
    /// As in [`Served`].
    #[serde(default)]
    pub refused: u64,
    /// Connections of clients that it holds.
    #[serde(default)]
    pub open: u64,
    /// Whether it finds itself able to serve.
    pub healthy: bool,
    /// Why it does not.
    #[serde(default)]
    pub note: Option<String>,
    /// The lanes for which its checks find no healthy endpoint.
    #[serde(default)]
    pub down: Vec<Down>,
}

impl Beat {
    fn served(&self) -> Served {
        Served {
            exchanges: self.exchanges,
            errors: self.errors,
            refused: self.refused,
        }
    }
}

/// A lane without a healthy endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// The lane.
    pub lane: String,
    /// How long its checks may take to find out what an endpoint has become, in milliseconds.
    pub settles_millis: u64,
}

/// A lane that is down there and not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The lane.
    pub lane: String,
    /// How long two that check the same endpoints may take to agree. What stays longer is no accident.
    pub settles: Duration,
}

/// How the new process is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// How long the probation lasts. Default: 30 s.
    pub length: Duration,
    /// How often it gives a sign of life. Default: 500 ms.
    pub beat: Duration,
    /// How many of these may fail to come in a row. Default: 6.
    pub missed: u32,
    /// How many unhealthy ones in a row are too many. Default: 3.
    pub unhealthy: u32,
    /// The chance to send back a process that is no worse. Default: 0.001.
    pub alpha: f64,
    /// The share of errors that is no reason to send anything back, whatever the old process had. Default: 0.01.
    pub floor: f64,
    /// The same for requests that are refused: mostly it is their clients who are at fault, so this is for a process that
    /// does not know its services, or its protocol. Default: 0.5.
    pub refused_floor: f64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            length: Duration::from_secs(30),
            beat: Duration::from_millis(500),
            missed: 6,
            unhealthy: 3,
            alpha: 0.001,
            floor: 0.01,
            refused_floor: 0.5,
        }
    }
}

/// What the trial has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// Nothing yet.
    Wait,
    /// The new process stays.
    Commit,
    /// It goes.
    Return(Worse),
}

/// In what way the new process is worse.
#[derive(Clone, Debug, PartialEq)]
pub enum Worse {
    /// It gives no sign of life.
    Silent {
        /// For so long.
        since: Duration,
    },
    /// It finds itself unable to serve.
    Unhealthy {
        /// Why, in its own words.
        note: String,
    },
    /// It finds no healthy endpoint for a lane that has one for the old process.
    Lacking {
        /// The lane,
        lane: String,
        /// for so long.
        since: Duration,
    },
    /// It has more errors than the old one.
    Errors {
        /// Its errors,
        errors: u64,
        /// of so many exchanges,
        exchanges: u64,
        /// where this share would have been no worse.
        allowed: f64,
    },
    /// It refuses more requests than the old one.
    Refuses {
        /// It refused these,
        refused: u64,
        /// of so many requests,
        requests: u64,
        /// where this share would have been no worse.
        allowed: f64,
    },
}

impl fmt::Display for Worse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silent { since } => write!(f, "no sign of life for {since:?}"),
            Self::Unhealthy { note } => write!(f, "it is not healthy: {note}"),
            Self::Lacking { lane, since } => write!(
                f,
                "lane {lane} has no healthy endpoint there for {since:.1?}, and has one here"
            ),
            Self::Errors {
                errors,
                exchanges,
                allowed,
            } => write!(
                f,
                "{errors} of {exchanges} exchanges failed, where up to {:.1} % were expected",
                allowed * 100.0
            ),
            Self::Refuses {
                refused,
                requests,
                allowed,
            } => write!(
                f,
                "{refused} of {requests} requests were refused, where up to {:.1} % were expected",
                allowed * 100.0
            ),
        }
    }
}

/// The probation, judged: a machine without a clock of its own.
///
/// One that serves nothing in its probation passes it: where there is no traffic nobody can be hurt, and waiting for some
/// would leave two processes in place.
#[derive(Debug)]
pub struct Trial {
    rules: Rules,
    errors: Verdict,
    refusals: Verdict,
    begun: Instant,
    /// The last sign of life and when it came; the begin, before the first.
    last: Instant,
    served: Served,
    unhealthy: u32,
    /// Lanes that are down there and not here, since when, and how long they may be.
    lacking: BTreeMap<String, (Instant, Duration)>,
}

impl Trial {
    /// Begins. The new process is compared with what the old one served `lately`.
    #[must_use]
    pub fn new(rules: Rules, lately: Served, now: Instant) -> Self {
        let share = |all, some| match all {
            ..ENOUGH => UNKNOWN,
            _ => upper_share(all, some, DELTA),
        };
        let errors = share(lately.exchanges, lately.errors);
        // Where nobody has asked for anything real, those who are refused would be all there are: a process is not sent back
        // because somebody scans its address at night.
        let refused = match lately.exchanges {
            ..ENOUGH => 1.0,
            _ => share(lately.requests(), lately.refused),
        };
        // The two share the chance to send back a process that is no worse.
        let alpha = rules.alpha / 2.0;
        Self {
            rules,
            errors: Verdict::new(errors.max(rules.floor), alpha),
            refusals: Verdict::new(refused.max(rules.refused_floor), alpha),
            begun: now,
            last: now,
            served: Served::default(),
            unhealthy: 0,
            lacking: BTreeMap::new(),
        }
    }

    /// Takes the lanes that are down there and not here, by the last sign of life.
    ///
    /// The probation does not end before each that is down at its end is up again, or has been down for too long; what only
    /// then goes down holds nothing up, so that it does end. A lane whose checks take longer than both the probation and
    /// a minute tells nothing in time, and is not looked at.
    pub fn compare(&mut self, lacking: &[Lacking], now: Instant) {
        self.lacking
            .retain(|lane, _| lacking.iter().any(|one| one.lane == *lane));
        let in_time = self.rules.length.max(LONGEST);
        if self.is_over(now) {
            return;
        }
        for one in lacking.iter().filter(|one| one.settles <= in_time) {
            let entry = self.lacking.entry(one.lane.clone());
            entry.or_insert((now, one.settles));
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) >= self.rules.length
    }

    /// Takes a sign of life, or that none came (`None`), and judges.
    pub fn judge(&mut self, beat: Option<&Beat>, now: Instant) -> Judgement {
        let worse = match beat {
            Some(beat) => self.hear(beat, now),
            None => self.miss(now),
        };
        if let Some(worse) = worse {
            return Judgement::Return(worse);
        }
        // One that is unhealthy at the end gets the signs of life that it takes to tell a fit from a disease; and one that
        // says nothing just then may have died.
        let well = self.unhealthy == 0 && self.lacking.is_empty();
        match self.is_over(now) && beat.is_some() && well {
            true => Judgement::Commit,
            false => Judgement::Wait,
        }
    }

    /// When to judge again if no sign of life comes: the interval of the beats, or what is left of the probation.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Duration {
        let left = self
            .rules
            .length
            .saturating_sub(now.saturating_duration_since(self.begun));
        match left.is_zero() {
            true => self.rules.beat,
            false => left.min(self.rules.beat),
        }
    }

    fn hear(&mut self, beat: &Beat, now: Instant) -> Option<Worse> {
        let served = beat.served();
        let more = served.since(self.served);
        self.errors.see(more.exchanges, more.errors);
        self.refusals.see(more.requests(), more.refused);
        (self.last, self.served) = (now, served);
        if self.errors.fires() {
            return Some(Worse::Errors {
                errors: served.errors,
                exchanges: served.exchanges,
                allowed: self.errors.allowed(),
            });
        }
        if self.refusals.fires() {
            return Some(Worse::Refuses {
                refused: served.refused,
                requests: served.requests(),
                allowed: self.refusals.allowed(),
            });
        }
        if let Some(worse) = self.lacks(now) {
            return Some(worse);
        }
        self.unhealthy = match beat.healthy {
            true => 0,
            false => self.unhealthy + 1,
        };
        (self.unhealthy >= self.rules.unhealthy.max(1)).then(|| Worse::Unhealthy {
            note: beat
                .note
                .clone()
                .unwrap_or_else(|| "it does not say why".to_owned()),
        })
    }

    fn lacks(&self, now: Instant) -> Option<Worse> {
        let mut lanes = self.lacking.iter();
        lanes.find_map(|(lane, (begun, settles))| {
            let since = now.saturating_duration_since(*begun);
            (since >= *settles).then(|| Worse::Lacking {
                lane: lane.clone(),
                since,
            })
        })
    }

    fn miss(&self, now: Instant) -> Option<Worse> {
        let since = now.saturating_duration_since(self.last);
        (since >= self.rules.beat.saturating_mul(self.rules.missed.max(1))).then_some(Worse::Silent { since })
    }
}

/// How long a probation may go on for the checks of a lane to settle.
const LONGEST: Duration = Duration::from_secs(60);
/// The chance that the share of the old process is larger than what it is taken for.
const DELTA: f64 = 0.05;
/// Of fewer exchanges nothing is concluded, and the share of the old process counts as
const ENOUGH: u64 = 20;
/// this one: a new process whose every exchange fails goes even where the old one had nothing to do.
const UNKNOWN: f64 = 0.5;

#[cfg(test)]
mod tests;
