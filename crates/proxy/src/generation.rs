//! One configuration, ready to serve, and how it hands over to the next.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use graylane_config::{Config, Drain, LaneFallback, Limits};
use graylane_core::Name;
use graylane_pipeline::{Decision, EndpointId, Hooks, LaneId};
use graylane_route::Snapshot;
use graylane_tls::{Peer, Server, Tls};
use ipnet::IpNet;

use crate::clock::Ticks;
use crate::counters::LaneTotals;
use crate::gray::Spoken;
use crate::mirror::Mirrors;
use crate::roster::Roster;
use crate::rules::Rules;

/// Everything that a change of the configuration may change, as one immutable value. An exchange takes the generation in
/// use when it begins and uses nothing of another one until it has ended: limits, trusted peers, routes, endpoints, and
/// the instances of the modules that admit, settle and observe it.
///
/// Of a connection, the times between its exchanges (`header_time`, `idle_time`) become those of a new generation with its
/// next exchange, and `idle_grace` with the drain.
#[derive(Debug)]
pub struct Generation {
    /// Unlike the revision, no two of a process have the same, those included that were never used; never 0.
    id: u64,
    /// The id of the generation that this one was made from.
    follows: Option<u64>,
    snapshot: Snapshot,
    hooks: Hooks,
    limits: Limits,
    drain: Drain,
    trusted: Vec<IpNet>,
    spoken: Spoken,
    times: Times,
    /// Of each service.
    rules: Box<[Rules]>,
    roster: Arc<Roster>,
    mirrors: Mirrors,
    entries: Box<[Entry]>,
    tls: Arc<Tls>,
    in_use_since: OnceLock<Instant>,
}

/// How connections of a listener begin. A connection takes it when it is accepted, and a change concerns later ones only.
#[derive(Debug)]
pub struct Entry {
    /// The listener.
    pub listener: Name,
    /// Whether clients may speak HTTP/2; over TLS the ALPN of `tls` says the same.
    pub http2: bool,
    /// What secures it; `None`: cleartext.
    pub tls: Option<Arc<Server>>,
}

/// The limits in time of a client's connection, in ticks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) handshake: Ticks,
    pub(crate) header: Ticks,
    pub(crate) idle: Ticks,
    pub(crate) response: Ticks,
    /// What a drain leaves to an idle connection; never more than `idle`.
    pub(crate) idle_grace: Ticks,
}

impl Generation {
    /// The generation with which so many workers start. The snapshot is of this configuration, and the modules were
    /// started with its topology; `tls` was made from the files of this configuration.
    pub fn first(
        config: &Config,
        snapshot: Snapshot,
        hooks: Hooks,
        tls: Arc<Tls>,
        workers: usize,
    ) -> Arc<Self> {
        let roster = Roster::first(snapshot.topology(), workers);
        let listeners = config.listeners.iter().map(|listener| &listener.name);
        let entries = entries(listeners, config, &tls);
        Self::of(config, snapshot, hooks, (roster, entries, tls), None)
    }

    /// The generation to follow on this one, which goes on: nothing happens before [`crate::Shared::replace`]. The
    /// snapshot is best made by [`Snapshot::next`], and the modules are renewed with its topology.
    #[must_use]
    pub fn next(&self, config: &Config, snapshot: Snapshot, hooks: Hooks, tls: Arc<Tls>) -> Arc<Self> {
        let roster = self.roster.next(snapshot.topology());
        let listeners = self.entries.iter().map(|entry| &entry.listener);
        let entries = entries(listeners, config, &tls);
        Self::of(config, snapshot, hooks, (roster, entries, tls), Some(self))
    }

    fn of(
        config: &Config,
        snapshot: Snapshot,
        hooks: Hooks,
        (roster, entries, tls): (Arc<Roster>, Box<[Entry]>, Arc<Tls>),
        before: Option<&Self>,
    ) -> Arc<Self> {
        static ID: AtomicU64 = AtomicU64::new(1);
        let (limits, drain) = (config.limits.clone(), config.drain.clone());
        Arc::new(Self {
            id: ID.fetch_add(1, Relaxed),
            follows: before.map(|before| before.id),
            mirrors: Mirrors::new(config, roster.workers(), before.map(|before| &before.mirrors)),
            times: Times {
                handshake: Ticks::at_least(limits.handshake_time),
                header: Ticks::at_least(limits.header_time),
                idle: Ticks::at_least(limits.idle_time),
                response: Ticks::at_least(limits.response_time),
                idle_grace: Ticks::at_least(drain.idle_grace.min(limits.idle_time)),
            },
            spoken: Spoken::new(snapshot.gray()),
            rules: config
                .services
                .iter()
                .map(|service| Rules::of(service, &limits))
                .collect(),
            snapshot,
            hooks,
            limits,
            drain,
            trusted: config.server.trusted_peers.clone(),
            roster,
            entries,
            tls,
            in_use_since: OnceLock::new(),
        })
    }

