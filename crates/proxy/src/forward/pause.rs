//! The wait before a retry.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::client::Client;
use crate::random;

/// Waits for a random part of this time, so that those who failed together do not come back together; whether the client is
/// still there.
pub(super) async fn pause<C: Client>(client: &mut C, longest: Duration) -> bool {
    let mut sleep = std::pin::pin!(tokio::time::sleep(part(longest, random::next())));
    poll_fn(|cx| {
        client.timer().wakes(cx);
        if sleep.as_mut().poll(cx).is_ready() || client.timer().has_ended() {
            return Poll::Ready(true);
        }
        if client.is_read() && client.poll_gone(cx).is_ready() {
            return Poll::Ready(false);
        }
        Poll::Pending
    })
    .await
}

/// A part of this time, each as likely as any other where each number is.
fn part(longest: Duration, random: u64) -> Duration {
    let part = (random >> 32) as u32;
    longest.mul_f64(f64::from(part) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_millis(25);

    #[test]
    fn the_parts_are_spread_evenly_from_none_to_all() {
        let fifths = (0..=5).map(|fifth| part(LONGEST, u64::MAX / 5 * fifth));
        let millis: Vec<_> = fifths.map(|part| (part.as_secs_f64() * 1e3).round()).collect();

        assert_eq!(millis, [0.0, 5.0, 10.0, 15.0, 20.0, 25.0]);
        assert_eq!(
            (part(LONGEST, 0), part(LONGEST, u64::MAX)),
            (Duration::ZERO, LONGEST)
        );
    }

    #[test]
    fn those_who_failed_together_come_back_one_after_the_other() {
        let mut hits = [0; 10];

        for _ in 0..1_000 {
            let micros = part(LONGEST, random::next()).as_micros();
            hits[(micros / 2_500).min(9) as usize] += 1;
        }

        assert!(hits.iter().all(|hits| (50..=150).contains(hits)), "{hits:?}");
    }
}
