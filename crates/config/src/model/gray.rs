use std::time::Duration;

use graylane_core::{Dialect, Name};

use crate::TlsFile;

/// `[gray]`: in which dialects a request says which lane it belongs to, and whom to believe beside `server.trusted_peers`.
#[derive(Debug, Clone)]
pub struct Gray {
    /// The dialects that are read, what comes first decides; default `x-gray-version`.
    pub read: Vec<Dialect>,
    /// The dialects in which the decided lane goes on; default `x-gray-version`.
    pub write: Vec<Dialect>,
    /// The key of the member of `baggage`; default `gray-version`.
    pub member: Box<str>,
    /// The DNS names, in lower case, and URIs in certificates of clients that are believed; default: none.
    pub certificates: Vec<Box<str>>,
    /// The keys of signatures; default: none.
    pub keys: Vec<GrayKey>,
    /// How far in the future a signature may expire; default 1 h, at most 24 h.
    pub max_age: Duration,
}

/// `[gray.keys.<name>]`
#[derive(Debug, Clone)]
pub struct GrayKey {
    /// What signatures call it.
    pub name: Name,
    /// The file of the key, in hexadecimal or base64.
    pub file: TlsFile,
}

impl Default for Gray {
    fn default() -> Self {
        Self {
            read: vec![Dialect::GrayVersion],
            write: vec![Dialect::GrayVersion],
            member: "gray-version".into(),
            certificates: Vec::new(),
            keys: Vec::new(),
            max_age: Duration::from_secs(3600),
        }
    }
}
