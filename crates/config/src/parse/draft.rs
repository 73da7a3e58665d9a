//! The tree of values -> the values that the configuration is made of, before they are compared with each other.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::time::Duration;

use graylane_core::{Interval, Name, Tag, Weight};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::forwarding::{endpoint, retries, timeouts};
use super::gray::{GrayDraft, gray};
use super::handover::handover;
use super::health::{HealthDraft, health};
use super::mirror::{MirrorDraft, mirror};
use super::section::{Faults, Field, Section, table_of};
use super::tls::{ListenerTlsDraft, UpstreamTlsDraft, listener_tls, upstream_tls};
use super::words::{Grow, HostWord};
use super::{Modules, owned::Owned, values, words};
use crate::{
    Drain, Endpoint, Handover, KeySource, LaneFallback, Limits, ModuleSection, Protocol, Respond, Retries,
    Sha256, Timeouts,
};
use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_diagnostic::{cut, list, meant, quote};

/// Every value that was read. A `Bad` field stands for a mistake that was noted.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) revision: Option<u64>,
    pub(crate) workers: Field<Option<NonZeroUsize>>,
    pub(crate) state: Option<Box<str>>,
    pub(crate) trusted_peers: Field<Vec<Spanned<IpNet>>>,
    pub(crate) listeners: Field<Vec<ListenerDraft>>,
    pub(crate) admin: Field<SocketAddr>,
    pub(crate) tokens: Field<Vec<CredentialDraft>>,
    pub(crate) limits: Limits,
    pub(crate) drain: Drain,
    pub(crate) gray: GrayDraft,
    pub(crate) handover: Handover,
    pub(crate) flag_files: Field<Vec<Spanned<Box<str>>>>,
    pub(crate) ofrep: Option<OfrepDraft>,
    pub(crate) services: Field<Vec<ServiceDraft>>,
    pub(crate) lanes: Field<Vec<LaneGroup>>,
    pub(crate) modules: Vec<ModuleSection>,
}

#[derive(Debug)]
pub(crate) struct ListenerDraft {
    /// `None`: not a name.
    pub(crate) name: Option<Name>,
    pub(crate) place: Range<usize>,
    pub(crate) address: Field<SocketAddr>,
    pub(crate) http2: Field<bool>,
    pub(crate) tls: Field<ListenerTlsDraft>,
}

/// `[ofrep]`
#[derive(Debug)]
pub(crate) struct OfrepDraft {
    pub(crate) place: Range<usize>,
    pub(crate) address: Field<SocketAddr>,
    pub(crate) cors: Field<Vec<Spanned<Box<str>>>>,
    pub(crate) keys: Field<Vec<CredentialDraft>>,
}

#[derive(Debug)]
pub(crate) struct CredentialDraft {
    pub(crate) name: Option<Name>,
    pub(crate) place: Range<usize>,
    pub(crate) sha256: Field<Sha256>,
}

#[derive(Debug)]
pub(crate) struct ServiceDraft {
    /// As written, to find its lanes even where it is not a name.
    pub(crate) key: String,
    pub(crate) name: Option<Name>,
    pub(crate) place: Range<usize>,
    pub(crate) hosts: Field<Vec<Spanned<HostWord>>>,
    pub(crate) paths: Field<Vec<Spanned<Box<str>>>>,
    pub(crate) sources: Field<Vec<Spanned<KeySource>>>,
    pub(crate) salt: Field<Box<str>>,
    pub(crate) show_lane: Field<bool>,
    pub(crate) fallback: Field<LaneFallback>,
    pub(crate) timeouts: Field<Timeouts>,
    pub(crate) retries: Field<Retries>,
    pub(crate) baseline: Field<String>,
}

/// `[lanes.<service>]`
#[derive(Debug)]
pub(crate) struct LaneGroup {
    pub(crate) service: String,
    pub(crate) place: Range<usize>,
    /// `None`: not a table.
    pub(crate) lanes: Option<Vec<LaneDraft>>,
}

#[derive(Debug)]
pub(crate) struct LaneDraft {
    pub(crate) name: Option<Name>,
    pub(crate) place: Range<usize>,
    pub(crate) tag: Field<Tag>,
    pub(crate) weight: Field<Weight>,
    pub(crate) flag: Field<Box<str>>,
    pub(crate) variant: Field<Box<str>>,
    pub(crate) grow: Field<Grow>,
    pub(crate) reserve: Field<Interval>,
    pub(crate) endpoints: Field<Vec<Spanned<Endpoint>>>,
    pub(crate) respond: Field<Respond>,
    pub(crate) protocol: Field<Protocol>,
    pub(crate) panic: Field<Weight>,
    pub(crate) slow_start: Field<Duration>,
    pub(crate) tls: Field<UpstreamTlsDraft>,
    pub(crate) health: Field<HealthDraft>,
    pub(crate) mirror: Field<MirrorDraft>,
}

