//! The decision record of a request that is only described: `graylane explain` and the admin page.
//!
//! It runs the same screening, colouring and deciding as a request on a socket does.

use std::net::IpAddr;

use graylane_pipeline::Fault;
use graylane_route::{Explanation, Snapshot};
use http::request::Parts;
use ipnet::IpNet;

use crate::colour::{self, Client};
use crate::screen::screen;

/// What would become of a request with this head from this peer.
///
/// # Errors
/// The fault with which the request would be answered: it is malformed, or no service matches.
pub fn explain(
    snapshot: &Snapshot,
    trusted: &[IpNet],
    peer: IpAddr,
    parts: &Parts,
) -> Result<Explanation, Fault> {
    // The body is not described, so no length is too much.
    let screened = screen(parts, u64::MAX)?;
    let peer = peer.to_canonical();
    let client = Client::find(
        parts,
        screened.present,
        colour::is_trusted(trusted, peer),
        trusted,
    );
    let text = peer.to_string();
    let asked = colour::asked(parts, screened, &client, &text);
    let decision = snapshot.decide(&asked).ok_or(Fault::NoService)?;
    Ok(snapshot.explain(&asked, &decision))
}
