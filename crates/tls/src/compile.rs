//! A configuration and its files -> everything that is secured.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use graylane_config::{Config, Lane, Upstream};
use graylane_core::{Name, Sha256};
use graylane_diagnostic::Diagnostic;
use rustls::ClientConfig;

use crate::{Certificate, Files, Peer, Server, TlsError, client, server};

/// What secures the listeners and the endpoints of one configuration.
#[derive(Debug, Default)]
pub struct Tls {
    servers: Vec<(Name, Arc<Server>)>,
    /// By the number of the endpoint: over all services, lanes and endpoints in the order of the configuration.
    peers: Vec<Option<Peer>>,
    /// By [`client::identity`], for the next configuration.
    configs: BTreeMap<String, Arc<ClientConfig>>,
    /// Lanes whose endpoints are not verified.
    unverified: Vec<String>,
}

/// What works, and should not stay so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A certificate is shown that clients refuse.
    Expired {
        /// The listener.
        listener: Name,
        /// The certificate.
        certificate: Certificate,
    },
    /// A certificate is shown that clients do not take yet.
    Early {
        /// The listener.
        listener: Name,
        /// The certificate.
        certificate: Certificate,
    },
    /// Anybody may answer in the place of a lane's endpoints.
    Unverified {
        /// `shop/canary`.
        lane: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired {
                listener,
                certificate,
            } => write!(
                f,
                "the certificate {} of the listener {listener} has EXPIRED: clients refuse it",
                certificate.file
            ),
            Self::Early {
                listener,
                certificate,
            } => write!(
                f,
                "the certificate {} of the listener {listener} is not valid yet: clients refuse it",
                certificate.file
            ),
            Self::Unverified { lane } => write!(
                f,
                "the endpoints of the lane {lane} are NOT VERIFIED (verify = false): anybody on the way may read and \
                 change everything"
            ),
        }
    }
}

impl Tls {
    /// Makes everything; what is made of the same as in `previous` is taken from there.
    ///
    /// # Errors
    /// All mistakes in the files, each at the place where its file is named.
    pub fn compile(config: &Config, files: &Files, previous: Option<&Self>) -> Result<Self, Vec<Diagnostic>> {
        let mut made = Self::default();
        let mut faults = Vec::new();
        for listener in &config.listeners {
            let Some(tls) = &listener.tls else {
                continue;
            };
            let identity = server::identity(listener, tls, files);
            let known = previous
                .and_then(|previous| previous.server(listener.name.as_str()))
                .filter(|known| *known.identity() == identity);
            let server = match known {
                Some(known) => Ok(Arc::clone(known)),
                None => Server::compile(listener, tls, files).map(Arc::new),
            };
            match server {
                Ok(server) => made.servers.push((listener.name.clone(), server)),
                Err(fault) => faults.push(diagnostic(&fault)),
            }
        }
        for service in &config.services {
            for lane in &service.lanes {
                if lane.tls.as_ref().is_some_and(|tls| !tls.verify) {
                    made.unverified.push(format!("{}/{}", service.name, lane.name));
                }
                if let Err(fault) = made.lane(lane, files, previous) {
                    faults.push(diagnostic(&fault));
                }
            }
        }
        if faults.is_empty() { Ok(made) } else { Err(faults) }
    }

    fn lane(
        &mut self,
        lane: &Lane,
        files: &Files,
        previous: Option<&Self>,
    ) -> Result<(), (TlsError, Range<usize>)> {
        let Upstream::Endpoints(endpoints) = &lane.upstream else {
            return Ok(());
        };
        let Some(tls) = &lane.tls else {
            self.peers.extend(endpoints.iter().map(|_| None));
            return Ok(());
        };
        let config = self.config(client::identity(lane, tls, files), previous, || {
            client::config(lane, tls, files)
        })?;
        for endpoint in endpoints {
            let peer = endpoint
                .tls
                .then(|| Peer::new(lane, tls, endpoint, Arc::clone(&config)))
                .transpose()
                .map_err(|error| (error, tls.span.clone()))?;
            self.peers.push(peer);
        }
        Ok(())
    }

    fn config<E>(
        &mut self,
        identity: Sha256,
        previous: Option<&Self>,
        make: impl FnOnce() -> Result<ClientConfig, E>,
    ) -> Result<Arc<ClientConfig>, E> {
        let identity = identity.to_hex();
        let known = self
            .configs
            .get(&identity)
            .or_else(|| previous?.configs.get(&identity));
        let config = match known {
            Some(known) => Arc::clone(known),
            None => Arc::new(make()?),
        };
        self.configs.insert(identity, Arc::clone(&config));
        Ok(config)
    }

    /// What secures a listener; `None`: cleartext.
    pub fn server(&self, listener: &str) -> Option<&Arc<Server>> {
        let mut all = self.servers.iter();
        all.find(|(name, _)| name.as_str() == listener)
            .map(|(_, server)| server)
    }

    /// Every listener that is secured.
    pub fn servers(&self) -> impl Iterator<Item = (&Name, &Arc<Server>)> {
        self.servers.iter().map(|(name, server)| (name, server))
    }

    /// How an endpoint is asked; `None`: in cleartext. Endpoints are numbered over all services and lanes in the order of
    /// the configuration, as a topology numbers them.
    #[inline]
    pub fn peer(&self, endpoint: usize) -> Option<&Peer> {
        self.peers.get(endpoint)?.as_ref()
    }

    /// What should not stay so, at that time.
    pub fn warnings(&self, now: SystemTime) -> Vec<Warning> {
        let all = self.servers().flat_map(|(listener, server)| {
            server.certificates().iter().filter_map(move |certificate| {
                let (listener, certificate) = (listener.clone(), certificate.clone());
                if certificate.not_after < now {
                    Some(Warning::Expired {
                        listener,
                        certificate,
                    })
                } else if certificate.not_before > now {
                    Some(Warning::Early {
                        listener,
                        certificate,
                    })
                } else {
                    None
                }
            })
        });
        let unverified = self
            .unverified
            .iter()
            .map(|lane| Warning::Unverified { lane: lane.clone() });
        all.chain(unverified).collect()
    }
}

fn diagnostic((error, place): &(TlsError, Range<usize>)) -> Diagnostic {
    let found = Diagnostic::new(error.to_string()).hint(error.hint());
    if place.is_empty() {
        found
    } else {
        found.at(place.clone())
    }
}
