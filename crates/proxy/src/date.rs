//! The date of answers that have none: made once a second for each thread.

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

thread_local! {
    static NOW: Cell<(u64, [u8; 29])> = const { Cell::new((u64::MAX, [0; 29])) };
}

/// Now, as `Date` has it (RFC 9110, section 5.6.7).
pub(crate) fn now() -> [u8; 29] {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let second = since.map_or(0, |since| since.as_secs());
    let (made, text) = NOW.get();
    if made == second {
        return text;
    }
    let text = format(second);
    NOW.set((second, text));
    text
}

#[cold]
fn format(second: u64) -> [u8; 29] {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + std::time::Duration::from_secs(second));
    // Its length is the same for every date of four-digit years.
    date.as_bytes()
        .try_into()
        .unwrap_or(*b"Thu, 01 Jan 1970 00:00:00 GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_the_preferred_format() {
        assert_eq!(&format(784_111_777), b"Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
