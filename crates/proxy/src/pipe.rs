//! A client's connection and endpoints over anything that reads and writes: pipes in memory, for tests and fuzzers of whole
//! exchanges that would otherwise spend their time in the kernel.

use std::net::SocketAddr;
use std::sync::Arc;

use graylane_pipeline::EndpointId;
use tokio::sync::mpsc;

use crate::conn::{Conn, Scheme};
use crate::gateway::Shared;
use crate::latest::{self, latest};
use crate::stream::{Layer, Stream};
use crate::worker::{Presence, Worker};
use crate::{h1, load, upstream};

/// Serves one client to its end, as a worker of its own, which must run on one thread and alone there. Each of the endpoints
/// is an idle connection to the one of that number; when they are used up, endpoints are dialled as ever. No clock runs, so
/// no limit in time is ever reached.
pub async fn serve_over(
    shared: &Arc<Shared>,
    peer: SocketAddr,
    client: Box<dyn Layer>,
    endpoints: Vec<(EndpointId, Box<dyn Layer>)>,
) {
    let (door, _) = mpsc::unbounded_channel();
    let worker = Worker::new(shared, 0, door);
    let current = latest(shared);
    for (id, layer) in endpoints {
        upstream::lay_up(Stream::Layered(layer), current.roster().endpoint(id).seat);
    }
    let conn = Conn::new(
        &worker,
        peer,
        Scheme::Http,
        current.times(),
        Presence::accepted(&worker, 0, None),
        false,
    );
    h1::serve(conn, Stream::Layered(client), true).await;
    upstream::clear();
    load::clear();
    latest::clear();
}