/// What stands on the first level: a key, and the tables.
const TOP: [&str; 13] = [
    "revision",
    "server",
    "listeners",
    "admin",
    "limits",
    "drain",
    "gray",
    "handover",
    "flags",
    "ofrep",
    "services",
    "lanes",
    "modules",
];

pub(super) fn read<'t>(root: &'t DeTable<'t>, known_modules: Modules<'_>, faults: &mut Faults) -> Draft {
    let misspelt = refuse_unknown(root, faults);
    let top = Top { root, misspelt };
    let mut open = |path| match root.get(path) {
        Some(value) => Section::open(value, path, path, faults).unwrap_or(Section::absent(path)),
        None => Section::absent(path),
    };
    let (server, admin, limits, drain) = (open("server"), open("admin"), open("limits"), open("drain"));
    let (flags, switch) = (open("flags"), open("handover"));
    let first = Section::first(root, &top.misspelt);
    Draft {
        revision: first
            .value("revision", faults, values::count)
            .given()
            .map(|number| *number.get_ref()),
        workers: server
            .value("workers", faults, values::count)
            .map(|number| NonZeroUsize::new(to_usize(number))),
        state: server
            .text("state", faults, words::file)
            .given()
            .map(|path| path.get_ref().clone()),
        trusted_peers: server.list("trusted_peers", faults, words::peer),
        listeners: top.named("listeners", faults, listener),
        admin: admin.text("address", faults, words::address),
        tokens: admin.table("tokens", |value| {
            credentials(value, "admin.tokens", "admin.tokens.<name>", faults)
        }),
        limits: read_limits(&limits, faults),
        drain: read_drain(&drain, faults),
        gray: gray(root, faults),
        handover: handover(&switch, faults),
        flag_files: flags.list("files", faults, words::flag_file),
        ofrep: root.get("ofrep").map(|value| ofrep(value, faults)),
        services: top.named("services", faults, service),
        lanes: top.named("lanes", faults, lane_group),
        modules: top
            .named("modules", faults, |key, value, faults| {
                module(key, value, known_modules, faults)
            })
            .or(Vec::new())
            .into_iter()
            .flatten()
            .collect(),
    }
}

/// The first level of the file.
struct Top<'t> {
    root: &'t DeTable<'t>,
    /// The tables that unknown ones were probably meant to be: they count as refused, not as absent.
    misspelt: Vec<&'static str>,
}

impl<'t> Top<'t> {
    /// A table whose keys are names.
    fn named<T>(
        &self,
        name: &str,
        faults: &mut Faults,
        read: impl Fn(&'t Spanned<Cow<'t, str>>, &'t Spanned<DeValue<'t>>, &mut Faults) -> T,
    ) -> Field<Vec<T>> {
        let Some(value) = self.root.get(name) else {
            return if self.misspelt.contains(&name) {
                Field::Bad
            } else {
                Field::Absent
            };
        };
        let Some(table) = table_of(value, name, faults) else {
            return Field::Bad;
        };
        let all = table
            .iter()
            .map(|(key, value)| read(key, value, faults))
            .collect();
        Field::Given(Spanned::new(value.span(), all))
    }
}

/// Notes the unknown tables; gives back what they were probably meant to be.
fn refuse_unknown(root: &DeTable<'_>, faults: &mut Faults) -> Vec<&'static str> {
    let mut misspelt = Vec::new();
    let unknown = root.iter().filter(|(key, _)| !TOP.contains(&&**key.get_ref()));
    for (key, _) in unknown.take(Diagnostics::MAX) {
        let other = meant(key.get_ref(), TOP);
        misspelt.extend(other);
        let hint = match other {
            Some(other) => format!("did you mean `{other}`?"),
            None => format!(
                "it has the key `revision` and the tables {}",
                list(TOP.into_iter().skip(1))
            ),
        };
        let fault = Diagnostic::new(format!("a configuration has no {}", quote(key.get_ref())));
        faults.add(fault.hint(hint).at(key.span()));
    }
    misspelt
}

fn listener<'t>(
    key: &Spanned<Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
    faults: &mut Faults,
) -> ListenerDraft {
    const PATH: &str = "listeners.<name>";
    let name = format!("listeners.{}", cut(key.get_ref()));
    let opened = Section::open(value, PATH, &name, faults);
    let is_table = opened.is_some();
    let section = opened.unwrap_or(Section::absent(PATH));
    ListenerDraft {
        name: faults.keep(words::name(key.get_ref()), key.span()),
        place: key.span(),
        address: if is_table {
            section.text("address", faults, words::address)
        } else {
            Field::Bad
        },
        http2: section.value("http2", faults, values::switch),
        tls: section.table("tls", |value| listener_tls(value, &name, faults)),
    }
}

