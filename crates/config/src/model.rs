//! The configuration as the rest of the gateway sees it: typed, checked, immutable.

mod forwarding;
mod gray;
mod handover;
mod health;
mod mirror;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use graylane_core::{Interval, Name, Tag, Weight};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use crate::Sha256;
use crate::parse::Owned;

pub use forwarding::{LaneFallback, Retries, RetryOn, Timeouts};
pub use gray::{Gray, GrayKey};
pub use handover::Handover;
pub use health::{Health, HealthQuestion};
pub use mirror::Mirror;

/// A checked configuration. Every value is in its range; every lane's interval is computed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The number of this version of the file.
    pub revision: Option<u64>,
    /// The process.
    pub server: Server,
    /// Where clients connect; at least one.
    pub listeners: Vec<Listener>,
    /// Where operators connect.
    pub admin: Admin,
    /// What one client may use.
    pub limits: Limits,
    /// How the process ends.
    pub drain: Drain,
    /// How a request says which lane it belongs to, and who may.
    pub gray: Gray,
    /// How another process takes over.
    pub handover: Handover,
    /// Which feature flags there are.
    pub flags: Flags,
    /// Where flags are evaluated for others; `None`: nowhere.
    pub ofrep: Option<Ofrep>,
    /// The services, in file order; at least one.
    pub services: Vec<Service>,
    /// The sections `[modules.<name>]`, unread: each module reads its own.
    pub modules: Vec<ModuleSection>,
}

/// `[server]`
#[derive(Debug, Clone)]
pub struct Server {
    /// Worker threads, each with its own runtime and upstream pool; default: one per core.
    pub workers: Option<NonZeroUsize>,
    /// The folder of the audit log and of the accepted revisions, relative to the configuration's folder.
    pub state: Option<Box<str>>,
    /// Peers whose gray and forwarding headers are believed; default: none.
    pub trusted_peers: Vec<IpNet>,
}

/// `[listeners.<name>]`
#[derive(Debug, Clone)]
pub struct Listener {
    /// What it is called in logs and metrics.
    pub name: Name,
    /// Where it listens. Port 0 lets the system choose.
    pub address: SocketAddr,
    /// Where the address stands in the file, for errors that arise only when it is bound.
    pub span: std::ops::Range<usize>,
    /// Whether clients may speak HTTP/2: by ALPN over TLS, by prior knowledge in cleartext; default true.
    pub http2: bool,
    /// How it is secured; `None`: cleartext.
    pub tls: Option<ListenerTls>,
}

/// `[listeners.<name>.tls]`
#[derive(Debug, Clone)]
pub struct ListenerTls {
    /// What it shows to clients; at least one. The first where a client names no host, or one that no certificate has.
    pub certificates: Vec<KeyPair>,
    /// The oldest version that is spoken; default 1.2.
    pub min_version: TlsVersion,
    /// Whose certificates clients show; `None`: clients are not asked.
    pub client: Option<ClientAuth>,
}

/// A certificate and its private key, both files of PEM.
#[derive(Debug, Clone)]
pub struct KeyPair {
    /// The certificate, followed by those that lead to its root.
    pub certificate: TlsFile,
    /// The private key, not encrypted.
    pub key: TlsFile,
}

/// A file of PEM.
#[derive(Debug, Clone)]
pub struct TlsFile {
    /// As written: relative to the configuration's folder.
    pub path: Box<str>,
    /// Where it stands, for errors that arise only when it is read.
    pub span: std::ops::Range<usize>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// Whose certificates clients show.
#[derive(Debug, Clone)]
pub struct ClientAuth {
    /// The certificates that a client's must lead to.
    pub ca: TlsFile,
    /// Whether a client without a certificate is refused; one with a wrong certificate always is.
    pub required: bool,
}

/// `[admin]`
#[derive(Debug, Clone)]
pub struct Admin {
    /// Where it listens; default 127.0.0.1:9900. Loopback only where there is no token.
    pub address: SocketAddr,
    /// Where the address stands in the file; empty for the default.
    pub span: std::ops::Range<usize>,
    /// Who may change what runs; no two have the same token.
    pub tokens: Vec<Credential>,
}

/// `[admin.tokens.<name>]` and `[ofrep.keys.<name>]`: somebody who shows a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Who it is, for the audit log.
    pub name: Name,
    /// The hash of the token.
    pub sha256: Sha256,
}

