//! A gateway within the test's own process, which can hand its listener to another one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use graylane_config::{Config, Environment, Layers, Modules};
use graylane_core::Name;
use graylane_diagnostic::Source;
use graylane_pipeline::Hooks;
use graylane_proxy::{Control, Fate, Gateway, Generation, Idle, Ledger, Queues, Shared};
use graylane_route::Snapshot;
use graylane_testkit::{Authority, Client, LIMIT, Response, eventually};
use graylane_tls::{Content, Files, Tls};

pub(crate) const WORKERS: usize = 2;

/// A running gateway with one listener and one endpoint.
pub(crate) struct Scene {
    pub(crate) shared: Arc<Shared>,
    pub(crate) gateway: Gateway,
    pub(crate) address: SocketAddr,
}

fn parsed(endpoint: SocketAddr, more: &str) -> Config {
    let text = format!(
        "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n[lanes.shop.stable]\n\
         endpoints = [\"http://{endpoint}\"]\n{more}"
    );
    let layers = Layers::new(Source::new("graylane.toml", text));
    match graylane_config::parse(&layers, Environment::Dev, Modules::Any) {
        Ok(folded) => folded.config,
        Err(found) => panic!("{}", found.render(layers.sources())),
    }
}

fn shared(config: &Config, files: &Files) -> Arc<Shared> {
    let snapshot = Snapshot::compile(config, 1);
    let hooks = Hooks::new(Vec::new());
    let tls = Arc::new(Tls::compile(config, files, None).unwrap());
    Shared::new(Generation::first(config, snapshot, hooks, tls, WORKERS))
}

impl Scene {
    /// In front of this endpoint, with more of the configuration.
    pub(crate) fn start(endpoint: SocketAddr, more: &str) -> Self {
        Self::start_with(endpoint, more, &Files::default())
    }

    /// The same with a listener that is secured.
    pub(crate) fn secured(endpoint: SocketAddr) -> Self {
        let issued = Authority::new().give(&["shop.test"]);
        let named = [("shop.pem", issued.certificate), ("shop.key", issued.key)];
        let named = named.map(|(path, text)| (path.into(), Content::new(text.into_bytes())));
        let files = Files {
            named: named.into(),
            system: None,
        };
        let more = "[listeners.web.tls]\ncertificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }]";
        Self::start_with(endpoint, more, &files)
    }

    fn start_with(endpoint: SocketAddr, more: &str, files: &Files) -> Self {
        let config = parsed(endpoint, more);
        let shared = shared(&config, files);
        let sockets = config.listeners.iter().map(graylane_proxy::bind);
        let sockets: Vec<_> = sockets.map(Result::unwrap).collect();
        Self {
            address: sockets[0].local_addr().unwrap(),
            gateway: Gateway::start(&shared, sockets).unwrap(),
            shared,
        }
    }

    /// The same with a second listener.
    pub(crate) fn with_another(endpoint: SocketAddr, more: &str) -> Self {
        let another = format!("{more}\n[listeners.xtra]\naddress = \"127.0.0.1:0\"");
        Self::start(endpoint, &another)
    }

    /// A client of that listener.
    pub(crate) fn client_of(&self, name: &str) -> Client {
        let named = self.gateway.listeners().unwrap().into_iter();
        let mut sockets = named.filter(|(one, _)| one.as_str() == name);
        Client::connect(sockets.next().unwrap().1.local_addr().unwrap())
    }

    /// One that takes over the listener of this one and waits for the word to accept.
    pub(crate) fn successor(&self, endpoint: SocketAddr, more: &str) -> Self {
        let config = parsed(endpoint, more);
        let shared = shared(&config, &Files::default());
        let (name, socket) = self.gateway.listeners().unwrap().remove(0);
        assert_eq!(name, config.listeners[0].name);
        let socket = graylane_proxy::inherit(socket.into(), &config.listeners[0]).unwrap();
        Self {
            address: self.address,
            gateway: Gateway::start_paused(&shared, vec![socket]).unwrap(),
            shared,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Accepts no more, for certain.
    pub(crate) fn pause(&self) {
        self.gateway.pause();
        wait(self.gateway.paused());
    }

    /// Drains for a successor, to which what is idle moves.
    pub(crate) fn hand_over(&self, to: &Control) {
        let (sender, idle) = mpsc::channel();
        let to = to.clone();
        std::thread::spawn(move || carry(&idle, &to));
        self.gateway.move_idle(sender);
        self.gateway.drain(Queues::Leave(&[web()]));
    }

    /// Waits until so many connections are open.
    pub(crate) fn until_open(&self, connections: u64) {
        eventually(LIMIT, "so many connections are open", || {
            self.shared.counters().open() == connections
        });
    }

    /// Waits until so many connections have ended so.
    pub(crate) fn until(&self, fate: Fate, connections: u64) {
        eventually(LIMIT, fate.as_str(), || {
            self.gateway.ledger().of(fate) == connections
        });
    }

    /// Drains without a successor, to the end.
    pub(crate) fn end(self) -> Ledger {
        self.gateway.drain(Queues::Empty);
        self.ended()
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ledger {
        wait(self.gateway.ended())
    }
}

/// Carries idle connections over, as the two processes would.
fn carry(idle: &Receiver<Idle>, to: &Control) {
    for idle in idle {
        let stream = idle.stream().try_clone().unwrap();
        to.adopt(idle.listener(), stream).unwrap();
        idle.moved();
    }
}

pub(crate) fn web() -> Name {
    "web".parse().unwrap()
}

/// Waits for a future, and begins at once: what a runtime needs to be made would hide who is late.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}

/// What an answer says, and whether it says that it is the last.
pub(crate) fn told(response: &Response) -> (String, bool) {
    (response.text(), response.header("connection") == Some("close"))
}
