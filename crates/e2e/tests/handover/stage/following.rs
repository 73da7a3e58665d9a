use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use graylane_testkit::{Gateway, LIMIT, eventually, grayctl, on_its_own};
use serde_json::Value;

use super::end;

/// A switch as the operator sees it, step by step. It ends with this value, and with it the new process.
#[derive(Debug)]
pub(crate) struct Following {
    child: Child,
    events: Receiver<Value>,
    new: Option<u64>,
    steps: Vec<String>,
    folder: PathBuf,
}

/// How it ended for the operator.
#[derive(Debug)]
pub(crate) struct Told {
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
    /// The last event.
    pub(crate) outcome: Value,
    pub(crate) stderr: String,
}

impl Following {
    pub(super) fn start(gateway: &Gateway, binary: &Path) -> Self {
        let mut child = on_its_own(&mut Command::new(grayctl()))
            .args(["switch", "--json", "--folder"])
            .arg(gateway.folder().join("run"))
            .arg("--binary")
            .arg(binary)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (told, events) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Where the test is over, nobody listens.
                let _ = told.send(serde_json::from_str(&line).unwrap());
            }
        });
        Self {
            child,
            events,
            new: None,
            steps: Vec::new(),
            folder: gateway.folder().to_owned(),
        }
    }

    /// The operator's command.
    pub(crate) fn operator(&self) -> u64 {
        self.child.id().into()
    }

    /// The new process.
    pub(crate) fn pid(&self) -> u64 {
        self.new.unwrap()
    }

    /// The words of the events so far.
    pub(crate) fn steps(&self) -> Vec<&str> {
        self.steps.iter().map(String::as_str).collect()
    }

    /// Waits for that step.
    pub(crate) fn until(&mut self, step: &str) -> Value {
        loop {
            let event = self.next().unwrap_or_else(|| panic!("no {step}"));
            if event["event"] == step {
                return event;
            }
        }
    }

    /// Waits for the end.
    pub(crate) fn told(&mut self) -> Told {
        let outcome = std::iter::from_fn(|| self.next()).last().unwrap_or_default();
        let mut status = None;
        eventually(LIMIT, "the operator's command has ended", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let mut stderr = String::new();
        let mut pipe = self.child.stderr.take().unwrap();
        pipe.read_to_string(&mut stderr).unwrap();
        Told {
            code: status.and_then(|status| status.code()).unwrap_or(-1),
            outcome,
            stderr,
        }
    }

    fn next(&mut self) -> Option<Value> {
        let event = self.events.recv_timeout(LIMIT).ok()?;
        self.new = event["pid"]
            .as_u64()
            .filter(|_| event["event"] != "begun")
            .or(self.new);
        self.steps
            .push(event["event"].as_str().unwrap_or_default().to_owned());
        Some(event)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        // It may have ended already: both calls then do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(pid) = self.new {
            end(pid, &self.folder);
        }
    }
}
