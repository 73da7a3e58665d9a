//! The breaker as a whole, on a time that stands still until a test moves it.

mod behaviour;
mod ejection;
mod heritage;
mod model;
mod renewal;
mod section;
mod threads;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use graylane_pipeline::{
    Attempt, EndpointId, EndpointInfo, Instance, LaneId, LaneInfo, Outcome, PageRequest, Settings, Topology,
};

use crate::breaker::Breaker;
use crate::gate::State;
use crate::settings::Rules;

/// A breaker, the topology it guards and its time.
struct Scene {
    breaker: Breaker,
    base: Instant,
    millis: Arc<AtomicU64>,
}

impl Scene {
    /// One service, a lane for each number, with so many endpoints.
    fn new(rules: Rules, endpoints: &[u32]) -> Self {
        let base = Instant::now();
        let millis = Arc::new(AtomicU64::new(0));
        let clock = {
            let millis = Arc::clone(&millis);
            move || base + Duration::from_millis(millis.load(Ordering::SeqCst))
        };
        Self {
            breaker: Breaker::new(rules, Arc::new(topology(endpoints)), clock),
            base,
            millis,
        }
    }

    /// The scene under the next configuration, in use.
    fn renewed(&self, rules: Rules, topology: Topology) -> Self {
        let breaker = self.breaker.next(rules, Arc::new(topology));
        breaker.take_over();
        Self {
            breaker,
            base: self.base,
            millis: Arc::clone(&self.millis),
        }
    }

    fn pass(&self, millis: u64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    fn attempt(&self, endpoint: u32) -> Attempt {
        let endpoint = EndpointId(endpoint);
        Attempt {
            endpoint,
            lane: self.breaker.topology.endpoint(endpoint).lane,
            started: self.base + Duration::from_millis(self.millis.load(Ordering::SeqCst)),
            last_resort: false,
        }
    }

    fn admit(&self, endpoint: u32) -> Option<Attempt> {
        let attempt = self.attempt(endpoint);
        self.breaker.admit(&attempt).then_some(attempt)
    }

    /// Admits and settles at once; whether it was admitted.
    fn ask(&self, endpoint: u32, outcome: Outcome) -> bool {
        let attempt = self.admit(endpoint);
        if let Some(attempt) = attempt {
            self.breaker.settle(&attempt, outcome);
        }
        attempt.is_some()
    }

    /// So many failures in a row.
    fn fail(&self, endpoint: u32, times: u32) {
        for _ in 0..times {
            self.ask(endpoint, Outcome::Unreachable);
        }
    }

    fn state(&self, endpoint: u32) -> State {
        self.breaker.endpoint(EndpointId(endpoint)).gate.state()
    }

    fn page(&self) -> serde_json::Value {
        let page = self
            .breaker
            .page(&PageRequest {
                path: "/breaker",
                query: "",
                gateway: &String::new,
            })
            .unwrap();
        serde_json::from_str(&page.body).unwrap()
    }
}

fn topology(endpoints: &[u32]) -> Topology {
    let mut topology = Topology::default();
    for (i, &count) in endpoints.iter().enumerate() {
        let first = topology.endpoints.len() as u32;
        topology.lanes.push(LaneInfo {
            service: "shop".parse().unwrap(),
            lane: format!("lane-{i}").parse().unwrap(),
            baseline: i == 0,
            endpoints: first..first + count,
        });
        topology
            .endpoints
            .extend((first..first + count).map(|n| EndpointInfo {
                address: format!("10.0.0.{n}:80").into(),
                lane: LaneId(i as u32),
            }));
    }
    topology
}

fn rules() -> Rules {
    Rules::read(Settings::default()).unwrap()
}
