use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use graylane_config::{self as config, Config, HostPattern};
use graylane_context::{Key, Policy};
use graylane_core::{Bucket, Interval, Name, Salt, Tag, Weight};
use graylane_diagnostic::Diagnostic;
use graylane_flags::{FlagId, FlagSet};
use graylane_pipeline::{
    Decision, EndpointId, EndpointInfo, FlagChoice, FlagNames, LaneId, LaneInfo, Reason, Topology,
};

use crate::find::Hosts;
use crate::flagged::{self, FlagLane, Visitor};
use crate::key::{Source, find_key};
use crate::{Asked, Forced};

/// One immutable compiled configuration.
#[derive(Debug)]
pub struct Snapshot {
    revision: u64,
    hosts: Hosts,
    services: Vec<Service>,
    lanes: Vec<Lane>,
    topology: Arc<Topology>,
    flags: Arc<FlagSet>,
    gray: Policy,
}

/// A service, compiled.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// Whether responses name the lane.
    pub show_lane: bool,
    /// What becomes of a lane without an endpoint that can be asked.
    pub fallback: config::LaneFallback,
    /// How long its endpoints are waited for.
    pub timeouts: config::Timeouts,
    /// When what an endpoint may have seen is asked of another one.
    pub retries: config::Retries,
    pub(crate) sources: Vec<Source>,
    pub(crate) salt: Salt,
    /// The lanes that a flag chooses, in file order.
    pub(crate) flagged: Vec<FlagLane>,
    /// The lanes that own an interval.
    pub(crate) shares: Vec<(Interval, LaneId)>,
    /// The lane that takes what the others leave.
    pub baseline: LaneId,
    /// Every lane by name, for forced ones.
    pub(crate) by_name: Vec<(Name, LaneId)>,
    /// The lanes whose tag is not their name.
    pub(crate) by_tag: Vec<(Tag, LaneId)>,
}

/// A lane, compiled.
#[derive(Debug)]
pub struct Lane {
    /// Its name.
    pub name: Name,
    /// What other dialects of gray headers than `X-Gray-Version` and `baggage` call it.
    pub tag: Tag,
    /// Its share.
    pub weight: Weight,
    /// The buckets it owns; `None` for the baseline.
    pub interval: Option<Interval>,
    /// Who answers.
    pub upstream: Upstream,
    /// What its endpoints speak.
    pub protocol: config::Protocol,
    /// Below this share of healthy endpoints all of them are asked again; zero: never.
    pub panic: Weight,
    /// How long the share of an endpoint that is new or healthy again grows.
    pub slow_start: Option<Duration>,
    /// How its endpoints are checked; `None`: not at all.
    pub health: Option<config::Health>,
}

/// Who answers in a lane.
#[derive(Debug)]
pub enum Upstream {
    /// The endpoints of the lane, see [`Topology::endpoints_of`].
    Endpoints(Vec<(EndpointId, config::Endpoint)>),
    /// The gateway itself.
    Respond(Respond),
}

/// An answer in place of an endpoint's.
#[derive(Debug, Clone)]
pub struct Respond {
    /// The status.
    pub status: u16,
    /// The media type.
    pub content_type: Box<str>,
    /// The body.
    pub body: Bytes,
}

impl Lane {
    /// Its endpoints; none where the gateway answers itself.
    pub fn endpoints(&self) -> &[(EndpointId, config::Endpoint)] {
        match &self.upstream {
            Upstream::Endpoints(endpoints) => endpoints,
            Upstream::Respond(_) => &[],
        }
    }
}

impl Service {
    /// The lane of that name or tag; no two lanes of a service share one.
    #[inline]
    pub fn lane(&self, called: &[u8]) -> Option<LaneId> {
        let mut all = self.by_name.iter();
        let named = all.find(|(name, _)| name.as_str().as_bytes() == called);
        named.map(|(_, lane)| *lane).or_else(|| {
            let mut all = self.by_tag.iter();
            all.find(|(tag, _)| tag.as_bytes() == called)
                .map(|(_, lane)| *lane)
        })
    }

    /// The lane that owns the bucket.
    #[inline]
    fn share(&self, bucket: Bucket) -> Option<LaneId> {
        let mut all = self.shares.iter();
        all.find(|(interval, _)| interval.contains(bucket))
            .map(|(_, lane)| *lane)
    }
}

impl Snapshot {
    /// Compiles a checked configuration.
    pub fn compile(config: &Config, revision: u64) -> Self {
        Self::compiled(config, revision, None)
    }

