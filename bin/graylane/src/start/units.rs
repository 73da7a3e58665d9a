//! The units of the boot graph.

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use graylane_boot::{BoxError, Unit};
use graylane_config::Cors;
use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_ofrep::{Origins, Publisher};
use graylane_pipeline::{Module, StartError};
use graylane_proxy::{Gateway, Generation, Shared};
use graylane_route::Snapshot;

use super::Parts;
use crate::admin;
use crate::change::{Beginning, Engine, InUse, Tell};
use crate::exit::{ADDRESS_FORBIDDEN, ADDRESS_IN_USE, ADDRESS_UNAVAILABLE, CONFIG_INVALID};
use crate::generation;
use crate::load::{self, Loaded};
use crate::modules::TABLE;

const CONFIGURATION: &str = "configuration";
const ROUTING: &str = "routing";
const LISTENERS: &str = "listeners";
const OFREP: &str = "ofrep";

/// For the answers under way of the flag server when the process ends.
const OFREP_STOP: Duration = Duration::from_secs(1);

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
        ofrep(parts),
        changes(parts),
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
        let wanted = parts.wanted.as_ref().ok_or("nothing was asked for")?;
        let loaded = Loaded::read(wanted, None)?;
        for one in &loaded.overrides {
            let old = one
                .old
                .as_ref()
                .map_or_else(|| "nothing".to_owned(), ToString::to_string);
            log::info!("{} is {} instead of {old}, by {}", one.key, one.new, one.origin);
        }
        for name in loaded.idle_sections() {
            log::warn!("this build has no module `{name}`: its section has no effect");
        }
        for one in &loaded.flags.left_out {
            log::warn!("left out: {one}");
        }
        parts.put_beginning(Beginning::new(wanted, &loaded)?);
        fill(&parts.configuration, Arc::new(InUse::from_pointee(loaded)))
    })
}

fn routing(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(ROUTING).requires([CONFIGURATION]).init(async move || {
        let loaded = need(&parts.configuration)?.load();
        let revision = parts.first_revision().ok_or_else(nothing_left)?;
        let snapshot = generation::with_flags(Snapshot::compile(&loaded.config, revision), &loaded)?;
        fill(&parts.publisher, Publisher::new(loaded.published(revision)))?;
        fill(&parts.topology, Arc::clone(snapshot.topology()))?;
        parts.put_routing(snapshot);
        Ok(())
    })
}

fn module(parts: &Arc<Parts>, row: usize, module: Box<dyn Module>) -> Unit {
    let (starting, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new(unit_name(module.name()))
        .requires([ROUTING])
        .init(async move || {
            let loaded = need(&starting.configuration)?.load();
            let topology = need(&starting.topology)?;
            let instance = module
                .start(loaded.sections().of(module.name()), topology)
                .map_err(|error| match error {
                    StartError::Settings(error) => located(CONFIG_INVALID, load::diagnostic(error), &loaded),
                    failed @ StartError::Failed { .. } => BoxError::from(failed),
                })?;
            fill(&starting.modules[row], instance)
        })
        .stop(async move || {
            stopping.module_in_use(row).ok_or_else(nothing_left)?.stop();
            Ok(())
        })
}

fn admin(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new("admin").requires([CONFIGURATION]).init(async move || {
        let loaded = need(&parts.configuration)?.load();
        let admin = &loaded.config.admin;
        let listener = admin::bind(admin.address).map_err(|error| {
            unbindable(
                &error,
                &format!("the admin port cannot listen on {}", admin.address),
                &admin.span,
                &loaded,
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
        let loaded = need(&parts.configuration)?.load();
        let mut sockets = Vec::new();
        let mut addresses = Vec::new();
        for listener in &loaded.config.listeners {
            let socket = graylane_proxy::bind(listener)
                .map_err(|error| unbindable(&error.source, &error.to_string(), &listener.span, &loaded))?;
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
        .requires([LISTENERS, OFREP, "admin"])
        .init(async move || {
            let loaded = need(&parts.configuration)?.load();
            let config = &loaded.config;
            let workers = match config.server.workers {
                Some(workers) => workers.get(),
                None => thread::available_parallelism()?.get(),
            };
            let snapshot = parts.take_routing().ok_or_else(nothing_left)?;
            let shared = Shared::new(Generation::first(config, snapshot, parts.hooks(), workers));
            parts.keep_beginning()?;
            parts.put_gateway(Gateway::start(&shared, parts.take_listeners())?);
            fill(&parts.shared, shared)
        })
}

/// The flag server, where the configuration has one.
fn ofrep(parts: &Arc<Parts>) -> Unit {
    let (parts, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new(OFREP)
        .requires([ROUTING])
        .init(async move || {
            let loaded = need(&parts.configuration)?.load();
            let Some(ofrep) = &loaded.config.ofrep else {
                return Ok(());
            };
            let listener = admin::bind(ofrep.address).map_err(|error| {
                let message = format!("the flag server cannot listen on {}", ofrep.address);
                unbindable(&error, &message, &ofrep.span, &loaded)
            })?;
            let publisher = need(&parts.publisher)?.clone();
            let settings = ofrep_settings(ofrep);
            parts.put_ofrep(graylane_ofrep::Server::start(listener, settings, publisher)?);
            Ok(())
        })
        .stop(async move || {
            if let Some(server) = stopping.take_ofrep() {
                let cut = server.stop(OFREP_STOP);
                log::debug!("flag server: {cut} connections cut");
            }
            Ok(())
        })
}

/// What the flag server is told.
fn ofrep_settings(ofrep: &graylane_config::Ofrep) -> graylane_ofrep::Settings {
    let key = |one: &graylane_config::Credential| graylane_ofrep::Key {
        name: one.name.as_str().into(),
        sha256: *one.sha256.as_bytes(),
    };
    graylane_ofrep::Settings {
        keys: ofrep.keys.iter().map(key).collect(),
        cors: match &ofrep.cors {
            Cors::Any => Origins::Any,
            Cors::Origins(all) if all.is_empty() => Origins::None,
            Cors::Origins(all) => Origins::Listed(all.clone()),
        },
        ..graylane_ofrep::Settings::default()
    }
}

/// The engine of changes: last, because what it changes must be there.
fn changes(parts: &Arc<Parts>) -> Unit {
    let (parts, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new("changes")
        .requires(["workers", OFREP])
        .init(async move || {
            let told = Arc::downgrade(&parts);
            let engine = Engine {
                wanted: parts.wanted.clone().ok_or_else(nothing_left)?,
                shared: Arc::clone(need(&parts.shared)?),
                in_use: Arc::clone(need(&parts.configuration)?),
                kept: parts.take_beginning().ok_or_else(nothing_left)?,
                status: Arc::clone(&parts.status),
                refused: None,
                tell: Tell::new(move |loaded, revision| {
                    if let Some(parts) = told.upgrade() {
                        tell(&parts, loaded, revision);
                    }
                }),
            };
            fill(&parts.changes, engine.start()?)
        })
        .stop(async move || {
            need(&stopping.changes)?.stop().await;
            Ok(())
        })
}

/// Everybody outside the data path who depends on the configuration.
fn tell(parts: &Parts, loaded: &Loaded, revision: u64) {
    if let Some(publisher) = parts.publisher.get() {
        publisher.publish(loaded.published(revision));
    }
    if let Some(ofrep) = &loaded.config.ofrep {
        parts.with_ofrep(|server| server.replace(ofrep_settings(ofrep)));
    }
    for one in &loaded.flags.left_out {
        log::warn!("left out: {one}");
    }
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
