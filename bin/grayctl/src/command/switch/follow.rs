//! A switch under way, step by step to its end.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use graylane_handover::{Fate, News, Outcome, Switching};
use serde_json::{Value, json};

use super::SwitchError;
use crate::exit::Failure;

/// Between two looks at whether somebody pressed Ctrl-C.
const LOOK: Duration = Duration::from_millis(100);

/// To the end, or until Ctrl-C is pressed twice.
pub(super) fn follow(json: bool, mut switching: Switching, out: &mut impl Write) -> Result<(), Failure> {
    let presses = presses();
    let mut heeded = 0;
    loop {
        let now = presses.load(SeqCst);
        if now > 1 {
            return Err(SwitchError::Left.into());
        }
        if now > heeded {
            heeded = now;
            let event = json!({ "event": "calling-off" });
            let text = "calling the switch off; again to leave it to itself";
            tell(json, &event, text, out)?;
            switching.call_off();
        }
        match switching.next(LOOK).map_err(SwitchError::Died)? {
            News::Nothing => {}
            News::Progress(step) => {
                let event = json!({ "event": step.step, "text": step.text, "pid": step.pid });
                let text = match step.pid {
                    Some(pid) => format!("process {pid}: {}", step.text),
                    None => step.text,
                };
                tell(json, &event, &text, out)?;
            }
            News::Outcome(outcome) => return ended(json, &outcome, out),
        }
    }
}

fn ended(json: bool, outcome: &Outcome, out: &mut impl Write) -> Result<(), Failure> {
    let ledger = outcome.ledger.as_ref().map(ledger).unwrap_or_default();
    if json {
        let mut event = serde_json::to_value(outcome)?;
        event["event"] = "outcome".into();
        tell(true, &event, "", out)?;
    } else if matches!(outcome.fate, Fate::Committed | Fate::Lossy) {
        let pid = outcome.new.unwrap_or_default();
        tell(
            false,
            &Value::Null,
            &format!("process {pid} serves; {ledger}"),
            out,
        )?;
        for name in &outcome.unclaimed {
            let text = format!("closed, because the new process does not want it: {name}");
            tell(false, &Value::Null, &text, out)?;
        }
    }
    let reason = || {
        let reason = outcome.reason.as_deref().unwrap_or("no reason given");
        graylane_diagnostic::printable(reason)
    };
    let failed = match outcome.fate {
        Fate::Committed => return Ok(()),
        Fate::Lossy => SwitchError::Lossy(ledger),
        Fate::Refused => SwitchError::Refused(reason()),
        Fate::Returned => SwitchError::Returned(reason() + &left(outcome, &ledger)),
        Fate::Failed | Fate::Unknown => SwitchError::Failed(reason()),
    };
    Err(failed.into())
}

/// What became of the connections of a new process that did not stay. Where it could not tell, those that it held may be lost.
fn left(outcome: &Outcome, ledger: &str) -> String {
    match (&outcome.ledger, outcome.held) {
        (Some(_), _) => format!("; of its connections: {ledger}"),
        (None, None | Some(0)) => String::new(),
        (None, Some(count)) => format!("; it held {count} connections"),
    }
}

/// What became of connections, in words.
fn ledger(value: &Value) -> String {
    let count = |key: &str| value[key].as_u64().unwrap_or_default();
    format!(
        "{} connections handed over, {} drained, {} closed idle, {} cut",
        count("handed_over"),
        count("drained"),
        count("closed_idle"),
        count("cut")
    )
}

/// One line, as it happens: somebody watches.
pub(super) fn tell(json: bool, event: &Value, text: &str, out: &mut impl Write) -> Result<(), Failure> {
    let written = if json {
        writeln!(out, "{event}")
    } else {
        writeln!(out, "{}", graylane_diagnostic::printable(text))
    };
    written.and_then(|()| out.flush()).map_err(Failure::Output)
}

/// How often Ctrl-C was pressed. Where nobody can count, it ends this command as ever, and the switch goes on.
fn presses() -> Arc<AtomicUsize> {
    let presses = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&presses);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    if let Ok(runtime) = runtime {
        thread::spawn(move || {
            runtime.block_on(async {
                while tokio::signal::ctrl_c().await.is_ok() {
                    counted.fetch_add(1, SeqCst);
                }
            });
        });
    }
    presses
}
