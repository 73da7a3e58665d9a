//! An admin page that shows the whole process to a person who looks for a fault: `/debug/dump`.
//!
//! Constraints:
//! - Nothing of a client is in it: the module hooks into no phase, so it never sees an exchange.
//! - No secret is in it: of the process it shows counts only, never its command line, environment or memory. What the
//!   gateway adds about itself is redacted by the gateway, which alone knows what is sensitive.
//! - It costs nothing until the page is asked for.
//!
//! The page is one JSON object: `gateway` (what the gateway says of itself; null where that was not JSON), `module`
//! and `process`. A figure that the system does not tell is null.

mod process;

use std::sync::Arc;
use std::time::Instant;

use graylane_pipeline::{
    Instance, Module, Page, PageRequest, Phases, Settings, SettingsError, StartError, Topology,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::process::Process;

graylane_note::linked!("debug-dump");

/// The module.
pub fn module() -> impl Module {
    DebugDump
}

const NAME: &str = "debug-dump";
const SUMMARY: &str = "an admin page with the state of the whole process";
const PAGE: &str = "/debug/dump";

/// The section `[modules.debug-dump]` has no keys.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoKeys {}

struct DebugDump;

impl Module for DebugDump {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        SUMMARY
    }

    fn check(&self, settings: Settings<'_>) -> Result<(), SettingsError> {
        settings.read::<NoKeys>().map(drop)
    }

    fn start(
        &self,
        settings: Settings<'_>,
        _topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        self.check(settings)?;
        Ok(Arc::new(Running {
            started: Instant::now(),
        }))
    }
}

struct Running {
    started: Instant,
}

#[derive(Serialize)]
struct Rest {
    module: About,
    process: Process,
}

#[derive(Serialize)]
struct About {
    name: &'static str,
    summary: &'static str,
    version: &'static str,
}

impl Running {
    fn dump(&self, gateway: &str) -> serde_json::Result<String> {
        // Checked, then passed on as it is: parsing it into a tree would reorder its keys and round its numbers.
        let gateway = match serde_json::from_str::<IgnoredAny>(gateway) {
            Ok(_) => gateway,
            Err(_) => "null",
        };
        let rest = Rest {
            module: About {
                name: NAME,
                summary: SUMMARY,
                version: env!("CARGO_PKG_VERSION"),
            },
            process: Process::read("/proc/self".as_ref(), self.started.elapsed()),
        };
        let rest = serde_json::to_string(&rest)?;
        Ok(format!(r#"{{"gateway":{gateway},{}"#, &rest[1..]))
    }
}

impl Instance for Running {
    fn name(&self) -> &'static str {
        NAME
    }

    fn phases(&self) -> Phases {
        Phases::NONE
    }

    fn pages(&self) -> &'static [&'static str] {
        &[PAGE]
    }

    fn page(&self, request: &PageRequest<'_>) -> Option<Page> {
        graylane_note::emitted!("debug-dump");
        if request.path != PAGE {
            return None;
        }
        Some(Page {
            content_type: "application/json",
            body: self.dump(&(request.gateway)()).ok()?,
        })
    }

    fn renew(
        &self,
        settings: Settings<'_>,
        _topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        DebugDump.check(settings)?;
        Ok(Arc::new(Self {
            started: self.started,
        }))
    }
}

#[cfg(test)]
mod tests;
