//! The tables of TLS, before their values are compared.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Faults, Field, Section};
use super::values;
use super::words;
use crate::{TlsFile, TlsVersion};
use graylane_diagnostic::Diagnostic;

/// `[listeners.<name>.tls]`
#[derive(Debug)]
pub(crate) struct ListenerTlsDraft {
    pub(crate) place: Range<usize>,
    pub(crate) certificates: Field<Vec<KeyPairDraft>>,
    pub(crate) min_version: Field<TlsVersion>,
    pub(crate) client_ca: Field<TlsFile>,
    /// Whether clients need a certificate.
    pub(crate) client_auth: Field<bool>,
}

/// An entry of `certificates`.
#[derive(Debug)]
pub(crate) struct KeyPairDraft {
    pub(crate) place: Range<usize>,
    pub(crate) certificate: Field<TlsFile>,
    pub(crate) key: Field<TlsFile>,
}

/// `[lanes.<service>.<name>.tls]`
#[derive(Debug)]
pub(crate) struct UpstreamTlsDraft {
    pub(crate) ca: Field<TlsFile>,
    pub(crate) server_name: Field<Box<str>>,
    pub(crate) verify: Field<bool>,
    pub(crate) client: KeyPairDraft,
}

pub(super) fn listener_tls<'t>(
    value: &'t Spanned<DeValue<'t>>,
    listener: &str,
    faults: &mut Faults,
) -> Field<ListenerTlsDraft> {
    let name = format!("{listener}.tls");
    let Some(section) = Section::open(value, "listeners.<name>.tls", &name, faults) else {
        return Field::Bad;
    };
    let draft = ListenerTlsDraft {
        place: value.span(),
        certificates: section.tables("certificates", faults, |value, faults| {
            let name = format!("{name}.certificates");
            let section = Section::open(value, "listeners.<name>.tls.certificates[]", &name, faults)?;
            Some(key_pair(&section, value.span(), faults))
        }),
        min_version: section.text("min_version", faults, words::version),
        client_ca: file(&section, "client_ca", faults),
        client_auth: section.text("client_auth", faults, words::client_auth),
    };
    Field::Given(Spanned::new(value.span(), draft))
}

pub(super) fn upstream_tls<'t>(
    value: &'t Spanned<DeValue<'t>>,
    lane: &str,
    faults: &mut Faults,
) -> Field<UpstreamTlsDraft> {
    let name = format!("{lane}.tls");
    let Some(section) = Section::open(value, "lanes.<service>.<name>.tls", &name, faults) else {
        return Field::Bad;
    };
    let draft = UpstreamTlsDraft {
        ca: file(&section, "ca", faults),
        server_name: section.text("server_name", faults, words::server_name),
        verify: section.value("verify", faults, values::switch),
        client: key_pair(&section, value.span(), faults),
    };
    Field::Given(Spanned::new(value.span(), draft))
}

fn key_pair(section: &Section<'_>, place: Range<usize>, faults: &mut Faults) -> KeyPairDraft {
    KeyPairDraft {
        place,
        certificate: file(section, "certificate", faults),
        key: file(section, "key", faults),
    }
}

fn file(section: &Section<'_>, name: &str, faults: &mut Faults) -> Field<TlsFile> {
    let path = section.text(name, faults, words::pem_file);
    let span = path.given().map_or(0..0, Spanned::span);
    path.map(|path| TlsFile { path, span })
}

impl KeyPairDraft {
    /// The two files; `None` where there is neither, and after noting that one is missing.
    pub(crate) fn pair(self, faults: &mut Faults) -> Option<crate::KeyPair> {
        let missing = match (&self.certificate, &self.key) {
            (Field::Given(_), Field::Absent) => {
                Some(("a certificate needs its private key", "key = \"shop.key\""))
            }
            (Field::Absent, Field::Given(_)) => Some((
                "a private key needs its certificate",
                "certificate = \"shop.pem\"",
            )),
            _ => None,
        };
        if let Some((message, example)) = missing {
            let fault = Diagnostic::new(message);
            faults.add(fault.hint(format!("add {example}")).at(self.place));
        }
        match (self.certificate, self.key) {
            (Field::Given(certificate), Field::Given(key)) => Some(crate::KeyPair {
                certificate: certificate.into_inner(),
                key: key.into_inner(),
            }),
            _ => None,
        }
    }

    /// Whether a file that was refused stands for one that somebody wanted.
    pub(crate) fn is_absent(&self) -> bool {
        self.certificate.is_absent() && self.key.is_absent()
    }
}
