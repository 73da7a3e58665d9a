//! This process serves: first on probation, then alone.

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use graylane_handover::systemd::{self, Notice};
use graylane_handover::{Arrival, Beat, Beating, Course, Folder, HeldDoor, Patience, Settling, Trust};

use crate::handover::{Doorman, House, Phase, Word};

/// Gives signs of life until the process before says how it goes on.
pub(super) fn serve(house: &Arc<House>, mut beating: Beating, folder: &Folder, door: HeldDoor) {
    beating.accepting();
    let (exchanges_before, errors_before) = house.counts();
    loop {
        if let Some(reason) = house.called_off() {
            house.withdraw();
            beating.give_up(&reason);
            return house.say(Word::Returned(reason));
        }
        let (exchanges, errors) = house.counts();
        let beat = Beat {
            exchanges: exchanges.saturating_sub(exchanges_before),
            errors: errors.saturating_sub(errors_before),
            healthy: house.parts.is_ready(),
            note: None,
        };
        match beating.beat(&beat, house.beat()) {
            Course::On(on) => beating = on,
            Course::Committed(settling) => {
                log::info!("the process before leaves everything to this one");
                go_on_alone(house, folder, door);
                return settle(house, settling);
            }
            Course::Alone => {
                log::warn!("the process before died: this one goes on alone");
                go_on_alone(house, folder, door);
                return house.parts.record.left();
            }
            Course::Returned(reason) => {
                house.withdraw();
                log::error!("the process before takes everything back: {reason}");
                return house.say(Word::Returned(reason));
            }
        }
    }
}

/// Is the main process from now on, and answers the door.
pub(super) fn go_on_alone(house: &Arc<House>, folder: &Folder, door: HeldDoor) {
    house.parts.record.enter(Phase::Serving, None);
    let notices = [Notice::MainPid(std::process::id()), Notice::Ready];
    if let Err(error) = systemd::notify(&notices) {
        log::warn!("systemd cannot be told that this process is the main one now: {error}");
    }
    let opened = door.open(folder, Trust::own(), Patience::default());
    let started = opened
        .map_err(|error| error.to_string())
        .and_then(|door| Doorman::start(house, door).map_err(|error| error.to_string()));
    if let Err(error) = started {
        log::error!("handover: no process can take over from this one: {error}");
    }
}

/// What comes from the process before while it drains.
fn settle(house: &House, mut settling: Settling) {
    loop {
        match settling.next(Duration::from_secs(1)) {
            Arrival::Nothing => {}
            Arrival::Connection { listener, socket } => adopt(house, &listener, socket),
            Arrival::Farewell(ledger) => {
                log::info!("the process before has ended: {ledger}");
                return house.parts.record.left();
            }
            Arrival::Died => {
                log::warn!("the process before died before it had drained");
                return house.parts.record.left();
            }
            Arrival::Returned(reason) => {
                house.withdraw();
                return house.say(Word::Returned(reason));
            }
        }
    }
}

fn adopt(house: &House, listener: &str, socket: OwnedFd) {
    let adopted = match listener.parse() {
        Ok(name) => house
            .control
            .adopt(&name, TcpStream::from(socket))
            .map_err(|error| error.to_string()),
        Err(_) => Err("no name".to_owned()),
    };
    if let Err(error) = adopted {
        log::warn!("an idle connection cannot go on here: {error}");
    }
}
