//! Answers from mocks on disk where an upstream is degraded: so that a team can go on with its own service while another's
//! staging is down.
//!
//! Constraints:
//! - A mock is never taken for the real thing: its answer has `X-Gray-Mock` with its name and, where there was a fault,
//!   `X-Graylane-Fault`; it is counted, and `/readyz` says so for a minute. An endpoint's or a client's own `X-Gray-Mock` ends
//!   at the gateway.
//! - What has a mistake in it is found before it is used: at the start, by `graylane check`, and by a reload, which is then
//!   refused. Two mocks that fit the same requests equally well are such a mistake.
//! - Values of a request cannot change what a body means: they are escaped for its media type, and a type for which nobody
//!   knows how takes none. `Authorization`, `Cookie` and their like cannot be asked for.
//! - Everything is bounded: files, their sizes and depth, mocks, placeholders and values, and so each answer. No file is read
//!   while exchanges are served, and none that lies outside of the folder.
//! - An exchange that goes well pays nothing; the choice of a mock is a walk along all of them, paid by failures only.
//!
//! - `settings`: the section `[modules.mock-fallback]`; `reason`: for what there are mocks.
//! - `folder`: which files are read; `entry`: what stands in them.
//! - `mock`: one of them; `path`, `template`, `media`: its parts; `book`: all of them, in the order in which they are tried.
//! - `fallback`: the hooks; `tally`: what was served; `report`: metrics, the page `/mocks` and health.

mod book;
mod entry;
mod fallback;
mod folder;
mod media;
mod mock;
mod path;
mod reason;
mod report;
mod settings;
mod tally;
mod template;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use graylane_pipeline::{Instance, Module, ModuleFile, Settings, SettingsError, StartError, Topology};

use crate::book::Book;
use crate::fallback::Fallback;
use crate::settings::Plan;

graylane_note::linked!("mock-fallback");

/// The module.
pub fn module() -> impl Module {
    MockFallback
}

const NAME: &str = "mock-fallback";

struct MockFallback;

impl Module for MockFallback {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "answers from mocks on disk where an upstream is degraded"
    }

    fn files(&self, settings: Settings<'_>, folder: &Path) -> Result<Vec<ModuleFile>, SettingsError> {
        match Plan::read(settings)?.folder {
            None => Ok(Vec::new()),
            Some(named) => folder::read(&folder.join(named.get_ref()))
                .map_err(|error| SettingsError::at(named.span(), error.to_string(), error.hint())),
        }
    }

    fn check(&self, settings: Settings<'_>) -> Result<(), SettingsError> {
        Plan::read(settings)?;
        Book::read(settings.files()).map(drop)
    }

    fn start(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        Ok(Arc::new(Fallback::start(settings, topology)?))
    }
}
