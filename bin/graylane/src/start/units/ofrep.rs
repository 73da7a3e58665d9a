//! The flag server.

use std::sync::Arc;
use std::time::Duration;

use graylane_boot::Unit;
use graylane_config::Cors;
use graylane_ofrep::Origins;

use super::{OFREP, Parts, ROUTING, need, unbindable};
use crate::admin;

/// For the answers under way of the flag server when the process ends.
const OFREP_STOP: Duration = Duration::from_secs(1);

/// The flag server, where the configuration has one.
pub(super) fn ofrep(parts: &Arc<Parts>) -> Unit {
    let (parts, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new(OFREP)
        .requires([ROUTING])
        .init(async move || {
            let loaded = need(&parts.configuration)?.load();
            let Some(ofrep) = &loaded.config.ofrep else {
                return Ok(());
            };
            let listener = match parts.inheritance.claim(crate::handover::OFREP, ofrep.address) {
                Some(socket) => admin::inherit(socket)?,
                None => admin::bind(ofrep.address).map_err(|error| {
                    let message = format!("the flag server cannot listen on {}", ofrep.address);
                    unbindable(&error, &message, &ofrep.span, &loaded)
                })?,
            };
            let publisher = need(&parts.publisher)?.clone();
            let settings = ofrep_settings(ofrep);
            let start = if parts.takes_over() {
                graylane_ofrep::Server::start_paused
            } else {
                graylane_ofrep::Server::start
            };
            parts.put_ofrep(start(listener, settings, publisher)?);
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
pub(super) fn ofrep_settings(ofrep: &graylane_config::Ofrep) -> graylane_ofrep::Settings {
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
