use std::cmp::Ordering;

use crate::operator::{Datum, number};

/// Whether two strings, or parts of them, are the same. Strings of rules and fields are short, and a call to compare them costs more than
/// the comparison: they are compared as words, of which the last two overlap.
#[inline(always)]
pub(crate) fn same(a: &(impl AsRef<[u8]> + ?Sized), b: &(impl AsRef<[u8]> + ?Sized)) -> bool {
    let (a, b) = (a.as_ref(), b.as_ref());
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => a.first_chunk::<8>() == b.first_chunk() && a.last_chunk::<8>() == b.last_chunk(),
        17.. => {
            let (words, others) = (a.as_chunks::<8>().0, b.as_chunks::<8>().0);
            a.last_chunk::<8>() == b.last_chunk() && std::iter::zip(words, others).all(|(a, b)| a == b)
        }
        4..8 => a.first_chunk::<4>() == b.first_chunk() && a.last_chunk::<4>() == b.last_chunk(),
        1..4 => a[0] == b[0] && a[a.len() / 2] == b[a.len() / 2] && a[a.len() - 1] == b[a.len() - 1],
        0 => true,
    }
}

/// JavaScript's `==`: numbers, strings and booleans are compared as numbers where their types differ; `null` is the same
/// only as `null`. Lists are the same when their items are (in JavaScript two lists never are).
pub(crate) fn loosely_equal(a: Datum<'_>, b: Datum<'_>) -> bool {
    match (a, b) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Null, _) | (_, Datum::Null) => false,
        (Datum::Text(a), Datum::Text(b)) => same(a, b),
        (Datum::Integer(a), Datum::Integer(b)) => a == b,
        (Datum::Map(a), Datum::Map(b)) => a == b,
        _ if a.is_list() || b.is_list() => equal_lists(a, b),
        _ => number(a) == number(b),
    }
}

/// JavaScript's `===`: as `==`, but values of two types are never the same.
pub(crate) fn strictly_equal(a: Datum<'_>, b: Datum<'_>) -> bool {
    match (a, b) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Bool(a), Datum::Bool(b)) => a == b,
        (Datum::Text(a), Datum::Text(b)) => same(a, b),
        (Datum::Integer(a), Datum::Integer(b)) => a == b,
        (Datum::Integer(_) | Datum::Float(_), Datum::Integer(_) | Datum::Float(_)) => number(a) == number(b),
        (Datum::Map(a), Datum::Map(b)) => a == b,
        _ if a.is_list() && b.is_list() => equal_lists(a, b),
        _ => false,
    }
}

fn equal_lists(a: Datum<'_>, b: Datum<'_>) -> bool {
    a.is_list()
        && b.is_list()
        && a.items().len() == b.items().len()
        && std::iter::zip(a.items(), b.items()).all(|(a, b)| strictly_equal(a, b))
}

/// JavaScript's order: two strings by their bytes, everything else as numbers; none where one is not a number.
pub(crate) fn compare(a: Datum<'_>, b: Datum<'_>) -> Option<Ordering> {
    match (a, b) {
        (Datum::Integer(a), Datum::Integer(b)) => Some(a.cmp(&b)),
        (Datum::Text(a), Datum::Text(b)) => Some(a.cmp(b)),
        _ => number(a).partial_cmp(&number(b)),
    }
}
