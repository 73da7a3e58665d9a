//! Names of fields that were seen before.

use std::cell::RefCell;

use http::header::{HeaderName, InvalidHeaderName};

/// Names that a thread remembers: one for each place, the latest.
const PLACES: usize = 128;
/// Longer ones are rare, and would be kept for nothing.
const LONGEST: usize = 64;

thread_local! {
    static SEEN: RefCell<[Option<HeaderName>; PLACES]> = const { RefCell::new([const { None }; PLACES]) };
}

/// The name with this spelling. One that is spelled as `http` writes it, in small letters, is parsed and given memory the
/// first time only.
#[inline]
pub(super) fn name(spelling: &[u8]) -> Result<HeaderName, InvalidHeaderName> {
    let place = place(spelling);
    let seen = SEEN.try_with(|seen| match &seen.borrow()[place] {
        Some(name) if name.as_str().as_bytes() == spelling => Some(name.clone()),
        _ => None,
    });
    match seen {
        Ok(Some(name)) => Ok(name),
        _ => learn(spelling, place),
    }
}

#[cold]
fn learn(spelling: &[u8], place: usize) -> Result<HeaderName, InvalidHeaderName> {
    let name = HeaderName::from_bytes(spelling)?;
    if spelling.len() <= LONGEST && name.as_str().as_bytes() == spelling {
        // A thread that ends remembers nothing any more.
        let _ = SEEN.try_with(|seen| seen.borrow_mut()[place] = Some(name.clone()));
    }
    Ok(name)
}

#[inline]
fn place(spelling: &[u8]) -> usize {
    let at = |at: usize| spelling.get(at).map_or(0, |&byte| usize::from(byte));
    let length = spelling.len();
    (at(0) + at(length / 2) * 5 + at(length.saturating_sub(1)) * 11 + length * 17) % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_whether_it_was_seen_before_or_not() {
        let spellings: [&[u8]; 6] = [b"host", b"x-user-id", b"Host", b"X-User-Id", b"x", &[b'a'; 65]];
        for spelling in spellings.iter().cycle().take(60) {
            assert_eq!(name(spelling).unwrap(), HeaderName::from_bytes(spelling).unwrap());
        }
        for wrong in [&b""[..], b"a b", b"a\r", b"\xff"] {
            assert!(name(wrong).is_err() && name(wrong).is_err());
        }
    }

    #[test]
    fn two_names_of_one_place_are_told_apart() {
        // The same length, first, middle and last letter.
        let (one, other) = (&b"x-abc-d-efg"[..], &b"x-xbc-d-efg"[..]);
        assert_eq!(place(one), place(other));

        for _ in 0..3 {
            assert_eq!(name(one).unwrap().as_str().as_bytes(), one);
            assert_eq!(name(other).unwrap().as_str().as_bytes(), other);
        }
    }
}
