use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use crate::client::{Client, Response};
use crate::metrics::Metrics;
use crate::run::{binary, on_its_own};
use crate::setup::Setup;
use crate::wait::{LIMIT, eventually};

/// The real gateway as a process of its own. It ends with this value, whatever happens.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    folder: Arc<TempDir>,
    listeners: BTreeMap<String, SocketAddr>,
    admin: SocketAddr,
    events: Arc<Mutex<Vec<Value>>>,
    stderr: Arc<Mutex<String>>,
}

impl Gateway {
    /// Starts the binary under test with this configuration and waits until it is ready.
    ///
    /// # Panics
    /// With what it printed, when it does not become ready.
    pub fn start(configuration: &str) -> Self {
        Self::start_binary(&binary(), configuration)
    }

    pub(crate) fn start_binary(binary: &Path, configuration: &str) -> Self {
        Self::start_set_up(binary, &Setup::new(configuration))
    }

    pub(crate) fn start_set_up(binary: &Path, setup: &Setup) -> Self {
        let mut child = on_its_own(&mut setup.command(binary, &["serve", "--json"]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", binary.display()));
        let events = read_events(child.stdout.take());
        let stderr = read_text(child.stderr.take());
        let admin = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut gateway = Self {
            child,
            folder: setup.kept(),
            listeners: BTreeMap::new(),
            admin,
            events,
            stderr,
        };
        gateway.until_ready();
        gateway
    }

    fn until_ready(&mut self) {
        let mut over = false;
        eventually(LIMIT, "the gateway is ready", || {
            over = self.child.try_wait().ok().flatten().is_some();
            over || self.event("ready").is_some()
        });
        let Some(ready) = self.event("ready") else {
            // The pipes may still be read when the process has ended: wait for them to give a full report.
            let status = self.child.wait();
            let configuration = fs::read_to_string(self.file()).unwrap_or_default();
            panic!(
                "the gateway ended before it was ready: {status:?}\n{}\n{configuration}",
                self.stderr()
            );
        };
        let address = |value: &Value| -> Option<SocketAddr> { value.as_str()?.parse().ok() };
        self.admin = address(&ready["admin"]).unwrap_or_else(|| panic!("no admin address: {ready}"));
        let listeners = ready["listeners"]
            .as_object()
            .unwrap_or_else(|| panic!("no listeners: {ready}"));
        self.listeners = listeners
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    address(value).unwrap_or_else(|| panic!("no address: {ready}")),
                )
            })
            .collect();
    }

    /// The address of the listener `web`.
    pub fn address(&self) -> SocketAddr {
        self.listener("web")
    }

    /// The address of a listener.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn listener(&self, name: &str) -> SocketAddr {
        *self
            .listeners
            .get(name)
            .unwrap_or_else(|| panic!("no listener `{name}`: {:?}", self.listeners))
    }

    /// The admin address.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// The id of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The folder of its configuration, which is also its working directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its configuration file.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("graylane.toml")
    }

    /// A new connection to the listener `web`.
    pub fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// Asks the admin port.
    pub fn ask(&self, path: &str) -> Response {
        Client::connect(self.admin).get(path, &[("Connection", "close")])
    }

    /// What `/metrics` says now.
    pub fn metrics(&self) -> Metrics {
        Metrics::parse(&self.ask("/metrics").text())
    }

    /// The last event of this name, if there was one.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn event(&self, name: &str) -> Option<Value> {
        let events = self.events.lock().expect("no holder panics");
        events.iter().rfind(|event| event["event"] == name).cloned()
    }

    /// Waits for an event.
    ///
    /// # Panics
    /// When it does not come.
    pub fn until_event(&self, name: &str) -> Value {
        eventually(LIMIT, &format!("event `{name}`"), || self.event(name).is_some());
        self.event(name).expect("found a moment ago")
    }

    /// What it wrote to its error output so far.
    ///
    /// # Panics
    /// Never: no holder of the lock panics.
    pub fn stderr(&self) -> String {
        self.stderr.lock().expect("no holder panics").clone()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends a signal by its name without `SIG`.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn signal(&self, name: &str) {
        // The shell's own `kill`: no unsafe code, and nothing to install.
        let pid = self.pid().to_string();
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "kill", name, &pid])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "the gateway is gone: {}",
            self.stderr()
        );
    }

    /// Waits until it has ended, and gives the exit code; 128 and the signal's number where a signal ended it.
    ///
    /// # Panics
    /// When it does not end within the limit.
    pub fn wait(&mut self, limit: Duration) -> i32 {
        let mut status = None;
        eventually(limit, "the gateway has ended", || {
            status = self.child.try_wait().expect("a child of this process");
            status.is_some()
        });
        let status = status.expect("it has ended");
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
    }

    /// The most memory that it had resident so far, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// The memory that it has resident now, in bytes.
    pub fn resident_memory(&self) -> u64 {
        self.memory("VmRSS:")
    }

    fn memory(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("a running process");
        let line = status
            .lines()
            .find(|line| line.starts_with(key))
            .expect("Linux tells the memory");
        let kib = line
            .split_whitespace()
            .nth(1)
            .and_then(|word| word.parse::<u64>().ok());
        kib.expect("a number of kB") * 1024
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended already: both calls then do nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- the gateway's error output ---\n{}", self.stderr());
        }
    }
}

fn read_events(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<Vec<Value>>> {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (into, pipe) = (Arc::clone(&events), pipe.expect("a piped output"));
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
            into.lock().expect("no holder panics").push(event);
        }
    });
    events
}

fn read_text(pipe: Option<impl Read + Send + 'static>) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let (into, pipe) = (Arc::clone(&text), pipe.expect("a piped output"));
    thread::spawn(move || {
        let mut lines = BufReader::new(pipe);
        let mut line = Vec::new();
        while matches!(lines.read_until(b'\n', &mut line), Ok(1..)) {
            into.lock()
                .expect("no holder panics")
                .push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
    text
}

mod change;

#[cfg(test)]
mod tests;
