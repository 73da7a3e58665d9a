use std::fmt;

use graylane_context::Explained;
use graylane_core::Bucket;
use graylane_pipeline::{Decision, KeySource, Reason};
use serde::Serialize;

use crate::find::HostWord;
use crate::flagged::{FlagLane, Visitor};
use crate::key::find_key;
use crate::{Asked, Forced, Service, Snapshot};

/// A decision in words; the same for a live request and offline, but for `fallback`.
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
    /// The lane that answers in its place at present, as none of its own endpoints is healthy. Only a running gateway knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
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
    /// The flags of the service's lanes as they are for this key, up to the one that chose the lane.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<ExplainedFlag>,
    /// What the request says of its lane, and whether that is believed; none where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gray: Option<Explained>,
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

/// A flag that a lane depends on.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedFlag {
    /// The lane.
    pub lane: String,
    /// The key of the flag.
    pub flag: String,
    /// The variant that leads to the lane.
    pub wanted: String,
    /// The variant that the flag has; none where the code would decide, or the rule failed.
    pub variant: Option<String>,
    /// Why it has it, in OpenFeature's words, or `ERROR`.
    pub reason: &'static str,
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
    /// Turns a decision of this snapshot into words; what the request says of its lane is left to whoever read that.
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
            fallback: None,
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
            flags: self.explain_flags(asked, service, decision, key),
            gray: None,
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

    fn explain_flags(
        &self,
        asked: &Asked<'_>,
        service: &Service,
        decision: &Decision,
        key: &[u8],
    ) -> Vec<ExplainedFlag> {
        if matches!(asked.forced, Forced::By(_)) {
            return Vec::new();
        }
        let visitor = Visitor::new(asked, service.name.as_str(), key);
        let until = service
            .flagged
            .iter()
            .position(|one| Some(one.lane) == decision.flag.map(|_| decision.lane));
        let looked_at = until.map_or(&service.flagged[..], |last| &service.flagged[..=last]);
        let explain = |one: &FlagLane| {
            let flag = self.flags().flag(one.flag);
            let answer = self.flags().evaluate(one.flag, &visitor);
            ExplainedFlag {
                lane: self.topology().lane(one.lane).lane.to_string(),
                flag: flag.key().to_owned(),
                wanted: flag.variants()[usize::from(one.variant)].name.to_string(),
                variant: answer
                    .ok()
                    .and_then(|answer| answer.variant)
                    .map(|(_, name)| name.to_owned()),
                reason: answer.map_or("ERROR", |answer| answer.reason.as_str()),
            }
        };
        looked_at.iter().map(explain).collect()
    }
}

/// Who is believed, and each dialect in a line of its own.
fn explain_gray(gray: &Explained, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match gray.stripped {
        Some(why) => writeln!(f, "gray      nobody is believed  ({why})")?,
        None => writeln!(f, "gray      the {} is believed", gray.believed)?,
    }
    for one in &gray.dialects {
        let value = one.value.as_deref().unwrap_or("no value");
        writeln!(f, "          {}: {value}  ({})", one.dialect, one.outcome)?;
    }
    Ok(())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            service,
            lane,
            baseline,
            reason,
            fallback,
            key,
            bucket,
            buckets,
            interval,
            weight,
            flags,
            gray,
            rule,
            revision,
        } = self;
        writeln!(f, "lane      {lane}  ({reason})")?;
        if let Some(fallback) = fallback {
            writeln!(f, "fallback  {fallback}  (no endpoint of {lane} is healthy)")?;
        }
        writeln!(
            f,
            "service   {service}  (host {}, path {}, baseline {baseline})",
            rule.host, rule.path
        )?;
        writeln!(f, "key       {}  ({})", key.value, key.source)?;
        writeln!(f, "bucket    {bucket} of {buckets}")?;
        for one in flags {
            let variant = one.variant.as_deref().unwrap_or("none");
            writeln!(
                f,
                "flag      {} is {variant}  ({}; {} leads to {})",
                one.flag, one.reason, one.wanted, one.lane
            )?;
        }
        match interval {
            Some([from, to]) => writeln!(f, "interval  [{from}, {to})  ({weight})")?,
            None if *reason == Reason::Flag.as_str() => {}
            None => writeln!(f, "interval  what the other lanes leave  ({weight})")?,
        }
        if let Some(gray) = gray {
            explain_gray(gray, f)?;
        }
        write!(f, "revision  {revision}")
    }
}
