//! What is read, and what it is compiled to.

use std::sync::Arc;
use std::time::SystemTime;

use graylane_boot::Unit;
use graylane_ofrep::Publisher;
use graylane_route::Snapshot;
use graylane_tls::Tls;

use super::{CONFIGURATION, Parts, ROUTING, fill, need, nothing_left};
use crate::change::{Beginning, InUse};
use crate::generation;
use crate::load::Loaded;

pub(super) fn configuration(parts: &Arc<Parts>) -> Unit {
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
        let beginning = match parts.inheritance.before() {
            None => Beginning::new(wanted, &loaded)?,
            Some(before) => Beginning::after(wanted, &loaded, before.accepted.clone())?,
        };
        parts.put_beginning(beginning);
        fill(&parts.configuration, Arc::new(InUse::from_pointee(loaded)))
    })
}

pub(super) fn routing(parts: &Arc<Parts>) -> Unit {
    let parts = Arc::clone(parts);
    Unit::new(ROUTING).requires([CONFIGURATION]).init(async move || {
        let loaded = need(&parts.configuration)?.load();
        let revision = parts.first_revision().ok_or_else(nothing_left)?;
        let snapshot = generation::with_files(Snapshot::compile(&loaded.config, revision), &loaded)?;
        let tls = generation::tls(&loaded, None)?;
        warn(&tls);
        fill(&parts.tls, tls)?;
        fill(&parts.publisher, Publisher::new(loaded.published(revision)))?;
        fill(&parts.topology, Arc::clone(snapshot.topology()))?;
        parts.put_routing(snapshot);
        Ok(())
    })
}

/// What works, and should not stay so: told with every configuration that comes into use.
pub(super) fn warn(tls: &Tls) {
    for warning in tls.warnings(SystemTime::now()) {
        log::warn!("{warning}");
    }
}
