//! What a worker keeps for those who hold a seat, in a list of its own.

use crate::roster::Seat;

/// What stands at a seat.
#[derive(Debug, Default)]
pub(crate) struct Place<T> {
    /// Of its holder; 0 where nobody has had it yet.
    pub(crate) serial: u64,
    pub(crate) value: T,
}

/// What stands at a seat; nothing where a newcomer has it already. What its former holder left goes.
#[inline]
pub(crate) fn place<T: Default>(list: &mut Vec<Place<T>>, seat: Seat) -> Option<&mut T> {
    let number = seat.number as usize;
    if number >= list.len() {
        list.resize_with(number + 1, Place::default);
    }
    let place = &mut list[number];
    if place.serial != seat.serial {
        if place.serial > seat.serial {
            return None;
        }
        *place = Place {
            serial: seat.serial,
            value: T::default(),
        };
    }
    Some(&mut place.value)
}

/// What stands at a seat, where its holder has left anything there.
#[inline]
pub(crate) fn found<T>(list: &mut [Place<T>], seat: Seat) -> Option<&mut T> {
    let place = list.get_mut(seat.number as usize)?;
    (place.serial == seat.serial).then_some(&mut place.value)
}