/// `[flags]`
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The files of flags; where two define a flag, the later file wins.
    pub files: Vec<FlagFile>,
}

/// An entry of `flags.files`.
#[derive(Debug, Clone)]
pub struct FlagFile {
    /// As written: relative to the configuration's folder. No two are the same.
    pub path: Box<str>,
    /// Where it stands, for errors that arise only when it is read.
    pub span: std::ops::Range<usize>,
}

/// `[ofrep]`
#[derive(Debug, Clone)]
pub struct Ofrep {
    /// Where it listens. Loopback only where there is no key.
    pub address: SocketAddr,
    /// Where the address stands in the file.
    pub span: std::ops::Range<usize>,
    /// Which web pages may ask.
    pub cors: Cors,
    /// Who may ask; empty: everybody who reaches it. No two have the same key.
    pub keys: Vec<Credential>,
}

/// The origins of web pages that may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cors {
    /// Any.
    Any,
    /// These, as a browser writes them in `Origin`; may be none.
    Origins(Vec<Box<str>>),
}

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's head; default 16 KiB, 8 KiB to 1 MiB.
    pub head: usize,
    /// Header fields of a request; default 100, 1 to 1000.
    pub headers: usize,
    /// Bytes of a request's body; default 10 MB (10,000,000), at least 1.
    pub body: u64,
    /// From the first byte of a head to its last; default 10 s.
    pub header_time: Duration,
    /// How long a keep-alive connection may stay idle, and how long a body may stall; default 60 s.
    pub idle_time: Duration,
    /// Open client connections of the whole process; default 10,000. Further ones wait in the accept queue.
    pub connections: usize,
    /// Requests at a time on one HTTP/2 connection; default 128.
    pub streams: u32,
    /// From the accepted connection to the end of the TLS handshake, towards clients and towards endpoints; default 10 s.
    pub handshake_time: Duration,
    /// To connect to an endpoint; default 3 s.
    pub connect_time: Duration,
    /// From the sent request to the head of the answer; default 60 s.
    pub response_time: Duration,
}

/// `[drain]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// How long exchanges in flight may take after SIGTERM; default 30 s.
    pub limit: Duration,
    /// How long an idle keep-alive connection stays open after SIGTERM, so that a request already on its way is still
    /// answered; default 5 s.
    pub idle_grace: Duration,
}

/// `[services.<name>]`
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: Name,
    /// The hosts that it serves; empty: any.
    pub hosts: Vec<HostPattern>,
    /// The path prefixes that it serves, each starting with `/`; default `["/"]`. A prefix ends at a segment:
    /// `/shop` matches `/shop` and `/shop/cart`, not `/shopping`.
    pub paths: Vec<Box<str>>,
    /// Where the targeting key is looked for, in this order; the client address is always the last resort.
    pub key: Vec<KeySource>,
    /// What the hash is salted with; default: the service's name.
    pub salt: Box<str>,
    /// Whether the response tells the lane in `X-Gray-Version`; default false.
    pub show_lane: bool,
    /// What becomes of a lane without an endpoint that can be asked; default: baseline takes its exchanges.
    pub fallback: LaneFallback,
    /// How long its endpoints are waited for.
    pub timeouts: Timeouts,
    /// When what an endpoint may have seen is asked of another one.
    pub retries: Retries,
    /// The index of the baseline lane.
    pub baseline: usize,
    /// Its lanes, in file order; at least the baseline.
    pub lanes: Vec<Lane>,
}

/// A host as a service names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This host, in lower case, without port.
    Exact(Box<str>),
    /// `*.example.org`: any host below; holds `.example.org`.
    Below(Box<str>),
}

/// Where a targeting key may stand: `header:X-User-Id`, `cookie:uid`, `query:uid` or `client`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// A request header; the name is in lower case.
    Header(Box<str>),
    /// A cookie; the name is case-sensitive.
    Cookie(Box<str>),
    /// A query parameter; the name is case-sensitive, compared before percent-decoding.
    Query(Box<str>),
    /// The client's address.
    ClientAddress,
}

