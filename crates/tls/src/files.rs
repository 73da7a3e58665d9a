use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use graylane_config::{Config, KeyPair, TlsFile};
use graylane_core::Sha256;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Certificates, which everybody may read.
    Certificate,
    /// A private key.
    Key,
}

/// A file that a configuration names.
#[derive(Debug, Clone, Copy)]
pub struct WantedFile<'a> {
    /// Which, and where it is named.
    pub file: &'a TlsFile,
    /// What for.
    pub role: Role,
}

/// Every file that the listeners and the lanes name; one that is named twice stands there twice.
pub fn wanted(config: &Config) -> Vec<WantedFile<'_>> {
    let mut all = Vec::new();
    for tls in config
        .listeners
        .iter()
        .filter_map(|listener| listener.tls.as_ref())
    {
        all.extend(tls.certificates.iter().flat_map(pair));
        all.extend(tls.client.iter().map(|client| certificate(&client.ca)));
    }
    let lanes = config.services.iter().flat_map(|service| &service.lanes);
    for tls in lanes.filter_map(|lane| lane.tls.as_ref()) {
        all.extend(tls.ca.as_ref().map(certificate));
        all.extend(tls.client.iter().flat_map(pair));
    }
    all
}

fn certificate(file: &TlsFile) -> WantedFile<'_> {
    let role = Role::Certificate;
    WantedFile { file, role }
}

fn pair(pair: &KeyPair) -> [WantedFile<'_>; 2] {
    let (file, role) = (&pair.key, Role::Key);
    [certificate(&pair.certificate), WantedFile { file, role }]
}

/// Whether a lane asks for the certificates that the system trusts.
pub fn wants_system(config: &Config) -> bool {
    let mut lanes = config.services.iter().flat_map(|service| &service.lanes);
    lanes.any(|lane| {
        lane.tls
            .as_ref()
            .is_some_and(|tls| tls.verify && tls.ca.is_none())
    })
}

/// Bytes of a file, with their digest. `Debug` shows the digest alone: they may be a private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Arc<[u8]>,
    digest: Sha256,
}

impl Content {
    /// Of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: Sha256::of(&bytes),
            bytes: bytes.into(),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Their digest.
    pub fn digest(&self) -> &Sha256 {
        &self.digest
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Content").field(&self.digest).finish()
    }
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// By the path that the configuration has.
    pub named: BTreeMap<Box<str>, Content>,
    /// The certificates that the system trusts, with the name of their file; `None`: there are none, or nobody asks.
    pub system: Option<(Box<str>, Content)>,
}

impl Files {
    pub(crate) fn content(&self, file: &TlsFile) -> Result<&Content, crate::TlsError> {
        self.named.get(&file.path).ok_or_else(|| crate::TlsError::Unread {
            file: file.path.clone(),
        })
    }
}
