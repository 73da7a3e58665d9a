//! A gateway within the test's own process, so that the test can replace its configuration.

use std::net::SocketAddr;
use std::sync::{Arc, Weak};

use graylane_config::{Config, Environment, Layers, Modules};
use graylane_diagnostic::Source;
use graylane_pipeline::{Hooks, Instance, MetricsText, Settings};
use graylane_proxy::{Fate, Gateway, Generation, Queues, Shared};
use graylane_route::Snapshot;
use graylane_testkit::{Client, Metrics, Next, Turn, Upstream};

use crate::witness::{Seen, Witness};

pub(crate) const WORKERS: usize = 2;

/// A running gateway.
pub(crate) struct Scene {
    pub(crate) shared: Arc<Shared>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) address: SocketAddr,
    gateway: Gateway,
}

/// A lane of the service `shop`.
pub(crate) fn lane(name: &str, settings: &str, endpoints: &[SocketAddr]) -> String {
    let endpoints: Vec<_> = endpoints.iter().map(|at| format!("\"http://{at}\"")).collect();
    format!(
        "[lanes.shop.{name}]\n{settings}\nendpoints = [{}]\n",
        endpoints.join(", ")
    )
}

/// The service `shop`, which shows its lanes.
pub(crate) const SHOP: &str = "[services.shop]\nkey = [\"header:X-User-Id\"]\nshow_lane = true\n";

fn parsed(rest: &str) -> Config {
    let text = format!("[listeners.web]\naddress = \"127.0.0.1:0\"\n{rest}");
    let source = Source::new("graylane.toml", text);
    let layers = Layers::new(source);
    match graylane_config::parse(&layers, Environment::Dev, Modules::Any) {
        Ok(folded) => folded.config,
        Err(found) => panic!("{}", found.render(layers.sources())),
    }
}

impl Scene {
    /// Starts with a configuration, of which the listener is given.
    pub(crate) fn start(rest: &str) -> Self {
        let config = parsed(rest);
        let snapshot = Snapshot::compile(&config, 1);
        let seen = Arc::new(Seen::default());
        let witness: Arc<dyn Instance> = Witness::new(&seen, snapshot.topology());
        let first = Generation::first(
            &config,
            snapshot,
            Hooks::new(vec![witness]),
            Arc::default(),
            WORKERS,
        );
        let shared = Shared::new(first);
        let listener = graylane_proxy::bind(&config.listeners[0]).unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::start(&shared, vec![listener]).unwrap();
        Self {
            shared,
            seen,
            address,
            gateway,
        }
    }

    /// What would follow on the generation in use, with the next revision.
    pub(crate) fn next(&self, rest: &str) -> Arc<Generation> {
        let current = self.shared.current();
        let config = parsed(rest);
        let snapshot = current
            .snapshot()
            .next(&config, current.snapshot().revision() + 1);
        let hooks = current
            .hooks()
            .renew(|_| Settings::default(), snapshot.topology());
        current.next(&config, snapshot, hooks.unwrap(), Arc::default())
    }

    /// Replaces the configuration.
    pub(crate) fn replace(&self, rest: &str) -> Weak<Generation> {
        let next = self.next(rest);
        let weak = Arc::downgrade(&next);
        self.shared.replace(next).unwrap();
        weak
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// What a scraper sees.
    pub(crate) fn metrics(&self) -> Metrics {
        let mut text = MetricsText::new();
        self.shared.counters().render(&self.shared.current(), &mut text);
        Metrics::parse(&text.finish())
    }

    /// Ends the gateway; how many connections were cut.
    pub(crate) fn end(mut self) -> u64 {
        self.gateway.drain(Queues::Empty);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(self.gateway.ended()).of(Fate::Cut)
    }
}

/// An upstream that answers with its own name and the lane that it was told.
pub(crate) fn named(name: &'static str) -> Upstream {
    Upstream::start(move |turn| answer(turn, name))
}

fn answer(turn: &mut Turn<'_>, name: &str) -> Next {
    let told = turn.head.value("x-gray-version").unwrap_or("nothing").to_owned();
    turn.fixed(200, &format!("{name} as {told}"))
}

/// How many exchanges a scraper sees of a lane.
pub(crate) fn exchanges(page: &Metrics, lane: &str) -> f64 {
    let labels = [("service", "shop"), ("lane", lane)];
    page.sum("graylane_request_duration_seconds_count", &labels)
}
