mod begin;
mod end;

use std::time::Duration;

use graylane_handover::systemd::{self, Notice};
use graylane_note::Notes;
use graylane_proxy::{Fate, Ledger};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::change::{Handle, Order, Outcome, Trigger};
use crate::cli;
use crate::exit::{self, CUT, Failure, INTERNAL, RETURNED};
use crate::handover::Returned;
use crate::output;
use crate::start::Started;
use crate::version::Version;

use begin::Begun;
use end::End;

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
    let begun = begin::begin(args, version, notes, &mut signals).await?;
    let Some(Begun {
        mut started,
        house,
        mut words,
    }) = begun
    else {
        return Ok(exit::OK);
    };
    announce(args, &started);
    let changes = started.changes();
    let reloads = changes.map(|changes| tokio::spawn(heed_hang_ups(hang_ups, changes)));
    let end = end::wait(&house, &mut signals, &mut words).await;
    // From here on a SIGHUP means nothing; a change under way ends by itself.
    let _ = reloads.map(|reloads| reloads.abort());
    let code = match end {
        End::Signal(name, mark) => {
            tell_systemd(&[Notice::Stopping]);
            log::info!("{name}: draining");
            draining(args, &json!({ "signal": name }));
            let ledger = drained(&mut started, &mut signals).await;
            finish(args, &ledger, &ledger.since(&mark))
        }
        End::Leaving(leaving) => {
            draining(args, &json!({ "handed_over_to": leaving.to }));
            let ledger = left(&mut started, &mut signals).await;
            let drain = ledger.since(&leaving.mark);
            // The thread of the handover tells it to the next process, and to the operator.
            leaving.awaited.tell(drain).await;
            finish(args, &ledger, &drain)
        }
        End::Returned(Returned { reason, awaited }) => {
            let mark = started.gateway().ledger();
            house.leave_all();
            // Its clients are better off with the process that goes on.
            started.control().hurry();
            log::error!("sent back: {reason}: draining");
            draining(args, &json!({ "sent_back": reason }));
            let ledger = drained(&mut started, &mut signals).await;
            let drain = ledger.since(&mark);
            // The thread of the handover tells it to the process that goes on.
            awaited.tell(drain).await;
            let code = finish(args, &ledger, &drain);
            // One that was told to end by a signal did what it was told.
            if house.was_called_off() { code } else { RETURNED }
        }
    };
    house.operators_told().await;
    started.stop().await;
    Ok(code)
}

fn draining(args: &cli::Serve, why: &serde_json::Value) {
    if args.file.json {
        let mut event = json!({ "event": "draining" });
        if let (Some(event), Some(why)) = (event.as_object_mut(), why.as_object()) {
            event.extend(why.clone());
        }
        output::line(&event);
    }
}

/// Without a word that it cannot: systemd may not be there.
fn tell_systemd(notices: &[Notice<'_>]) {
    if let Err(error) = systemd::notify(notices) {
        log::warn!("systemd cannot be told: {error}");
    }
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

/// After a handover the process drains as it is: the first signal, which is for the service, only says that somebody waits.
async fn left(started: &mut Started, signals: &mut Signals) -> Ledger {
    tokio::select! {
        ledger = started.gateway().ended() => return ledger,
        name = signals.next() => log::info!("{name}: draining already"),
    }
    started.control().hurry();
    drained(started, signals).await
}

/// Waits for the drain to end, or for a second signal to end it.
async fn drained(started: &mut Started, signals: &mut Signals) -> Ledger {
    tokio::select! {
        ledger = started.gateway().ended() => return ledger,
        name = signals.next() => log::warn!("{name} again: ending at once"),
    }
    started.gateway().stop();
    started.gateway().ended().await
}

/// Tells what became of the connections, of all and of those of the drain.
fn finish(args: &cli::Serve, all: &Ledger, drain: &Ledger) -> u8 {
    let (served, cut) = (all.served, drain.of(Fate::Cut));
    log::info!("stopped: {served} exchanges served; {drain}");
    if args.file.json {
        let connections: serde_json::Map<_, _> = drain
            .entries()
            .map(|(word, count)| (word.to_owned(), json!(count)))
            .collect();
        output::line(
            &json!({ "event": "stopped", "served": served, "cut": cut, "connections": connections }),
        );
    }
    if drain.is_lossless() { exit::OK } else { CUT }
}

/// SIGHUP: read the configuration again. systemd is told when that begins and how it ended (`Type=notify-reload`).
async fn heed_hang_ups(mut hang_ups: Signal, changes: Handle) {
    while hang_ups.recv().await.is_some() {
        tell_systemd(&[Notice::Reloading]);
        let status = match changes.change(Order::reload(Trigger::Signal)).await {
            Ok(Outcome::Accepted(done, _) | Outcome::Unchanged(done)) => {
                format!("revision {} is in use", done.revision)
            }
            Ok(Outcome::Rejected(failure)) => format!("a reload was refused: {failure}"),
            Err(reason) => {
                // As soon as it can be.
                changes.reload(Trigger::Signal);
                format!("a reload waits: {reason}")
            }
        };
        // Apart: systemd ignores a message that is too long, and must not miss that the reload has ended.
        tell_systemd(&[Notice::Status(&status)]);
        tell_systemd(&[Notice::Ready]);
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
