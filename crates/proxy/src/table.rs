//! Memory for the lines of a head, one per thread: a head is parsed, decided upon and written anew in one synchronous step,
//! so no connection needs its own.

use std::cell::RefCell;

use graylane_wire::Table;

thread_local! {
    static TABLE: RefCell<Table> = const { RefCell::new(Table::new()) };
}

/// Lends it.
///
/// # Panics
/// Where it is lent already.
#[inline]
pub(crate) fn with<T>(then: impl FnOnce(&mut Table) -> T) -> T {
    TABLE.with_borrow_mut(then)
}
