//! `[lanes.<service>.<name>.health]`, before it is compared with the rest of its lane.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Faults, Field, Section};
use super::{values, words};

/// `[lanes.<service>.<name>.health]`
#[derive(Debug)]
pub(crate) struct HealthDraft {
    pub(crate) place: Range<usize>,
    pub(crate) kind: Field<HealthKind>,
    pub(crate) path: Field<Box<str>>,
    pub(crate) host: Field<Box<str>>,
    pub(crate) expect: Field<Vec<Spanned<RangeInclusive<u16>>>>,
    pub(crate) service: Field<Box<str>>,
    pub(crate) port: Field<u16>,
    pub(crate) interval: Field<Duration>,
    pub(crate) timeout: Field<Duration>,
    pub(crate) fails: Field<u32>,
    pub(crate) passes: Field<u32>,
}

/// What is asked of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HealthKind {
    Tcp,
    Http,
    Grpc,
}

impl HealthKind {
    /// As it stands in a file.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Http => "http",
            Self::Grpc => "grpc",
        }
    }
}

pub(super) fn health<'t>(
    value: &'t Spanned<DeValue<'t>>,
    lane: &str,
    faults: &mut Faults,
) -> Field<HealthDraft> {
    let name = format!("{lane}.health");
    let Some(section) = Section::open(value, "lanes.<service>.<name>.health", &name, faults) else {
        return Field::Bad;
    };
    // No cast truncates: the declared ranges end far below the types'.
    let draft = HealthDraft {
        place: value.span(),
        kind: section.text("kind", faults, words::health_kind),
        path: section.text("path", faults, words::health_path),
        host: section.text("host", faults, words::health_host),
        expect: section.list("expect", faults, words::statuses),
        service: section.text("service", faults, words::grpc_service),
        port: section
            .value("port", faults, values::count)
            .map(|port| port as u16),
        interval: section.value("interval", faults, values::duration),
        timeout: section.value("timeout", faults, values::duration),
        fails: section
            .value("fails", faults, values::count)
            .map(|fails| fails as u32),
        passes: section
            .value("passes", faults, values::count)
            .map(|passes| passes as u32),
    };
    Field::Given(Spanned::new(value.span(), draft))
}
