//! One check.

mod grpc;
mod h1;
mod h2;
mod protobuf;

use std::io;

use graylane_config::{HealthQuestion, Protocol};
use tokio::time::timeout;

use super::aim::Aim;
use super::finding::Finding;
use crate::stream::Stream;
use crate::{names, upstream};

/// Makes a check, within its limit in time.
pub(super) async fn check(aim: &Aim) -> Finding {
    match timeout(aim.health.timeout, ask(aim)).await {
        Ok(Ok(())) => Finding::Passed,
        Ok(Err(failed)) => failed,
        Err(_) => Finding::TimedOut,
    }
}

async fn ask(aim: &Aim) -> Result<(), Finding> {
    let stream = connect(aim).await.map_err(|error| Finding::unreachable(&error))?;
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

async fn connect(aim: &Aim) -> io::Result<Stream> {
    let stream = names::connect(&aim.endpoint.host, aim.port()).await?;
    match &aim.peer {
        Some(peer) => upstream::secure(stream, peer).await,
        None => Ok(Stream::Tcp(stream)),
    }
}

#[cfg(test)]
mod tests;
