//! The decision record of a request that is only described: `graylane explain` and the admin page.
//!
//! It runs the same parsing, colouring and deciding as a request on a socket does.

use std::net::IpAddr;

use graylane_pipeline::{Decision, Fault};
use graylane_route::{Explanation, Snapshot};
use graylane_wire as wire;
use ipnet::IpNet;

use crate::colour::{self, Client};
use crate::generation::Generation;
use crate::gray;
use crate::prepare::fault_of;

/// Whoever describes a request needs no protection from it.
const LIMITS: wire::Limits = wire::Limits {
    head: 1024 * 1024,
    fields: 1000,
};

/// What would become of a request with this head, as it would stand on the wire, from this peer.
///
/// # Errors
/// The fault with which the request would be answered: it is malformed, or no service matches.
pub fn explain(
    snapshot: &Snapshot,
    trusted: &[IpNet],
    peer: IpAddr,
    head: &str,
) -> Result<Explanation, Fault> {
    decide(snapshot, trusted, peer, head).map(|(explanation, _)| explanation)
}

impl Generation {
    /// The same by this generation, with who answers at present where the lane is down.
    ///
    /// # Errors
    /// As of [`explain`].
    pub fn explain(&self, peer: IpAddr, head: &str) -> Result<Explanation, Fault> {
        let (explanation, decision) = decide(self.snapshot(), self.trusted(), peer, head)?;
        let is_down = self.lanes_down().any(|lane| lane == decision.lane);
        let stand_in = self.stand_in(&decision).filter(|_| is_down);
        Ok(Explanation {
            fallback: stand_in.map(|lane| self.snapshot().topology().lane(lane).lane.to_string()),
            ..explanation
        })
    }
}

fn decide(
    snapshot: &Snapshot,
    trusted: &[IpNet],
    peer: IpAddr,
    head: &str,
) -> Result<(Explanation, Decision), Fault> {
    let mut table = wire::Table::new();
    let request = wire::parse_request(head.as_bytes(), LIMITS, &mut 0, &mut table)
        .map_err(fault_of)?
        .ok_or(Fault::BadRequest)?;
    let peer = peer.to_canonical();
    let is_believed = colour::is_trusted(trusted, peer);
    let says = gray::Asked {
        snapshot,
        fields: request.fields,
        host: request.host,
        path: request.path,
    };
    let now = colour::unix_seconds;
    let verdict = graylane_context::judge(snapshot.gray(), &says, is_believed, now);
    let said = verdict.said.map(|(_, tag)| tag);
    let client = Client::find(request.fields, is_believed, trusted);
    let text = peer.to_string();
    let asked = colour::asked(&request, &client, &text, said.as_ref());
    let decision = snapshot.decide(&asked).ok_or(Fault::NoService)?;
    let explanation = Explanation {
        gray: graylane_context::explain(snapshot.gray(), &says, is_believed, now),
        ..snapshot.explain(&asked, &decision)
    };
    Ok((explanation, decision))
}