    /// The routes, lanes and endpoints.
    #[inline]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The lanes that have endpoints, of which none is healthy.
    pub fn lanes_down(&self) -> impl Iterator<Item = LaneId> {
        let lanes = (0..).zip(&self.snapshot.topology().lanes);
        let is_healthy = |endpoint| self.roster.endpoint(EndpointId(endpoint)).standing.is_healthy();
        lanes
            .filter(move |(_, lane)| !lane.endpoints.is_empty() && !lane.endpoints.clone().any(is_healthy))
            .map(|(number, _)| LaneId(number))
    }

    /// The lane that answers in place of the decided one where nobody of that can be asked; `None`: nobody.
    #[inline]
    pub(crate) fn stand_in(&self, decision: &Decision) -> Option<LaneId> {
        if decision.baseline {
            return None;
        }
        let service = self.snapshot.service(decision.service);
        (service.fallback == LaneFallback::Baseline).then_some(service.baseline)
    }

    /// The modules.
    #[inline]
    pub fn hooks(&self) -> &Hooks {
        &self.hooks
    }

    /// What one client may use.
    #[inline]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How the process ends.
    pub fn drain(&self) -> &Drain {
        &self.drain
    }

    /// The peers whose gray and forwarding headers are believed.
    #[inline]
    pub fn trusted(&self) -> &[IpNet] {
        &self.trusted
    }

    /// How the lane of a request goes on.
    #[inline]
    pub(crate) fn spoken(&self) -> Spoken {
        self.spoken
    }

    /// How connections of a listener begin. Listeners are numbered as the configuration of the start has them, in whatever
    /// order a later one has.
    ///
    /// # Panics
    /// When there is no listener of that number.
    #[inline]
    pub fn entry(&self, listener: usize) -> &Entry {
        &self.entries[listener]
    }

    /// The names of the listeners, by their numbers.
    pub(crate) fn listeners(&self) -> impl Iterator<Item = &Name> {
        self.entries.iter().map(|entry| &entry.listener)
    }

    /// The number of the listener of that name.
    pub(crate) fn number(&self, listener: &Name) -> Option<usize> {
        self.entries.iter().position(|entry| entry.listener == *listener)
    }

    /// How an endpoint is asked over TLS; `None`: in cleartext.
    #[inline]
    pub fn peer(&self, endpoint: EndpointId) -> Option<&Peer> {
        self.tls.peer(endpoint.0 as usize)
    }

    /// What secures the listeners and the endpoints.
    pub fn tls(&self) -> &Arc<Tls> {
        &self.tls
    }

    /// How long ago it came into use; zero where it has not.
    pub fn age(&self) -> Duration {
        self.in_use_since.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// The sums of one lane, over all generations that had it one after the other.
    ///
    /// # Panics
    /// When the number comes from another topology.
    pub fn totals(&self, lane: LaneId) -> LaneTotals {
        self.roster.lane(lane).counters.totals()
    }

    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn follows(&self, other: &Self) -> bool {
        self.follows == Some(other.id)
    }

    pub(crate) fn times(&self) -> Times {
        self.times
    }

    /// How the endpoints of a service are asked.
    #[inline]
    pub(crate) fn rules(&self, service: u32) -> &Rules {
        &self.rules[service as usize]
    }

    #[inline]
    pub(crate) fn mirrors(&self) -> &Mirrors {
        &self.mirrors
    }

    #[inline]
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Its time begins.
    pub(crate) fn begin(&self) {
        // Set once: a generation is put into use once.
        let _ = self.in_use_since.set(Instant::now());
    }
}

/// Of each listener that there has been from the start.
fn entries<'a>(listeners: impl Iterator<Item = &'a Name>, config: &Config, tls: &Tls) -> Box<[Entry]> {
    let entry = |name: &Name| {
        let mut all = config.listeners.iter();
        // A configuration without it needs a restart, and does not come here.
        let listener = all.find(|listener| listener.name == *name);
        Entry {
            listener: name.clone(),
            http2: listener.is_some_and(|listener| listener.http2),
            tls: tls.server(name.as_str()).cloned(),
        }
    };
    listeners.map(entry).collect()
}

/// A generation as one worker holds it: one count of references for the worker's exchanges. That of the generation itself,
/// which all workers share, would be passed between their cores with every request.
#[derive(Debug)]
pub(crate) struct Held(pub(crate) Arc<Generation>);

impl Deref for Held {
    type Target = Generation;

    #[inline]
    fn deref(&self) -> &Generation {
        &self.0
    }
}
