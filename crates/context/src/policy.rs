use std::time::Duration;

use graylane_core::{Dialect, Name};

use crate::{Key, baggage};

/// Which dialects are spoken, and who is believed beside the peers of trusted networks.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The dialects that are read; what comes first decides.
    pub read: Box<[Dialect]>,
    /// The dialects in which the decided lane goes on.
    pub write: Box<[Dialect]>,
    /// The key of the member of `baggage`.
    pub member: Box<str>,
    /// The DNS names and URIs in verified certificates of clients that are believed; DNS names in lower case.
    pub certificates: Box<[Box<str>]>,
    /// The keys of signatures.
    pub keys: Vec<(Name, Key)>,
    /// How far in the future a signature may expire.
    pub max_age: Duration,
}

impl Default for Policy {
    /// `X-Gray-Version` alone, and no believers.
    fn default() -> Self {
        Self {
            read: [Dialect::GrayVersion].into(),
            write: [Dialect::GrayVersion].into(),
            member: "gray-version".into(),
            certificates: [].into(),
            keys: Vec::new(),
            max_age: Duration::from_secs(3600),
        }
    }
}

impl Policy {
    /// Whether a certificate with one of these names makes its client believed.
    pub fn believes<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        names.any(|name| self.certificates.iter().any(|believed| **believed == *name))
    }

    /// Whether the gateway reads or writes the dialect: then only what it writes goes on.
    pub fn speaks(&self, dialect: Dialect) -> bool {
        self.read.contains(&dialect) || self.write.contains(&dialect)
    }

    /// Whether a member of `baggage` says something of a lane, and so does not go on as it came: from who is believed where
    /// its dialect is spoken here, from a stranger in any case.
    pub fn is_of_lane(&self, member: &[u8], is_believed: bool) -> bool {
        let is_ours = |name| baggage::is_called(member, name);
        if (self.speaks(Dialect::Baggage) || !is_believed) && is_ours(&self.member) {
            return true;
        }
        if is_believed {
            return self.speaks(Dialect::OpenSergo) && is_ours(Dialect::OpenSergo.as_str());
        }
        let mut all = Dialect::ALL.into_iter();
        all.any(|dialect| is_ours(dialect.as_str()))
    }
}
