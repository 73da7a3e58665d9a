//! Which certificate a client is shown.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The certificates of a listener by the names in them.
#[derive(Debug)]
pub(crate) struct Resolver {
    /// For a client that names no host, or one that nobody has.
    default: Arc<CertifiedKey>,
    exact: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    /// By what stands behind `*`, dot included.
    below: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
}

impl Resolver {
    /// The first is the default; each stands beside the names in it.
    pub(crate) fn new(first: Arc<CertifiedKey>) -> Self {
        Self {
            default: first,
            exact: HashMap::new(),
            below: HashMap::new(),
        }
    }

    pub(crate) fn add(&mut self, names: &[Box<str>], key: &Arc<CertifiedKey>) {
        for name in names {
            let (map, name) = match name.strip_prefix('*') {
                Some(below) => (&mut self.below, below),
                None => (&mut self.exact, &**name),
            };
            map.entry(name.into()).or_default().push(Arc::clone(key));
        }
    }

    /// `host` is in lower case, as rustls has it.
    fn choose(&self, host: Option<&str>, schemes: &[SignatureScheme]) -> Arc<CertifiedKey> {
        // `*` stands for one label (RFC 9525, section 6.3).
        let named = host.and_then(|host| {
            let below = || self.below.get(host.find('.').map(|dot| &host[dot..])?);
            self.exact.get(host).or_else(below)
        });
        let fits = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(schemes).is_some();
        let all = named.map(Vec::as_slice).unwrap_or_default();
        // Where none fits, the handshake fails with the first, and rustls says why.
        let found = all.iter().find(fits).or_else(|| all.first());
        Arc::clone(found.unwrap_or(&self.default))
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.choose(hello.server_name(), hello.signature_schemes()))
    }
}
