//! A module of this build.

use std::sync::Arc;

use graylane_boot::{BoxError, Unit};
use graylane_pipeline::{Module, StartError};

use super::{Parts, ROUTING, fill, located, need, nothing_left, unit_name};
use crate::exit::CONFIG_INVALID;
use crate::load;

pub(super) fn module(parts: &Arc<Parts>, row: usize, module: Box<dyn Module>) -> Unit {
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
            let offered = starting.inheritance.before();
            if let Some(bytes) = offered.and_then(|before| before.modules.get(module.name())) {
                instance.adopt(bytes);
            }
            fill(&starting.modules[row], instance)
        })
        .stop(async move || {
            stopping.module_in_use(row).ok_or_else(nothing_left)?.stop();
            Ok(())
        })
}
