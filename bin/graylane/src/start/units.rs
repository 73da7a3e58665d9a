//! The units of the boot graph.

mod changes;
mod configuration;
mod listeners;
mod modules;
mod ofrep;

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use graylane_boot::{BoxError, Unit};
use graylane_diagnostic::{Diagnostic, Diagnostics};

use super::Parts;
use crate::exit::{ADDRESS_FORBIDDEN, ADDRESS_IN_USE, ADDRESS_UNAVAILABLE};
use crate::load::{self, Loaded};
use crate::modules::TABLE;

const CONFIGURATION: &str = "configuration";
const ROUTING: &str = "routing";
const ADMIN: &str = "admin";
const LISTENERS: &str = "listeners";
const WORKERS: &str = "workers";
const OFREP: &str = "ofrep";

/// Every unit, the modules of this build included.
pub(super) fn all(parts: &Arc<Parts>) -> Vec<Unit> {
    let modules: Vec<Unit> = TABLE
        .iter()
        .enumerate()
        .filter_map(|(row, entry)| Some(modules::module(parts, row, entry.module?())))
        .collect();
    let gray: Vec<Arc<str>> = present().map(|name| unit_name(name).into()).collect();
    let mut units = vec![
        configuration::configuration(parts),
        configuration::routing(parts),
        listeners::admin(parts),
        listeners::listeners(parts),
        ofrep::ofrep(parts),
        changes::changes(parts),
    ];
    units.push(listeners::workers(parts).requires(gray));
    units.extend(modules);
    units
}

fn present() -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(|row| row.module.is_some())
        .map(|row| row.name)
}

fn unit_name(module: &str) -> String {
    format!("module {module}")
}

fn fill<T>(cell: &OnceLock<T>, value: T) -> Result<(), BoxError> {
    cell.set(value)
        .map_err(|_| BoxError::from("a unit was started twice"))
}

/// What a required unit left.
fn need<T>(cell: &OnceLock<T>) -> Result<&T, BoxError> {
    cell.get().ok_or_else(nothing_left)
}

fn nothing_left() -> BoxError {
    BoxError::from("a required unit left nothing")
}

fn located(code: u8, diagnostic: Diagnostic, loaded: &Loaded) -> BoxError {
    match Diagnostics::collect(vec![diagnostic]) {
        Some(found) => load::located(code, &found, &loaded.sources).into(),
        None => BoxError::from("a mistake without words"),
    }
}

/// A listener that could not be bound, with the place of its address; that of a default has none.
fn unbindable(error: &io::Error, message: &str, span: &Range<usize>, loaded: &Loaded) -> BoxError {
    let (code, hint) = match error.kind() {
        io::ErrorKind::AddrInUse => (
            ADDRESS_IN_USE,
            "another process listens there (`ss -ltnp` names it); end it, or choose another port",
        ),
        io::ErrorKind::PermissionDenied => (
            ADDRESS_FORBIDDEN,
            "ports below 1024 need CAP_NET_BIND_SERVICE (`setcap cap_net_bind_service=+ep graylane`), or choose a higher one",
        ),
        _ => (
            ADDRESS_UNAVAILABLE,
            "the address must be one of this machine; `ip address` lists them",
        ),
    };
    let diagnostic = Diagnostic::new(format!("{message}: {error}")).hint(hint);
    let diagnostic = if span.is_empty() {
        diagnostic
    } else {
        diagnostic.at(span.clone())
    };
    located(code, diagnostic, loaded)
}