fn ofrep<'t>(value: &'t Spanned<DeValue<'t>>, faults: &mut Faults) -> OfrepDraft {
    let opened = Section::open(value, "ofrep", "ofrep", faults);
    let is_table = opened.is_some();
    let section = opened.unwrap_or(Section::absent("ofrep"));
    OfrepDraft {
        place: value.span(),
        address: if is_table {
            section.text("address", faults, words::address)
        } else {
            Field::Bad
        },
        cors: section.list("cors", faults, words::origin),
        keys: section.table("keys", |value| {
            credentials(value, "ofrep.keys", "ofrep.keys.<name>", faults)
        }),
    }
}

/// A table of those who show a token; `path` is where its entries are declared.
fn credentials<'t>(
    value: &'t Spanned<DeValue<'t>>,
    name: &str,
    path: &'static str,
    faults: &mut Faults,
) -> Field<Vec<CredentialDraft>> {
    let Some(table) = table_of(value, name, faults) else {
        return Field::Bad;
    };
    let read = |(key, value): (&Spanned<Cow<'t, str>>, &'t Spanned<DeValue<'t>>)| {
        let name = format!("{name}.{}", cut(key.get_ref()));
        let section = Section::open(value, path, &name, faults);
        CredentialDraft {
            name: faults.keep(words::name(key.get_ref()), key.span()),
            place: key.span(),
            sha256: section.map_or(Field::Bad, |section| {
                section.text("sha256", faults, words::sha256)
            }),
        }
    };
    Field::Given(Spanned::new(value.span(), table.iter().map(read).collect()))
}

fn read_limits(section: &Section<'_>, faults: &mut Faults) -> Limits {
    let usual = Limits::default();
    // The faults are an argument, because closures that hold them could not stand side by side.
    let bytes = |key, faults: &mut Faults| section.value(key, faults, values::bytes);
    let count = |key, faults: &mut Faults| section.value(key, faults, values::count).map(to_usize);
    let time = |key, faults: &mut Faults| section.value(key, faults, values::duration);
    Limits {
        head: bytes("head", faults).map(to_usize).or(usual.head),
        headers: count("headers", faults).or(usual.headers),
        body: bytes("body", faults).or(usual.body),
        header_time: time("header_time", faults).or(usual.header_time),
        idle_time: time("idle_time", faults).or(usual.idle_time),
        connections: count("connections", faults).or(usual.connections),
        streams: count("streams", faults)
            .map(|streams| streams as u32)
            .or(usual.streams),
        handshake_time: time("handshake_time", faults).or(usual.handshake_time),
        connect_time: time("connect_time", faults).or(usual.connect_time),
        response_time: time("response_time", faults).or(usual.response_time),
    }
}

fn read_drain(section: &Section<'_>, faults: &mut Faults) -> Drain {
    let usual = Drain::default();
    Drain {
        limit: section.value("limit", faults, values::duration).or(usual.limit),
        idle_grace: section
            .value("idle_grace", faults, values::duration)
            .or(usual.idle_grace),
    }
}

fn service<'t>(
    key: &Spanned<Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
    faults: &mut Faults,
) -> ServiceDraft {
    const PATH: &str = "services.<name>";
    let name = format!("services.{}", cut(key.get_ref()));
    let section = Section::open(value, PATH, &name, faults).unwrap_or(Section::absent(PATH));
    ServiceDraft {
        key: key.get_ref().clone().into_owned(),
        name: faults.keep(words::name(key.get_ref()), key.span()),
        place: key.span(),
        hosts: section.list("hosts", faults, words::host),
        paths: section.list("paths", faults, words::path),
        sources: section.list("key", faults, words::key_source),
        salt: section.text("salt", faults, words::salt),
        show_lane: section.value("show_lane", faults, values::switch),
        fallback: section.text("fallback", faults, words::fallback),
        timeouts: section.table("timeouts", |value| timeouts(value, &name, faults)),
        retries: section.table("retries", |value| retries(value, &name, faults)),
        baseline: section.text("baseline", faults, |text| Ok(text.to_owned())),
    }
}

