//! The gateway's own start, through the boot graph: configuration, then routing, then the modules side by side, then
//! the listeners, then the workers. So every gray part is ready before the first request is.

mod inheritance;
mod parts;
mod units;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use graylane_boot::{Cause, Graph, GraphError, Report, Running, StartError};
use graylane_core::Name;
use graylane_note::Notes;
use graylane_proxy::{Control, Gateway};

pub(crate) use inheritance::{Before, Inheritance};
pub(crate) use parts::Parts;

use crate::change::Handle;
use crate::exit::{Failure, INTERNAL, START_FAILED};
use crate::load::Wanted;
use crate::version::Version;

/// A gateway that serves.
#[derive(Debug)]
pub(crate) struct Started {
    parts: Arc<Parts>,
    gateway: Gateway,
    running: Running,
}

/// Starts everything.
pub(crate) async fn start(
    wanted: Wanted,
    version: Version,
    notes: &Notes,
    inheritance: Inheritance,
) -> Result<Started, Failure> {
    let parts = Arc::new(Parts::new(Some(wanted), version, notes, inheritance));
    let graph = Graph::new(units::all(&parts)).map_err(not_a_graph)?;
    let running = graph.start().await.map_err(|error| not_started(&error))?;
    // The last unit left it there.
    let gateway = parts.take_gateway().ok_or_else(|| {
        Failure::new(
            INTERNAL,
            "the workers are up but gone",
            "this is a bug: please report it",
        )
    })?;
    parts.set_ready(running.report().clone());
    Ok(Started {
        parts,
        gateway,
        running,
    })
}

/// The order of start as Graphviz text.
pub(crate) fn graph() -> Result<String, Failure> {
    // Nothing is started, so nothing of the parts is looked at.
    let notes = Notes::default();
    let parts = Arc::new(Parts::new(
        None,
        Version::new(&notes),
        &notes,
        Inheritance::default(),
    ));
    Ok(Graph::new(units::all(&parts)).map_err(not_a_graph)?.to_dot())
}

impl Started {
    pub(crate) fn report(&self) -> &Report {
        self.running.report()
    }

    pub(crate) fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// The handle by which the gateway is steered.
    pub(crate) fn control(&self) -> &Control {
        self.gateway.control()
    }

    pub(crate) fn gateway(&mut self) -> &mut Gateway {
        &mut self.gateway
    }

    pub(crate) fn listeners(&self) -> &[(Name, SocketAddr)] {
        self.parts.listener_addresses()
    }

    pub(crate) fn admin(&self) -> SocketAddr {
        self.parts.admin_address()
    }

    /// Where changes are ordered.
    pub(crate) fn changes(&self) -> Option<Handle> {
        self.parts.changes().cloned()
    }

    /// The address of the flag server, where there is one.
    pub(crate) fn ofrep(&self) -> Option<SocketAddr> {
        self.parts.with_ofrep(graylane_ofrep::Server::address)
    }

    pub(crate) fn revision(&self) -> u64 {
        self.parts
            .shared()
            .map_or(0, |shared| shared.current().snapshot().revision())
    }

    /// Stops what the workers leave: in the reverse order of start.
    pub(crate) async fn stop(self) {
        // What did not stop well is in the log: the graph says it as it happens.
        let _ = self.running.stop().await;
    }
}

fn not_a_graph(error: GraphError) -> Failure {
    Failure::new(INTERNAL, error, "this is a bug: please report it")
}

/// A unit's own failure keeps its code and words; anything else is told with the unit's name and the chain of causes.
fn not_started(error: &StartError) -> Failure {
    // What did not stop well is in the log already.
    for (unit, cause) in error.others.failures() {
        log::warn!("{unit}: {cause}");
    }
    if let Cause::Failed(cause) = &error.cause
        && let Some(Failure { code, text, json }) = cause.downcast_ref()
    {
        return Failure {
            code: *code,
            text: text.clone(),
            json: json.clone(),
        };
    }
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        chain += &format!(": {cause}");
        source = cause.source();
    }
    Failure::new(
        START_FAILED,
        chain,
        "what had started was stopped again; `graylane modules --graph` shows the order",
    )
}
