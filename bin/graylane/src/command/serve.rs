use std::time::Duration;

use graylane_note::Notes;
use graylane_proxy::Drained;
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::change::{Handle, Trigger};
use crate::cli;
use crate::exit::{self, CUT, Failure, INTERNAL};
use crate::output;
use crate::start::{self, Started};
use crate::version::Version;

/// `graylane serve`
pub(crate) fn serve(args: &cli::Serve, version: Version, notes: &Notes) -> Result<u8, Failure> {
    crate::logger::install(args.log.into());
    crate::channel::mark_log_level();
    if !crate::channel::ONE_CHANNEL {
        log::warn!(
            "this build has the features of several channels: it is of no channel, and not to be shipped"
        );
    }
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| internal(&error))?;
    let code = runtime.block_on(run(args, version, notes));
    // A page that an operator still reads, or a part that hangs, must not keep the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    code
}

async fn run(args: &cli::Serve, version: Version, notes: &Notes) -> Result<u8, Failure> {
    // Before anything starts, so that a signal during the start is not lost.
    let mut signals = Signals::new().map_err(|error| internal(&error))?;
    // Unheeded it would end the process; one during the start is heeded after it.
    let hang_ups = signal(SignalKind::hangup()).map_err(|error| internal(&error))?;
    let mut started = tokio::select! {
        started = start::start(args.file.wanted(), version, notes) => started?,
        name = signals.next() => {
            log::info!("{name} during the start: ending");
            return Ok(exit::OK);
        }
    };
    announce(args, &started);
    if let Some(changes) = started.changes() {
        tokio::spawn(heed_hang_ups(hang_ups, changes));
    }
    let name = signals.next().await;
    // Before it is told: whoever reads that the gateway drains may rely on it.
    started.gateway().drain();
    log::info!("{name}: draining");
    if args.file.json {
        output::line(&json!({ "event": "draining", "signal": name }));
    }
    let drained = drained(&mut started, &mut signals).await;
    started.stop().await;
    finish(args, drained)
}

fn announce(args: &cli::Serve, started: &Started) {
    for line in started.report().to_string().lines() {
        log::info!("{line}");
    }
    for (name, address) in started.listeners() {
        log::info!("listener {name} on {address}");
    }
    if let Some(at) = started.ofrep() {
        log::info!("flags on http://{at}/ofrep/v1");
    }
    log::info!("ready; admin on http://{}", started.admin());
    if args.file.json {
        let listeners: serde_json::Map<_, _> = started
            .listeners()
            .iter()
            .map(|(name, at)| (name.to_string(), json!(at.to_string())))
            .collect();
        output::line(&json!({
            "event": "ready",
            "pid": std::process::id(),
            "admin": started.admin().to_string(),
            "listeners": listeners,
            "ofrep": started.ofrep().map(|at| at.to_string()),
            "revision": started.revision(),
        }));
    }
}

/// Waits for the drain to end, or for a second signal to end it.
async fn drained(started: &mut Started, signals: &mut Signals) -> Drained {
    tokio::select! {
        drained = started.gateway().ended() => return drained,
        name = signals.next() => log::warn!("{name} again: ending at once"),
    }
    started.gateway().stop();
    started.gateway().ended().await
}

fn finish(args: &cli::Serve, Drained { served, cut }: Drained) -> Result<u8, Failure> {
    log::info!("stopped: {served} exchanges served, {cut} connections cut");
    if args.file.json {
        output::line(&json!({ "event": "stopped", "served": served, "cut": cut }));
    }
    Ok(if cut == 0 { exit::OK } else { CUT })
}

/// SIGHUP: read the configuration again.
async fn heed_hang_ups(mut hang_ups: Signal, changes: Handle) {
    while hang_ups.recv().await.is_some() {
        changes.reload(Trigger::Signal);
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Each exchange may need two descriptors, and the soft limit of many systems is 1,024.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(
        Resource::Nofile,
        Rlimit {
            current: maximum,
            maximum,
        },
    ) {
        log::warn!("cannot raise the limit of open files: {error}");
    }
}

fn internal(error: &std::io::Error) -> Failure {
    Failure::new(
        INTERNAL,
        format_args!("cannot set up the runtime: {error}"),
        "look at the limits of this process",
    )
}
