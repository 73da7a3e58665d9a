use std::fmt;

use graylane_core::Bucket;
use graylane_pipeline::{Decision, KeySource};
use serde::Serialize;

use crate::find::HostWord;
use crate::key::find_key;
use crate::{Asked, Snapshot};

/// A decision in words; the same for a live request and offline.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The service that matched.
    pub service: String,
    /// The lane chosen.
    pub lane: String,
    /// The lane that takes what the others leave.
    pub baseline: String,
    /// Why the lane was chosen.
    pub reason: &'static str,
    /// What sticks.
    pub key: ExplainedKey,
    /// The bucket of the key, 0 to 99,999.
    pub bucket: u32,
    /// How many buckets there are.
    pub buckets: u32,
    /// The buckets of the lane, from and up to; none for baseline.
    pub interval: Option<[u32; 2]>,
    /// The share of the lane.
    pub weight: String,
    /// The rule by which the service matched.
    pub rule: ExplainedRule,
    /// The revision of the snapshot that decided.
    pub revision: u64,
}

/// The targeting key of a decision.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedKey {
    /// As in the configuration: `header:x-user-id`, `cookie:uid`, `query:uid` or `client`.
    pub source: String,
    /// Its value; bytes that are not UTF-8 are replaced.
    pub value: String,
}

/// The rule by which a service matched.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedRule {
    /// `*`, a host, or `*.` and a host.
    pub host: String,
    /// The path prefix.
    pub path: String,
}

impl Snapshot {
    /// Turns a decision of this snapshot into words.
    ///
    /// # Panics
    /// When the decision was made by another snapshot.
    pub fn explain(&self, asked: &Asked<'_>, decision: &Decision) -> Explanation {
        let service = self.service(decision.service);
        let lane = self.lane(decision.lane);
        let (host, path) = match self.hosts().find_rule(asked.host, asked.path) {
            Some((HostWord::Exact(name), path, _)) => (name.to_owned(), path),
            Some((HostWord::Below(suffix), path, _)) => (format!("*{suffix}"), path),
            Some((HostWord::Any, path, _)) => ("*".to_owned(), path),
            None => unreachable!("the decision came from this rule"),
        };
        let (key, source) = find_key(&service.sources, asked);
        Explanation {
            service: service.name.to_string(),
            lane: self.topology().lane(decision.lane).lane.to_string(),
            baseline: self.topology().lane(service.baseline).lane.to_string(),
            reason: decision.reason.as_str(),
            key: ExplainedKey {
                source: match source {
                    KeySource::Configured(index) => service.sources[usize::from(index)].word(),
                    KeySource::ClientAddress => "client".to_owned(),
                },
                value: String::from_utf8_lossy(key).into_owned(),
            },
            bucket: decision.bucket.index(),
            buckets: Bucket::COUNT,
            interval: decision
                .interval
                .map(|interval| [interval.start(), interval.end()]),
            weight: lane.weight.to_string(),
            rule: ExplainedRule {
                host,
                path: if path.is_empty() {
                    "/".to_owned()
                } else {
                    path.to_owned()
                },
            },
            revision: decision.revision,
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            lane,
            baseline,
            reason,
            key,
            bucket,
            buckets,
            interval,
            weight,
            rule,
            revision,
        } = self;
        writeln!(f, "lane      {lane}  ({reason})")?;
        writeln!(
            f,
            "service   {service}  (host {}, path {}, baseline {baseline})",
            rule.host, rule.path
        )?;
        writeln!(f, "key       {}  ({})", key.value, key.source)?;
        writeln!(f, "bucket    {bucket} of {buckets}")?;
        match interval {
            Some([from, to]) => writeln!(f, "interval  [{from}, {to})  ({weight})")?,
            None => writeln!(f, "interval  what the other lanes leave  ({weight})")?,
        }
        write!(f, "revision  {revision}")
    }
}
