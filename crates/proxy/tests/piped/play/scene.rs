//! A gateway without sockets: its endpoints can be reached over the pipes alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use graylane_config::{Environment, Layers, Modules};
use graylane_diagnostic::Source;
use graylane_pipeline::{
    Attempt, Exchange, Hooks, Instance, Outcome, Phases, Settings, StartError, Topology,
};
use graylane_proxy::{Generation, Shared};
use graylane_route::Snapshot;
use tokio::runtime::{Builder, Runtime};

/// Two of the lane that everybody gets, one of the lane that a trusted client can ask for, one of the host `one.test`.
pub(crate) const ENDPOINTS: u32 = 4;

/// To connect to a broadcast address fails at once, without a packet.
const CONFIGURATION: &str = r#"
[server]
trusted_peers = ["10.0.0.0/8"]

[listeners.web]
address = "127.0.0.1:0"

[limits]
head = "8KiB"
headers = 24
body = "100KB"

[services.shop]
show_lane = true

[lanes.shop.stable]
endpoints = ["255.255.255.255:1", "255.255.255.255:2"]

[lanes.shop.gray]
endpoints = ["255.255.255.255:3"]

[services.one]
hosts = ["one.test"]

[lanes.one.stable]
endpoints = ["255.255.255.255:4"]

[services.own]
hosts = ["own.test"]

[lanes.own.stable]
respond = { status = 299, body = "own\n" }
"#;

/// What a thread plays in.
pub(crate) struct Scene {
    pub(crate) shared: Arc<Shared>,
    pub(crate) runtime: Runtime,
    pub(crate) witness: Arc<Witness>,
}

impl Scene {
    fn new() -> Self {
        let source = Source::new("graylane.toml", CONFIGURATION.to_owned());
        let layers = Layers::new(source);
        let config = match graylane_config::parse(&layers, Environment::Dev, Modules::Any) {
            Ok(folded) => folded.config,
            Err(found) => panic!("{}", found.render(layers.sources())),
        };
        let snapshot = Snapshot::compile(&config, 1);
        let witness = Arc::new(Witness::default());
        let hooks = Hooks::new(vec![Arc::clone(&witness) as Arc<dyn Instance>]);
        Self {
            shared: Shared::new(Generation::first(&config, snapshot, hooks, Arc::default(), 1)),
            // Nothing waits on it, but to connect asks for its presence.
            runtime: Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            witness,
        }
    }
}

thread_local! {
    pub(crate) static SCENE: Scene = Scene::new();
}

/// Counts what modules are told.
#[derive(Debug, Default)]
pub(crate) struct Witness {
    pub(crate) admitted: AtomicU64,
    pub(crate) settled: AtomicU64,
    pub(crate) observed: AtomicU64,
}

impl Instance for Witness {
    fn name(&self) -> &'static str {
        "witness"
    }

    fn phases(&self) -> Phases {
        Phases::FORWARD.and(Phases::OBSERVE)
    }

    fn admit(&self, _attempt: &Attempt) -> bool {
        self.admitted.fetch_add(1, Relaxed);
        true
    }

    fn settle(&self, _attempt: &Attempt, _outcome: Outcome) {
        self.settled.fetch_add(1, Relaxed);
    }

    fn observe(&self, _exchange: &Exchange<'_>) {
        self.observed.fetch_add(1, Relaxed);
    }

    fn renew(
        &self,
        _settings: Settings<'_>,
        _topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        unreachable!("the configuration is never replaced")
    }
}
