//! The engine of changes.

use std::sync::Arc;

use graylane_boot::Unit;

use super::{OFREP, Parts, WORKERS, configuration, fill, need, nothing_left, ofrep::ofrep_settings};
use crate::change::{Engine, Tell};
use crate::load::Loaded;

/// The engine of changes: last, because what it changes must be there.
pub(super) fn changes(parts: &Arc<Parts>) -> Unit {
    let (parts, stopping) = (Arc::clone(parts), Arc::clone(parts));
    Unit::new("changes")
        .requires([WORKERS, OFREP])
        .init(async move || {
            let told = Arc::downgrade(&parts);
            let engine = Engine {
                wanted: parts.wanted.clone().ok_or_else(nothing_left)?,
                shared: Arc::clone(need(&parts.shared)?),
                in_use: Arc::clone(need(&parts.configuration)?),
                kept: parts.take_beginning().ok_or_else(nothing_left)?,
                status: Arc::clone(&parts.status),
                refused: None,
                suspended: parts.takes_over(),
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
    if let Some(shared) = parts.shared() {
        configuration::warn(shared.current().tls());
    }
    for one in &loaded.flags.left_out {
        log::warn!("left out: {one}");
    }
}
