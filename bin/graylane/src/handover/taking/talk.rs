//! The conversation itself, on the thread of the handover.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::mpsc as std_mpsc;

use graylane_handover::{Death, Folder, Hello, Inherited, Patience, TakeError, Taker, Trust};
use tokio::sync::mpsc;

use super::{Command, News, NotTaken, Turn, proving};
use crate::change::Accepted;
use crate::handover::{ACCEPTED, GENERATION, MODULE};
use crate::start::{Before, Inheritance};

/// Up to the probation.
pub(super) fn run(
    path: &Path,
    hello: &Hello,
    orders: &std_mpsc::Receiver<Command>,
    told: &mpsc::UnboundedSender<News>,
) -> Result<(), NotTaken> {
    let folder = Folder::open(path)?;
    let taker = Taker::connect(
        &folder,
        hello,
        Trust::own(),
        Patience::default(),
        Death::default(),
    )?;
    let theirs = taker.theirs().clone();
    log::info!(
        "taking over from process {} ({} {})",
        theirs.pid,
        theirs.version,
        theirs.channel
    );
    let (
        Inherited {
            listeners,
            state,
            door,
        },
        warming,
    ) = taker.receive()?;
    let sockets = listeners.into_iter().map(|one| (one.name, one.socket));
    let before = before(theirs.pid, state.iter());
    let inheritance = Inheritance::new(sockets.collect(), Some(before));
    let _ = told.send(News::Inherited(inheritance));

    let claimed = match orders.recv() {
        Ok(Command::Ready(claimed)) => claimed,
        Ok(Command::GiveUp(reason)) => {
            warming.give_up(&reason);
            return Ok(());
        }
        _ => {
            warming.give_up("it ended");
            return Ok(());
        }
    };
    let names: Vec<&str> = claimed.iter().map(String::as_str).collect();
    let beating = match warming.ready(&names)? {
        graylane_handover::Turn::Go(beating) => Some(beating),
        graylane_handover::Turn::Alone => None,
        graylane_handover::Turn::Returned(reason) => return Err(TakeError::Returned(reason).into()),
    };
    let turn = beating.as_ref().map_or(Turn::Alone, |_| Turn::Go);
    let _ = told.send(News::Turn(turn));

    let house = match (orders.recv(), beating) {
        (Ok(Command::Accepting(house)), Some(beating)) => {
            proving::serve(&house, beating, &folder, door);
            return Ok(());
        }
        (Ok(Command::Accepting(house)), None) => house,
        (Ok(Command::GiveUp(reason)), Some(beating)) => {
            // It has accepted nobody.
            drop(beating.give_up(&reason));
            return Ok(());
        }
        (_, Some(beating)) => {
            drop(beating.give_up("it ended"));
            return Ok(());
        }
        (_, None) => return Ok(()),
    };
    log::warn!("the process before is dead: this one goes on alone");
    proving::go_on_alone(&house, &folder, door);
    house.parts.record.left();
    Ok(())
}

fn before<'a>(pid: u32, entries: impl Iterator<Item = (&'a str, &'a [u8])>) -> Before {
    let mut before = Before {
        pid,
        ..Before::default()
    };
    let mut modules = BTreeMap::new();
    for (name, bytes) in entries {
        match name {
            ACCEPTED => before.accepted = Accepted::parse(bytes).unwrap_or_default(),
            GENERATION => {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                before.generation = text.parse().unwrap_or_default();
            }
            // What a newer version adds is not for this one.
            other => {
                if let Some(module) = other.strip_prefix(MODULE) {
                    modules.insert(module.to_owned(), bytes.to_owned());
                }
            }
        }
    }
    before.modules = modules;
    before
}
