//! How an endpoint stands, as its health checks have found it.

use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicBool, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::time::{Duration, Instant};

/// Written by whoever checks an endpoint, read by every worker before it draws. It is kept from one configuration to the next
/// for as long as the endpoint is.
#[derive(Debug)]
pub(crate) struct Standing {
    is_sick: AtomicBool,
    /// When the endpoint came, or was last found healthy again: in milliseconds of [`uptime`].
    since: AtomicU64,
}

/// How often any endpoint of the process was found otherwise than before. What a worker has made of standings holds until
/// this changes: one load of a line that is hardly ever written, instead of one for each endpoint.
static NEWS: AtomicU32 = AtomicU32::new(0);

impl Default for Standing {
    fn default() -> Self {
        Self {
            is_sick: AtomicBool::new(false),
            since: AtomicU64::new(uptime().as_millis() as u64),
        }
    }
}

impl Standing {
    /// Whether it may be asked: its checks have not failed, or there are none.
    #[inline]
    pub(crate) fn is_healthy(&self) -> bool {
        !self.is_sick.load(Relaxed)
    }

    /// What its checks have found; whether that is news.
    pub(crate) fn found(&self, healthy: bool) -> bool {
        let is_news = self.is_sick.swap(!healthy, Relaxed) == healthy;
        if is_news {
            if healthy {
                self.since.store(uptime().as_millis() as u64, Relaxed);
            }
            // Who sees this sees what was stored before.
            NEWS.fetch_add(1, Release);
        }
        is_news
    }

    /// For how long, at that time, it has been there and healthy without a break.
    pub(crate) fn age(&self, uptime: Duration) -> Duration {
        uptime.saturating_sub(Duration::from_millis(self.since.load(Relaxed)))
    }
}

/// Changes whenever an endpoint is found otherwise than before.
#[inline]
pub(crate) fn news() -> u32 {
    NEWS.load(Acquire)
}

/// How long there have been standings in this process: the clock that they are measured by, since each worker's has its own
/// beginning.
pub(crate) fn uptime() -> Duration {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    BEGINNING.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_healthy_until_it_is_found_otherwise() {
        let standing = Standing::default();

        let at_first = standing.is_healthy();
        let news = [true, false, false, true].map(|healthy| standing.found(healthy));

        assert!(at_first && standing.is_healthy());
        assert_eq!(news, [false, true, false, true]);
    }

    #[test]
    fn news_are_told_and_what_was_known_is_none() {
        let standing = Standing::default();
        let before = news();

        standing.found(false);

        // Other tests find things out meanwhile.
        assert_ne!(news(), before);
    }

    #[test]
    fn an_endpoint_is_as_old_as_its_latest_recovery() {
        let standing = Standing::default();
        let beginning = Duration::from_millis(standing.since.load(Relaxed));
        let minute = Duration::from_secs(60);

        let age = standing.age(beginning + minute);
        standing
            .since
            .store((beginning + minute).as_millis() as u64, Relaxed);
        standing.found(false);
        standing.found(true);

        assert_eq!(age, minute);
        assert!(standing.age(uptime()) < minute && standing.age(Duration::ZERO).is_zero());
    }
}
