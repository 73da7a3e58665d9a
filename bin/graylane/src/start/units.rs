//! The units of the boot graph.

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::thread;

use graylane_boot::{BoxError, Unit};
use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_pipeline::{Module, StartError};
use graylane_proxy::{Gateway, Shared};
use graylane_route::Snapshot;

use super::Parts;
use crate::admin;
use crate::exit::{ADDRESS_FORBIDDEN, ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID};
use crate::load::{self, Loaded};
use crate::modules::TABLE;

const CONFIGURATION: &str = "configuration";
const ROUTING: &str = "routing";
const LISTENERS: &str = "listeners";

/// Every unit, the modules of this build included.
pub(super) fn all(parts: &Arc<Parts>) -> Vec<Unit> {
    let modules: Vec<Unit> = TABLE
        .iter()
        .enumerate()
        .filter_map(|(row, entry)| Some(module(parts, row, entry.module?())))
        .collect();
    let gray: Vec<Arc<str>> = present().map(|name| unit_name(name).into()).collect();
    let mut units = vec![
        configuration(parts),
        routing(parts),
        admin(parts),
        listeners(parts),
    ];
    units.push(workers(parts).requires(gray));
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

fn configuration(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(CONFIGURATION).init(async move || {
        let loaded = Loaded::read(&parts.path)?;
        for name in loaded.idle_sections() {
            log::warn!("this build has no module `{name}`: its section has no effect");
        }
        fill(&parts.configuration, loaded)
    })
}

fn routing(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(ROUTING).requires([CONFIGURATION]).init(async move || {
        fill(
            &parts.routing,
            Arc::new(Snapshot::compile(&need(&parts.configuration)?.config, 1)),
        )
    })
}

fn module(parts: &Arc<Parts>, row: usize, module: Box<dyn Module>) -> Unit {
    let (starting, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new(unit_name(module.name()))
        .requires([ROUTING])
        .init(async move || {
            let loaded = need(&starting.configuration)?;
            let topology = need(&starting.routing)?.topology();
            let instance =
                module
                    .start(loaded.settings(module.name()), topology)
                    .map_err(|error| match error {
                        StartError::Settings(error) => {
                            located(CONFIG_INVALID, load::diagnostic(error), loaded)
                        }
                        failed @ StartError::Failed { .. } => BoxError::from(failed),
                    })?;
            fill(&starting.modules[row], instance)
        })
        .stop(async move || {
            need(&stopping.modules[row])?.stop();
            Ok(())
        })
}

fn admin(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new("admin").requires([CONFIGURATION]).init(async move || {
        let loaded = need(&parts.configuration)?;
        let admin = &loaded.config.admin;
        let listener = admin::bind(admin.address).map_err(|error| {
            unbindable(
                &error,
                &format!("the admin port cannot listen on {}", admin.address),
                &admin.span,
                loaded,
            )
        })?;
        fill(&parts.admin, listener.local_addr()?)?;
        tokio::spawn(admin::serve(listener, Arc::clone(&parts)));
        Ok(())
    })
}

fn listeners(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(LISTENERS).requires([ROUTING]).init(async move || {
        let loaded = need(&parts.configuration)?;
        let mut sockets = Vec::new();
        let mut addresses = Vec::new();
        for listener in &loaded.config.listeners {
            let socket = graylane_proxy::bind(listener)
                .map_err(|error| unbindable(&error.source, &error.to_string(), &listener.span, loaded))?;
            addresses.push((listener.name.clone(), socket.local_addr()?));
            sockets.push(socket);
        }
        parts.put_listeners(sockets);
        fill(&parts.listener_addresses, addresses)
    })
}

fn workers(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new("workers")
        .requires([LISTENERS, "admin"])
        .init(async move || {
            let config = &need(&parts.configuration)?.config;
            let workers = match config.server.workers {
                Some(workers) => workers.get(),
                None => thread::available_parallelism()?.get(),
            };
            let shared = Shared::new(config, Arc::clone(need(&parts.routing)?), parts.hooks(), workers);
            parts.put_gateway(Gateway::start(&shared, parts.take_listeners(), workers)?);
            fill(&parts.shared, shared)
        })
}

fn fill<T>(cell: &OnceLock<T>, value: T) -> Result<(), BoxError> {
    cell.set(value)
        .map_err(|_| BoxError::from("a unit was started twice"))
}

/// What a required unit left.
fn need<T>(cell: &OnceLock<T>) -> Result<&T, BoxError> {
    cell.get()
        .ok_or_else(|| BoxError::from("a required unit left nothing"))
}

fn located(code: u8, diagnostic: Diagnostic, loaded: &Loaded) -> BoxError {
    match Diagnostics::collect(vec![diagnostic]) {
        Some(found) => load::located(code, &found, &loaded.source).into(),
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