    /// Compiles the configuration that follows on this one. Where it has the same lanes and endpoints in the same order,
    /// as when only weights change, the topology is the same one: nobody has to number anything anew.
    ///
    /// # Panics
    /// As [`Snapshot::compile`].
    #[must_use]
    pub fn next(&self, config: &Config, revision: u64) -> Self {
        Self::compiled(config, revision, Some(&self.topology))
    }

    fn compiled(config: &Config, revision: u64, known: Option<&Arc<Topology>>) -> Self {
        let mut topology = Topology::default();
        let mut lanes = Vec::new();
        let mut services = Vec::new();
        let mut rules = Vec::new();
        // No cast to 32 bits truncates: a text of 1 MiB, the largest, has fewer services and endpoints than that.
        for (number, service) in config.services.iter().enumerate() {
            let first = lanes.len();
            let id = |index: usize| LaneId(u32::try_from(first + index).expect("fewer lanes than 2^32"));
            for (index, lane) in service.lanes.iter().enumerate() {
                let from = topology.endpoints.len() as u32;
                lanes.push(compile_lane(lane, id(index), &mut topology));
                topology.lanes.push(LaneInfo {
                    service: service.name.clone(),
                    lane: lane.name.clone(),
                    baseline: index == service.baseline,
                    endpoints: from..topology.endpoints.len() as u32,
                });
            }
            let numbered = || {
                service
                    .lanes
                    .iter()
                    .enumerate()
                    .map(|(index, lane)| (lane, id(index)))
            };
            services.push(Service {
                name: service.name.clone(),
                show_lane: service.show_lane,
                fallback: service.fallback,
                timeouts: service.timeouts.clone(),
                retries: service.retries.clone(),
                sources: service.key.iter().map(Source::compile).collect(),
                flagged: Vec::new(),
                salt: Salt::new(&service.salt),
                shares: numbered()
                    .filter_map(|(lane, id)| Some((lane.interval?, id)))
                    .collect(),
                baseline: id(service.baseline),
                by_name: numbered().map(|(lane, id)| (lane.name.clone(), id)).collect(),
                by_tag: numbered()
                    .filter(|(lane, _)| lane.tag.as_str() != lane.name.as_str())
                    .map(|(lane, id)| (lane.tag, id))
                    .collect(),
            });
            rules.extend(rules_of(service, number as u32));
        }
        Self {
            revision,
            hosts: Hosts::compile(rules),
            services,
            lanes,
            topology: match known {
                Some(known) if **known == topology => Arc::clone(known),
                _ => Arc::new(topology),
            },
            flags: Arc::default(),
            gray: policy(&config.gray),
        }
    }

    /// The same with the keys of signatures over gray lanes, which the configuration names by their files only.
    #[must_use]
    pub fn with_gray_keys(mut self, keys: Vec<(Name, Key)>) -> Self {
        self.gray.keys = keys;
        self
    }

    /// The same with the flags by which lanes are chosen, and which others ask for.
    ///
    /// # Errors
    /// A lane names a flag or a variant that there is not, each at its place in the configuration.
    pub fn with_flags(mut self, config: &Config, flags: Arc<FlagSet>) -> Result<Self, Vec<Diagnostic>> {
        let mut wrong = Vec::new();
        for (service, compiled) in config.services.iter().zip(&mut self.services) {
            for (lane, (_, id)) in service.lanes.iter().zip(&compiled.by_name) {
                match lane
                    .flag
                    .as_ref()
                    .map(|flag| FlagLane::resolve(flag, &flags, *id))
                {
                    None => {}
                    Some(Ok(flagged)) => compiled.flagged.push(flagged),
                    Some(Err(mistake)) => wrong.push(mistake),
                }
            }
        }
        self.flags = flags;
        if wrong.is_empty() { Ok(self) } else { Err(wrong) }
    }

    /// The lane for a request, or `None` where no service matches its host and path.
    #[inline]
    pub fn decide(&self, asked: &Asked<'_>) -> Option<Decision> {
        let number = self.hosts.find(asked.host, asked.path)?;
        let service = &self.services[number as usize];
        let (key, key_source) = find_key(&service.sources, asked);
        let bucket = service.salt.bucket(key);
        let flagged = match asked.forced {
            Forced::No if !service.flagged.is_empty() => {
                let visitor = Visitor::new(asked, service.name.as_str(), key);
                flagged::choose(&service.flagged, &self.flags, &visitor)
            }
            _ => None,
        };
        let (lane, reason) = match (asked.forced, flagged) {
            (Forced::By(name), _) => match service.lane(name) {
                Some(lane) => (lane, Reason::Forced),
                None => (service.baseline, Reason::ForcedUnknown),
            },
            (Forced::No, Some((lane, _))) => (lane, Reason::Flag),
            (Forced::No, None) => match service.share(bucket) {
                Some(lane) => (lane, Reason::Weight),
                None if service.by_name.len() == 1 => (service.baseline, Reason::OnlyLane),
                None => (service.baseline, Reason::Baseline),
            },
        };
        Some(Decision {
            service: number,
            lane,
            baseline: lane == service.baseline,
            reason,
            flag: flagged.map(|(_, choice)| choice),
            key_source,
            bucket,
            interval: self.lane(lane).interval,
            revision: self.revision,
        })
    }

