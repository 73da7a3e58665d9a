//! Upstreams that fail: what is tried again, what never is, and what the client gets.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod allowed;
mod connections;
mod times;

/// A service that retries so often after all that it can, out of a budget that does not end.
pub(crate) fn retrying(times: u8) -> String {
    format!(
        "retries = {{ times = {times}, budget = 100, backoff = \"1ms\", \
         on = [\"broken\", \"timeout\", \"502\", \"503\", \"504\"] }}"
    )
}
