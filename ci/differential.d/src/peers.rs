//! nginx and HAProxy as processes, one of each for all lanes.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// A process that ends with this value.
#[derive(Debug)]
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// From where a peer is asked, and where it forwards to, for one lane.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub front: SocketAddr,
    pub back: SocketAddr,
}

/// The ports on which the peers listen for one lane: of whoever stands in for the gateway, nginx and HAProxy.
pub type Fronts = [SocketAddr; 3];

/// Ports for so many lanes that nobody listens on now: nginx and HAProxy cannot tell a port that the system chose. They
/// are below those that the system gives to clients, so that no connection takes one before a peer does.
pub fn free_fronts(lanes: usize) -> Vec<Fronts> {
    let from = 10_000 + std::process::id() % 20_000;
    let mut held = Vec::new();
    let ports = (from..from + 2_000).filter_map(|port| u16::try_from(port).ok());
    let mut free = ports.filter_map(|port| {
        let listener = TcpListener::bind(("127.0.0.1", port)).ok()?;
        let address = listener.local_addr().ok()?;
        // Held until the last is known, so that none is given twice.
        held.push(listener);
        Some(address)
    });
    let mut next = || free.next().expect("a free port among two thousand");
    (0..lanes).map(|_| [next(), next(), next()]).collect()
}

/// What a command is started through, so that it ends when this process does, in whatever way that may be.
pub const BOUND: [&str; 3] = ["setpriv", "--pdeathsig", "KILL"];

fn bound_to_us(program: &str) -> Command {
    let [first, rest @ ..] = BOUND;
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(first);
    // Where servers live is not in everybody's path.
    command
        .env("PATH", format!("{path}:/usr/sbin:/sbin"))
        .args(rest)
        .arg(program);
    command
}

/// Starts nginx with these ways.
pub fn nginx(folder: &Path, ways: &[Way]) -> Result<Process, String> {
    let mut text = format!(
        "daemon off;\nmaster_process off;\npid {0}/nginx.pid;\nerror_log stderr crit;\nworker_rlimit_nofile 8192;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n\
         access_log off;\n\
         client_body_temp_path {0}/body;\nproxy_temp_path {0}/proxy;\nfastcgi_temp_path {0}/fastcgi;\n\
         uwsgi_temp_path {0}/uwsgi;\nscgi_temp_path {0}/scgi;\n\
         client_max_body_size 0;\nclient_body_buffer_size 64k;\nkeepalive_requests 1000000;\n\
         proxy_http_version 1.1;\nproxy_set_header Connection \"\";\nproxy_set_header Host $http_host;\n\
         proxy_next_upstream off;\n",
        folder.display()
    );
    for (number, way) in ways.iter().enumerate() {
        text.push_str(&format!(
            "upstream u{number} {{ server {}; keepalive 16; keepalive_requests 1000000; }}\n\
             server {{ listen {}; location / {{ proxy_pass http://u{number}; }} }}\n",
            way.back, way.front
        ));
    }
    text.push_str("}\n");
    let file = folder.join("nginx.conf");
    write(&file, &text)?;
    let mut command = bound_to_us("nginx");
    command
        .arg("-p")
        .arg(folder)
        .arg("-e")
        .arg("stderr")
        .arg("-c")
        .arg(&file);
    start("nginx", &mut command, &folder.join("nginx.log"), ways)
}

/// Starts HAProxy with these ways.
pub fn haproxy(folder: &Path, ways: &[Way]) -> Result<Process, String> {
    let mut text = "global\n  nbthread 1\n  maxconn 2000\n\
        defaults\n  mode http\n  timeout client 5s\n  timeout server 5s\n  timeout connect 5s\n  timeout http-request 5s\n\
        \x20 option http-keep-alive\n  http-reuse always\n  retries 0\n"
        .to_owned();
    for (number, way) in ways.iter().enumerate() {
        text.push_str(&format!(
            "listen l{number}\n  bind {}\n  server s {}\n",
            way.front, way.back
        ));
    }
    let file = folder.join("haproxy.cfg");
    write(&file, &text)?;
    let mut command = bound_to_us("haproxy");
    command.arg("-db").arg("-f").arg(&file);
    start("haproxy", &mut command, &folder.join("haproxy.log"), ways)
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

fn start(name: &str, command: &mut Command, log: &Path, ways: &[Way]) -> Result<Process, String> {
    let kept = fs::File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(kept)
        .spawn()
        .map_err(|error| format!("{name} does not start: {error}"))?;
    let mut process = Process(child);
    let end = Instant::now() + Duration::from_secs(20);
    for way in ways {
        while TcpStream::connect(way.front).is_err() {
            let ended = process.0.try_wait().ok().flatten().is_some();
            if ended || Instant::now() > end {
                let log = fs::read_to_string(log).unwrap_or_default();
                return Err(format!(
                    "{name} does not listen (ci/setup --peers installs it): {}",
                    log.trim_end()
                ));
            }
            thread::park_timeout(Duration::from_millis(5));
        }
    }
    Ok(process)
}
