//! Where requests come in, and the threads that serve them.

use std::sync::Arc;
use std::thread;

use graylane_boot::Unit;
use graylane_proxy::{Gateway, Generation, Shared};

use super::{
    ADMIN, CONFIGURATION, LISTENERS, OFREP, Parts, ROUTING, WORKERS, fill, need, nothing_left, unbindable,
};
use crate::admin;
use crate::handover::{self, LISTENER};

pub(super) fn admin(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(ADMIN).requires([CONFIGURATION]).init(async move || {
        let loaded = need(&parts.configuration)?.load();
        let admin = &loaded.config.admin;
        let listener = match parts.inheritance.claim(handover::ADMIN, admin.address) {
            Some(socket) => admin::inherit(socket)?,
            None => admin::bind(admin.address).map_err(|error| {
                unbindable(
                    &error,
                    &format!("the admin port cannot listen on {}", admin.address),
                    &admin.span,
                    &loaded,
                )
            })?,
        };
        fill(&parts.admin, listener.local_addr()?)?;
        parts.put_admin_queue(listener.try_clone()?);
        tokio::spawn(admin::serve(listener, Arc::clone(&parts), parts.admin_orders()));
        Ok(())
    })
}

pub(super) fn listeners(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(LISTENERS).requires([ROUTING]).init(async move || {
        let loaded = need(&parts.configuration)?.load();
        let mut sockets = Vec::new();
        let mut addresses = Vec::new();
        for listener in &loaded.config.listeners {
            let inherited = parts
                .inheritance
                .claim(&format!("{LISTENER}{}", listener.name), listener.address);
            let socket = match inherited {
                Some(socket) => graylane_proxy::inherit(socket, listener)?,
                None => graylane_proxy::bind(listener).map_err(|error| {
                    unbindable(&error.source, &error.to_string(), &listener.span, &loaded)
                })?,
            };
            addresses.push((listener.name.clone(), socket.local_addr()?));
            sockets.push(socket);
        }
        parts.put_listeners(sockets);
        fill(&parts.listener_addresses, addresses)
    })
}

pub(super) fn workers(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(WORKERS)
        .requires([LISTENERS, OFREP, ADMIN])
        .init(async move || {
            let loaded = need(&parts.configuration)?.load();
            let config = &loaded.config;
            let workers = match config.server.workers {
                Some(workers) => workers.get(),
                None => thread::available_parallelism()?.get(),
            };
            let snapshot = parts.take_routing().ok_or_else(nothing_left)?;
            let tls = Arc::clone(need(&parts.tls)?);
            let shared = Shared::new(Generation::first(config, snapshot, parts.hooks(), tls, workers));
            parts.keep_beginning()?;
            let start = if parts.takes_over() {
                Gateway::start_paused
            } else {
                Gateway::start
            };
            parts.put_gateway(start(&shared, parts.take_listeners())?);
            fill(&parts.shared, shared)
        })
}
