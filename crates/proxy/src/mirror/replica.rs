use std::sync::Arc;

use graylane_core::Weight;
use graylane_wire::{Framing, Known, Request, write_field};

use super::counters::Dropped;
use super::{Mirror, Pair, deliver};
use crate::buffer;
use crate::compose::{self, Onward};
use crate::generation::Held;
use crate::gray;
use crate::prepare::Call;
use crate::random;
use crate::record::Record;
use crate::worker::Worker;

/// The copy of a request, from the original's head to the end of its own answer.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(super) place: Place,
    pub(super) worker: Arc<Worker>,
    /// That of the original: what happens to the copy follows from it, too.
    pub(super) generation: Arc<Held>,
    pub(super) call: Call,
    pub(super) body: Vec<u8>,
    pub(super) pair: Arc<Pair>,
}

/// One of the copies that a worker may have at a time.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) mirror: Arc<Mirror>,
    worker: usize,
    /// Why the copy is not sent, if it goes now.
    unsent: Option<Dropped>,
}

/// Begins the copy of a request that goes to an endpoint, where its lane's mirror wants it and has room.
#[cold]
pub(crate) fn replicate(
    mirror: &Arc<Mirror>,
    request: &Request<'_>,
    onward: &Onward<'_>,
    call: &Call,
    record: &Record,
) -> Option<Box<Replica>> {
    if !mirror.wants(request, onward.trusted) {
        return None;
    }
    let worker = &record.conn.worker;
    let place = match mirror.room(request, call, worker.number) {
        Ok(place) => place,
        Err(dropped) => {
            mirror.counters(worker.number).dropped(dropped);
            return None;
        }
    };
    let lane = record.generation.snapshot().lane(mirror.target);
    let onward = Onward {
        gray: gray::Onward {
            lane: lane.name.as_str(),
            tag: lane.tag.as_str(),
            ..onward.gray
        },
        ..*onward
    };
    let mut head = buffer::take_text();
    compose::request(request, &onward, &mut head);
    // The empty line at its end comes after the mark.
    head.truncate(head.len() - 2);
    write_field(
        &mut head,
        Known::GrayMirror.name(),
        mirror.from.as_str().as_bytes(),
    );
    head.extend_from_slice(b"\r\n");
    let mut copied = Call::none();
    copied.head = head;
    (copied.framing, copied.safe, copied.to_head) = (call.framing, call.safe, call.to_head);
    let pair = Pair::new(&mirror.shards, worker.number);
    Some(Box::new(Replica {
        place,
        worker: Arc::clone(worker),
        generation: Arc::clone(&record.generation),
        call: copied,
        body: Vec::new(),
        pair: Arc::new(pair),
    }))
}

impl Mirror {
    /// Whether a request is one of those that are copied.
    fn wants(&self, request: &Request<'_>, trusted: bool) -> bool {
        let methods = &self.settings.methods;
        // What came as a copy is none of this lane's own traffic. A stranger who says so only marks what is not mirrored.
        let is_copy = trusted && request.fields.has(Known::GrayMirror);
        !is_copy
            && (methods.is_empty() || methods.iter().any(|method| **method == *request.method))
            && is_drawn(self.settings.share, random::next())
    }

    fn room(self: &Arc<Self>, request: &Request<'_>, call: &Call, worker: usize) -> Result<Place, Dropped> {
        if call.wish.is_some() || call.expects {
            return Err(Dropped::Unfit);
        }
        if matches!(request.framing, Framing::Length(length) if length > self.settings.body) {
            return Err(Dropped::Body);
        }
        if !self.counters(worker).begin(self.settings.in_flight) {
            return Err(Dropped::InFlight);
        }
        Ok(Place {
            mirror: Arc::clone(self),
            worker,
            unsent: Some(Dropped::Unsent),
        })
    }
}

/// Whether an exchange belongs to a share, by 64 bits of chance. Not every so-manieth: that could follow a rhythm of the
/// traffic, and mirror only one of two requests that always come together.
fn is_drawn(share: Weight, chance: u64) -> bool {
    let step = (u128::from(chance) * u128::from(Weight::FULL.steps())) >> 64;
    step < u128::from(share.steps())
}

impl Replica {
    pub(crate) fn pair(&self) -> &Arc<Pair> {
        &self.pair
    }

    /// Keeps a part of the body that was handed on; false where it gets too long.
    fn keep(&mut self, data: &[u8]) -> bool {
        let longest = usize::try_from(self.place.mirror.settings.body).unwrap_or(usize::MAX);
        let length = self.body.len() + data.len();
        if length > longest {
            return false;
        }
        if length > self.body.capacity() {
            // Never more than the limit, which the doubling of a vector would not keep to.
            let room = length.next_power_of_two().min(longest);
            self.body.reserve_exact(room - self.body.len());
        }
        self.body.extend_from_slice(data);
        true
    }

    /// Sends it off: the original was handed on whole.
    fn leave(mut self: Box<Self>) {
        self.place.unsent = None;
        self.place.counters().mirrored.add(1);
        self.pair.begin();
        tokio::spawn(deliver::deliver(self));
    }
}

impl Place {
    pub(super) fn counters(&self) -> &super::MirrorCounters {
        self.mirror.counters(self.worker)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let counters = self.counters();
        counters.end();
        if let Some(dropped) = self.unsent {
            counters.dropped(dropped);
        }
    }
}

/// Keeps for the copy a part of the body that the original's endpoint has taken; a copy that gets too long is given up.
#[cold]
pub(crate) fn keep(replica: &mut Option<Box<Replica>>, data: &[u8]) {
    if let Some(copy) = replica
        && !copy.keep(data)
    {
        copy.place.unsent = Some(Dropped::Body);
        *replica = None;
    }
}

/// The original was handed on whole.
#[cold]
pub(crate) fn leave(replica: &mut Option<Box<Replica>>) {
    if let Some(copy) = replica.take() {
        copy.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_drawn_as_often_as_it_says() {
        let draws = |share: u32| {
            let share = Weight::from_steps(share).unwrap();
            let chances = (0..1_000_u64).map(|n| n * (u64::MAX / 1_000) + u64::MAX / 2_000);
            chances.filter(|&chance| is_drawn(share, chance)).count()
        };

        let drawn = [0, 100, 10_000, 99_900, 100_000].map(draws);

        assert_eq!(drawn, [0, 1, 100, 999, 1_000]);
        assert!(is_drawn(Weight::FULL, u64::MAX) && !is_drawn(Weight::ZERO, 0));
    }
}
