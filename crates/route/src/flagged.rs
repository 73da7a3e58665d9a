//! Lanes chosen by flags: whoever gets the variant goes to the lane, under the same targeting key as for weights.

use graylane_config::LaneFlag;
use graylane_diagnostic::{Diagnostic, list, meant, quote};
use graylane_flags::{Context, FlagId, FlagSet, Value, ValueRef};
use graylane_pipeline::{FlagChoice, LaneId};
use graylane_wire::Known;

use crate::Asked;
use crate::key::pair;

/// A lane that a flag chooses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FlagLane {
    pub(crate) flag: FlagId,
    /// The variant that sends to the lane.
    pub(crate) variant: u16,
    pub(crate) lane: LaneId,
}

impl FlagLane {
    /// Finds the flag and the variant that a lane of the configuration names.
    pub(crate) fn resolve(named: &LaneFlag, flags: &FlagSet, lane: LaneId) -> Result<Self, Diagnostic> {
        let key = quote(&named.key);
        let Some(flag) = flags.find(&named.key) else {
            let other = meant(&named.key, flags.iter().map(|(_, flag)| flag.key()));
            let hint = match other {
                Some(other) => format!("did you mean {}?", quote(other)),
                None => "flags.files names the files of flags".to_owned(),
            };
            return Err(Diagnostic::new(format!("there is no flag {key}"))
                .hint(hint)
                .at(named.span.clone()));
        };
        let variants = flags.flag(flag).variants();
        let found = variants.iter().position(|variant| match &named.variant {
            Some(name) => *variant.name == **name,
            None => variant.value == Value::Bool(true),
        });
        match found {
            // A flag has at most 2^16 variants.
            Some(variant) => Ok(Self {
                flag,
                variant: variant as u16,
                lane,
            }),
            None => {
                let missing = match &named.variant {
                    Some(name) => format!("the flag {key} has no variant {}", quote(name)),
                    None => format!("no variant of the flag {key} is `true`"),
                };
                let all = list(variants.iter().map(|variant| &*variant.name));
                Err(Diagnostic::new(missing)
                    .hint(format!(
                        "its variants are {all}; name the one that leads here with `variant`"
                    ))
                    .at(named.span.clone()))
            }
        }
    }
}

/// The first lane whose flag has the variant for this visitor. A flag without an answer chooses no lane.
#[inline]
pub(crate) fn choose(
    lanes: &[FlagLane],
    flags: &FlagSet,
    visitor: &Visitor<'_>,
) -> Option<(LaneId, FlagChoice)> {
    lanes.iter().find_map(|candidate| {
        let (variant, _) = flags.evaluate(candidate.flag, visitor).ok()?.variant?;
        (variant == candidate.variant).then_some((
            candidate.lane,
            FlagChoice {
                flag: candidate.flag.0,
                variant,
            },
        ))
    })
}

/// What a rule may know of the one who asks: `targetingKey`, `service`, `host`, `path`, `query`, `client`, and below
/// `headers`, `cookies` and `params` each by name.
#[derive(Debug)]
pub(crate) struct Visitor<'a> {
    pub(crate) asked: &'a Asked<'a>,
    pub(crate) service: &'a str,
    /// `None` where its bytes are not UTF-8.
    key: Option<&'a str>,
}

impl<'a> Visitor<'a> {
    #[inline]
    pub(crate) fn new(asked: &'a Asked<'a>, service: &'a str, key: &'a [u8]) -> Self {
        Self {
            asked,
            service,
            key: std::str::from_utf8(key).ok(),
        }
    }
}

impl Context for Visitor<'_> {
    #[inline]
    fn targeting_key(&self) -> Option<&str> {
        self.key
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        let text = match name {
            "targetingKey" => self.key?,
            "service" => self.service,
            "host" => self.asked.host,
            "path" => self.asked.path,
            "query" => self.asked.query,
            "client" => self.asked.client,
            _ => return None,
        };
        Some(ValueRef::Text(text))
    }

    fn below(&self, path: &[Box<str>]) -> Option<ValueRef<'_>> {
        let [kind, name] = path else {
            return None;
        };
        let value = match &**kind {
            "headers" => self.asked.headers.get(name)?,
            "cookies" => self
                .asked
                .headers
                .all(Known::Cookie)
                .find_map(|line| pair(line, b';', name.as_bytes()))?,
            "params" => pair(self.asked.query.as_bytes(), b'&', name.as_bytes())?,
            _ => return None,
        };
        std::str::from_utf8(value).ok().map(ValueRef::Text)
    }

    fn unix_seconds(&self) -> u64 {
        (self.asked.unix_seconds)()
    }
}
