//! The wait before a retry.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use crate::client::Client;
use crate::random;

/// Waits for a random part of this time, so that those who failed together do not come back together; whether the client is
/// still there.
pub(super) async fn pause<C: Client>(client: &mut C, longest: Duration) -> bool {
    let part = (random::next() >> 32) as u32;
    let time = longest.mul_f64(f64::from(part) / f64::from(u32::MAX));
    let mut sleep = std::pin::pin!(tokio::time::sleep(time));
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