fn lane_group<'t>(
    key: &Spanned<Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
    faults: &mut Faults,
) -> LaneGroup {
    let name = format!("lanes.{}", cut(key.get_ref()));
    let lanes = table_of(value, &name, faults).map(|table| {
        let read = |(key, value)| lane(&name, key, value, faults);
        table.iter().map(read).collect()
    });
    LaneGroup {
        service: key.get_ref().clone().into_owned(),
        place: key.span(),
        lanes,
    }
}

fn lane<'t>(
    group: &str,
    key: &Spanned<Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
    faults: &mut Faults,
) -> LaneDraft {
    const PATH: &str = "lanes.<service>.<name>";
    let name = format!("{group}.{}", cut(key.get_ref()));
    let opened = Section::open(value, PATH, &name, faults);
    let is_table = opened.is_some();
    let section = opened.unwrap_or(Section::absent(PATH));
    LaneDraft {
        name: faults.keep(words::name(key.get_ref()), key.span()),
        place: key.span(),
        tag: section.text("tag", faults, words::tag),
        weight: section.value("weight", faults, values::percent),
        flag: section.text("flag", faults, words::flag),
        variant: section.text("variant", faults, words::variant),
        grow: section.text("grow", faults, words::grow),
        reserve: section.value("reserve", faults, values::reserve),
        endpoints: if is_table {
            section.tables("endpoints", faults, |value, faults| {
                endpoint(value, &name, faults)
            })
        } else {
            Field::Bad
        },
        respond: section.table("respond", |value| respond(value, &name, faults)),
        protocol: section.text("protocol", faults, words::protocol),
        panic: section.value("panic", faults, values::percent),
        slow_start: section.value("slow_start", faults, values::duration),
        tls: section.table("tls", |value| upstream_tls(value, &name, faults)),
        health: section.table("health", |value| health(value, &name, faults)),
        mirror: section.table("mirror", |value| mirror(value, &name, faults)),
    }
}

fn respond<'t>(value: &'t Spanned<DeValue<'t>>, lane: &str, faults: &mut Faults) -> Field<Respond> {
    let name = format!("{lane}.respond");
    let Some(section) = Section::open(value, "lanes.<service>.<name>.respond", &name, faults) else {
        return Field::Bad;
    };
    let usual = Respond::default();
    let body = section.text("body", faults, |text| Ok(Box::from(text)));
    let respond = Respond {
        // The declared range ends far below the type's.
        status: section
            .value("status", faults, values::count)
            .map(|status| status as u16)
            .or(usual.status),
        content_type: section
            .text("content_type", faults, words::content_type)
            .or(usual.content_type),
        body: body.clone().or(usual.body),
    };
    if let Some(place) = body.given().filter(|text| !text.get_ref().is_empty()) {
        // RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5: a client would take the body for the next response.
        if matches!(respond.status, 204 | 205 | 304) {
            let fault = Diagnostic::new(format!("a response with status {} has no body", respond.status));
            faults.add(
                fault
                    .hint("remove the body, or choose another status")
                    .at(place.span()),
            );
        }
    }
    Field::Given(Spanned::new(value.span(), respond))
}

fn module<'t>(
    key: &Spanned<Cow<'t, str>>,
    value: &'t Spanned<DeValue<'t>>,
    known: Modules<'_>,
    faults: &mut Faults,
) -> Option<ModuleSection> {
    let name = key.get_ref();
    if let Modules::These(known) = known
        && !known.contains(&&**name)
    {
        let hint = match meant(name, known.iter().copied()) {
            Some(other) => format!("did you mean `{other}`?"),
            None if known.is_empty() => "there are no modules".to_owned(),
            None => format!(
                "the modules are {}; `graylane modules` lists them",
                list(known.iter().copied())
            ),
        };
        faults.add(
            Diagnostic::new(format!("there is no module {}", quote(name)))
                .hint(hint)
                .at(key.span()),
        );
        return None;
    }
    table_of(value, &format!("modules.{name}"), faults)?;
    Some(ModuleSection {
        name: (&**name).into(),
        value: faults.keep(Owned::new(value), value.span())?,
    })
}

/// Every number that comes here is in a declared range that a `usize` of 32 bits holds.
fn to_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