    /// Which dialects of gray headers are spoken, and who is believed beside trusted peers.
    #[inline]
    pub fn gray(&self) -> &Policy {
        &self.gray
    }

    /// The service that a request with this host and path asks.
    pub fn find(&self, host: &str, path: &str) -> Option<&Service> {
        let number = self.hosts.find(host, path)?;
        Some(&self.services[number as usize])
    }

    /// The revision: monotonic over the configurations that one process accepts.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// What a flag that chose a lane, and its variant, are called; `None` where the choice comes from another snapshot.
    pub fn flag_names(&self, choice: FlagChoice) -> Option<FlagNames<'_>> {
        let flag = self.flags.get(FlagId(choice.flag))?;
        let variant = flag.variants().get(usize::from(choice.variant))?;
        Some(FlagNames {
            flag: flag.key(),
            variant: &variant.name,
        })
    }

    /// The flags, by which lanes are chosen and which others ask for.
    pub fn flags(&self) -> &Arc<FlagSet> {
        &self.flags
    }

    /// All lanes and endpoints, as modules see them.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// A service by its number in a decision of this snapshot.
    ///
    /// # Panics
    /// When the number comes from another snapshot.
    pub fn service(&self, number: u32) -> &Service {
        &self.services[number as usize]
    }

    /// A lane by its number in a decision of this snapshot.
    ///
    /// # Panics
    /// When the number comes from another snapshot.
    #[inline]
    pub fn lane(&self, id: LaneId) -> &Lane {
        &self.lanes[id.0 as usize]
    }

    pub(crate) fn hosts(&self) -> &Hosts {
        &self.hosts
    }
}

/// Without the keys of signatures, which stand in files of their own.
fn policy(gray: &config::Gray) -> Policy {
    Policy {
        read: gray.read.as_slice().into(),
        write: gray.write.as_slice().into(),
        member: gray.member.clone(),
        certificates: gray.certificates.as_slice().into(),
        keys: Vec::new(),
        max_age: gray.max_age,
    }
}

fn compile_lane(lane: &config::Lane, id: LaneId, topology: &mut Topology) -> Lane {
    let upstream = match &lane.upstream {
        config::Upstream::Endpoints(endpoints) => Upstream::Endpoints(
            endpoints
                .iter()
                .map(|endpoint| {
                    let number = EndpointId(topology.endpoints.len() as u32);
                    topology.endpoints.push(EndpointInfo {
                        address: address(endpoint),
                        lane: id,
                    });
                    (number, endpoint.clone())
                })
                .collect(),
        ),
        config::Upstream::Respond(respond) => Upstream::Respond(Respond {
            status: respond.status,
            content_type: respond.content_type.clone(),
            body: Bytes::copy_from_slice(respond.body.as_bytes()),
        }),
    };
    Lane {
        name: lane.name.clone(),
        tag: lane.tag,
        weight: lane.weight,
        interval: lane.interval,
        upstream,
        protocol: lane.protocol,
        panic: lane.panic,
        slow_start: lane.slow_start,
        health: lane.health.clone(),
    }
}

/// `host:port`, with brackets around an IPv6 address. Over TLS it is another endpoint than in cleartext, so that nothing
/// that is kept of the one, such as its open connections, goes for the other.
fn address(endpoint: &config::Endpoint) -> Box<str> {
    let config::Endpoint { host, port, tls, .. } = endpoint;
    let scheme = if *tls { "https://" } else { "" };
    if host.contains(':') {
        format!("{scheme}[{host}]:{port}").into()
    } else {
        format!("{scheme}{host}:{port}").into()
    }
}

fn rules_of(service: &config::Service, number: u32) -> Vec<(Option<HostPattern>, Box<str>, u32)> {
    let hosts: Vec<_> = if service.hosts.is_empty() {
        vec![None]
    } else {
        service.hosts.iter().cloned().map(Some).collect()
    };
    hosts
        .into_iter()
        .flat_map(|host| {
            service
                .paths
                .iter()
                .map(move |path| (host.clone(), path.clone(), number))
        })
        .collect()
}