/// `[lanes.<service>.<name>]`
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its name.
    pub name: Name,
    /// What it is called in other dialects than `X-Gray-Version` and `baggage`; default: its name.
    pub tag: Tag,
    /// Its share; the baseline's is what the others leave, and a lane with a flag has none.
    pub weight: Weight,
    /// The buckets that it owns; `None` for the baseline and for a lane with a flag.
    pub interval: Option<Interval>,
    /// The flag that leads here instead of a weight; never on the baseline.
    pub flag: Option<LaneFlag>,
    /// Who answers.
    pub upstream: Upstream,
    /// What its endpoints speak; default HTTP/1.1.
    pub protocol: Protocol,
    /// Below this share of healthy endpoints all of them are asked again; default 50 %, zero: never.
    pub panic: Weight,
    /// How long the share of an endpoint that is new or healthy again grows up to its own; `None`: it has it at once.
    pub slow_start: Option<Duration>,
    /// How its endpoints with [`Endpoint::tls`] are asked; `Some` exactly where there is one.
    pub tls: Option<UpstreamTls>,
    /// How its endpoints are checked; `None`: not at all, and for a lane without endpoints.
    pub health: Option<Health>,
    /// Who gets copies of its requests; `None`: nobody.
    pub mirror: Option<Mirror>,
}

/// What endpoints speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2: by ALPN over TLS, by prior knowledge in cleartext.
    Http2,
}

/// `[lanes.<service>.<name>.tls]`
#[derive(Debug, Clone)]
pub struct UpstreamTls {
    /// The certificates that an endpoint's must lead to; `None`: those that the system trusts.
    pub ca: Option<TlsFile>,
    /// The name that an endpoint's certificate must have, and that is sent as SNI; `None`: the endpoint's host.
    pub server_name: Option<Box<str>>,
    /// Whether an endpoint's certificate is verified; default true.
    pub verify: bool,
    /// What is shown to an endpoint that asks for a certificate.
    pub client: Option<KeyPair>,
    /// Where the table stands; empty where there is none.
    pub span: std::ops::Range<usize>,
}

/// A flag that decides who gets a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneFlag {
    /// The key of the flag.
    pub key: Box<str>,
    /// The variant that leads here; `None`: the one with the value `true`.
    pub variant: Option<Box<str>>,
    /// Where the key stands, for a flag that turns out not to exist.
    pub span: std::ops::Range<usize>,
}

/// Who answers in a lane.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// Servers; at least one.
    Endpoints(Vec<Endpoint>),
    /// The gateway itself.
    Respond(Respond),
}

/// A server: `https://host:port`, `http://host:port` or `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The host: an address (IPv6 without brackets) or a name to be resolved when connecting.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// Whether it is asked over TLS.
    pub tls: bool,
    /// Its share of the lane's requests, against those of the others; default 1, 1 to 100.
    pub weight: u16,
}

/// `respond = { status = 200, body = "...", content_type = "text/plain" }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Respond {
    /// The status; default 200.
    pub status: u16,
    /// The body; default empty.
    pub body: Box<str>,
    /// The media type; default `text/plain; charset=utf-8`.
    pub content_type: Box<str>,
}

/// `[modules.<name>]`
#[derive(Debug, Clone)]
pub struct ModuleSection {
    /// The module's name.
    pub name: Box<str>,
    pub(crate) value: Owned,
}

impl ModuleSection {
    /// The section as parsed, with places; a table.
    pub fn value(&self) -> Spanned<DeValue<'_>> {
        self.value.borrowed()
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 16 << 10,
            headers: 100,
            body: 10_000_000,
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(60),
            connections: 10_000,
            streams: 128,
            handshake_time: Duration::from_secs(10),
            connect_time: Duration::from_secs(3),
            response_time: Duration::from_secs(60),
        }
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            limit: Duration::from_secs(30),
            idle_grace: Duration::from_secs(5),
        }
    }
}

impl Default for Respond {
    fn default() -> Self {
        Self {
            status: 200,
            body: "".into(),
            content_type: "text/plain; charset=utf-8".into(),
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 9900)),
            span: 0..0,
            tokens: Vec::new(),
        }
    }
}
