//! One check.

mod grpc;
mod h1;
mod h2;
mod protobuf;

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use graylane_config::{HealthQuestion, Protocol};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::aim::Aim;
use super::finding::Finding;
use crate::stream::Stream;
use crate::upstream;

/// Makes checks.
#[derive(Debug)]
pub(super) struct Prober {
    /// The right to look up a name. A look-up cannot be stopped: without it, those whose check has ended long since would
    /// heap up behind a server of names that hangs.
    look_ups: Arc<Semaphore>,
}

impl Prober {
    /// One that looks up so many names at a time.
    pub(super) fn new(look_ups: usize) -> Self {
        Self {
            look_ups: Arc::new(Semaphore::new(look_ups)),
        }
    }

    /// Makes a check, within its limit in time.
    pub(super) async fn check(&self, aim: &Aim) -> Finding {
        match timeout(aim.health.timeout, self.ask(aim)).await {
            Ok(Ok(())) => Finding::Passed,
            Ok(Err(failed)) => failed,
            Err(_) => Finding::TimedOut,
        }
    }

    async fn ask(&self, aim: &Aim) -> Result<(), Finding> {
        let stream = self
            .connect(aim)
            .await
            .map_err(|error| Finding::unreachable(&error))?;
        match &aim.health.question {
            HealthQuestion::Tcp => Ok(()),
            HealthQuestion::Http { path, host, expect } => {
                let authority = host.as_deref().map_or_else(|| aim.authority(), str::to_owned);
                let status = match aim.protocol {
                    Protocol::Http1 => h1::ask(stream, &authority, path).await?,
                    Protocol::Http2 => h2::ask(stream, aim.peer.is_some(), &authority, path).await?,
                };
                if expect.iter().any(|range| range.contains(&status)) {
                    Ok(())
                } else {
                    Err(Finding::Status(status))
                }
            }
            HealthQuestion::Grpc { service } => grpc::ask(stream, aim, service).await,
        }
    }

    async fn connect(&self, aim: &Aim) -> io::Result<Stream> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in self.addresses(aim).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    return match &aim.peer {
                        Some(peer) => upstream::secure(stream, peer).await,
                        None => Ok(Stream::Tcp(stream)),
                    };
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn addresses(&self, aim: &Aim) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = (&aim.endpoint.host, aim.port());
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![(address, port).into()]);
        }
        let right = Arc::clone(&self.look_ups).acquire_owned().await;
        let host = host.clone();
        tokio::task::spawn_blocking(move || {
            let _right = right;
            Ok((&*host, port).to_socket_addrs()?.collect())
        })
        .await?
    }
}

#[cfg(test)]
mod tests;
