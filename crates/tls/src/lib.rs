//! Files of certificates -> what secures listeners and endpoints, checked and ready for rustls.
//!
//! Constraints: no file is read here, and no socket: [`wanted`] says which files a configuration needs, and whoever reads
//! them hands over the bytes ([`Files`]). What cannot work is a mistake with the place of the file's name: a key that does
//! not fit its certificate, an encrypted key, a file without a certificate. An expired certificate is a warning only
//! ([`Tls::warnings`]): clients that do not look would otherwise be cut off, and a restart would not come up. TLS 1.2 is
//! the oldest version, and the cipher suites and groups are rustls's: there is no key to weaken them.
//!
//! Memory is bounded by the configuration: resumption of clients works by tickets, which the client keeps, under keys that
//! change every six hours; towards endpoints 256 names are remembered.
//!
//! Mechanism: [`Tls::compile`] makes a [`Server`] of each listener with TLS and a [`Peer`] of each endpoint with TLS. What
//! is made of the same bytes and the same settings as before *is* the one from before, so that the tickets and sessions of
//! clients outlast every change that does not concern them. The certificate for a client is chosen by the host that it
//! names (SNI): an exact name before `*.…`, and of several for the same name the first with a key that the client takes.

mod certificate;
mod client;
mod compile;
mod error;
mod files;
mod pem;
mod provider;
mod resolver;
mod server;
mod trust;

pub use certificate::{Certificate, names};
pub use client::Peer;
pub use compile::{Tls, Warning};
pub use error::TlsError;
pub use files::{Content, Files, Role, WantedFile, wanted, wants_system};
pub use rustls;
pub use server::Server;

#[cfg(test)]
mod tests;
