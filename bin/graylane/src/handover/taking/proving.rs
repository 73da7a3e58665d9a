//! This process serves: first on probation, then alone.

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use graylane_handover::{
    Arrival, Beat, Beating, Course, Folder, HeldDoor, LastWord, Patience, Settling, Trust,
};

use super::pulse::Pulse;
use crate::handover::awaited::{awaited, value};
use crate::handover::{Doorman, House, Phase, Returned, Word};

/// Gives signs of life until the process before says how it goes on.
pub(super) fn serve(house: &Arc<House>, mut beating: Beating, folder: &Folder, door: HeldDoor) {
    beating.accepting();
    let before = house.counts();
    let mut pulse = Pulse::default();
    loop {
        if let Some(reason) = house.called_off() {
            house.withdraw();
            let last_word = beating.give_up(&reason);
            return end(house, reason, last_word);
        }
        let served = house.counts().since(before);
        let stands = pulse.feel(house.control.clocks(), Instant::now());
        let beat = Beat {
            exchanges: served.exchanges,
            errors: served.errors,
            refused: served.refused,
            open: house.control.ledger().open,
            healthy: house.parts.is_ready() && stands.is_none(),
            note: stands,
            down: house.lanes_down(),
        };
        match beating.beat(&beat, house.beat()) {
            Course::On(on) => beating = on,
            Course::Committed(mut settling) => {
                // Where this process was held up, the one before has taken it all back since.
                let first = match settling.next(Duration::ZERO) {
                    Arrival::Returned(reason) => return too_late(house, reason, settling.last_word()),
                    first => first,
                };
                log::info!("the process before leaves everything to this one");
                go_on_alone(house, folder, door);
                return settle(house, settling, first);
            }
            Course::Alone => {
                log::warn!("the process before died: this one goes on alone");
                go_on_alone(house, folder, door);
                return house.parts.record.left();
            }
            Course::Returned(reason, last_word) => {
                house.withdraw();
                log::error!("the process before takes everything back: {reason}");
                return end(house, reason, last_word);
            }
        }
    }
}

/// Is the main process from now on, and answers the door.
pub(super) fn go_on_alone(house: &Arc<House>, folder: &Folder, door: HeldDoor) {
    house.parts.record.enter(Phase::Serving, None);
    House::name_main(std::process::id());
    let opened = door.open(folder, Trust::own(), Patience::default());
    let started = opened
        .map_err(|error| error.to_string())
        .and_then(|door| Doorman::start(house, door).map_err(|error| error.to_string()));
    if let Err(error) = started {
        log::error!("handover: no process can take over from this one: {error}");
    }
}

/// What comes from the process before while it drains.
fn settle(house: &House, mut settling: Settling, first: Arrival) {
    let mut arrival = first;
    loop {
        match arrival {
            Arrival::Nothing => {}
            Arrival::Connection { listener, socket } => match adopt(house, &listener, socket) {
                Ok(()) => settling.taken(),
                Err(reason) => {
                    log::warn!("idle connections stay with the process before: {reason}");
                    settling.not_taken(&reason);
                }
            },
            Arrival::Farewell(ledger) => {
                log::info!("the process before has ended: {ledger}");
                return house.parts.record.left();
            }
            Arrival::Died => {
                log::warn!("the process before died before it had drained");
                return house.parts.record.left();
            }
            Arrival::Returned(reason) => {
                // The door is the other process's again: this one must not take it away when it ends, nor be the main one.
                house.shut_door(true);
                if let Some(before) = house.parts.inheritance.before() {
                    House::name_main(before.pid);
                }
                return too_late(house, reason, settling.last_word());
            }
        }
        arrival = settling.next(Duration::from_secs(1));
    }
}

/// The process before did not hear in time that this one goes on alone.
fn too_late(house: &House, reason: String, last_word: LastWord) {
    house.withdraw();
    log::error!("the process before takes everything back: {reason}");
    end(house, reason, last_word);
}

/// Has this process drain, and tells the one before what became of its connections.
fn end(house: &House, reason: String, last_word: LastWord) {
    let (awaited, awaiting) = awaited();
    house.say(Word::Returned(Returned { reason, awaited }));
    if let Some(ledger) = awaiting.wait() {
        last_word.say(&value(&ledger));
    }
}

/// Goes on with a connection. Where that cannot be, only a handle is closed: the process before has its own.
fn adopt(house: &House, listener: &str, socket: OwnedFd) -> Result<(), String> {
    let name = listener.parse().map_err(|_| "no name".to_owned())?;
    let adopted = house.control.adopt(&name, TcpStream::from(socket));
    adopted.map_err(|error| error.to_string())
}
