//! The log as a whole: exchanges in, lines out.

mod lines;
mod section;
mod writing;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use graylane_core::Salt;
use graylane_pipeline::{
    Decision, EndpointId, EndpointInfo, Exchange, Fault, FlagNames, Head, Instance, KeySource, LaneId,
    LaneInfo, Reason, Settings, Topology, TraceId,
};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::recorder::Recorder;
use crate::settings::Plan;
use crate::writer::{Open, Pace};

const QUICK: Pace = Pace {
    first: Duration::from_millis(1),
    most: Duration::from_millis(4),
    stop: Duration::from_secs(10),
};

/// Memory that lines are written to.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Memory {
    fn open(&self) -> Open {
        let memory = self.clone();
        Box::new(move || Ok(Box::new(memory.clone())))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn plan(text: &str) -> Plan {
    let text = text.to_owned().leak();
    let table = DeTable::parse(text).unwrap();
    let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    Plan::read(Settings::new(Some(&section))).unwrap()
}

fn topology() -> Topology {
    let lane = |name: &str, baseline, endpoints| LaneInfo {
        service: "shop".parse().unwrap(),
        lane: name.parse().unwrap(),
        baseline,
        endpoints,
    };
    Topology {
        lanes: vec![lane("stable", true, 0..0), lane("canary", false, 0..1)],
        endpoints: vec![EndpointInfo {
            address: "10.0.0.1:80".into(),
            lane: LaneId(1),
        }],
    }
}

fn decision(lane: u32) -> Decision {
    Decision {
        service: 7,
        lane: LaneId(lane),
        baseline: lane == 0,
        reason: Reason::Weight,
        flag: None,
        key_source: KeySource::ClientAddress,
        bucket: Salt::new("shop").bucket(b"1"),
        interval: None,
        revision: 3,
    }
}

fn trace(number: u128) -> TraceId {
    TraceId(number.to_be_bytes())
}

fn head(target: &str, headers: &[(&str, &[u8])]) -> Head {
    Head {
        method: "GET".into(),
        target: target.into(),
        host: "shop.example".into(),
        headers: headers
            .iter()
            .map(|&(name, value)| (name.into(), value.into()))
            .collect(),
    }
}

fn exchange<'a>(decision: &'a Decision, trace: TraceId, head: Option<&'a Head>) -> Exchange<'a> {
    Exchange {
        decision: Some(decision),
        flag: None,
        endpoint: Some(EndpointId(0)),
        status: 200,
        fault: None,
        fallback: None,
        retries: 1,
        duration: Duration::from_micros(12_345),
        received: 10,
        sent: 20,
        complete: true,
        trace,
        head,
    }
}

/// The text that a recorder of that section writes when it is shown these exchanges.
fn text_of(section: &str, exchanges: &[Exchange<'_>]) -> String {
    let memory = Memory::default();
    let recorder = Recorder::over(plan(section), Arc::new(topology()), memory.open(), QUICK).unwrap();
    for exchange in exchanges {
        recorder.observe(exchange);
    }
    recorder.stop();
    memory.text()
}

/// Each line of a text, as JSON.
fn parsed(text: &str) -> Vec<Value> {
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text.lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn wait_until(condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < Duration::from_secs(20), "nothing happened");
        std::thread::yield_now();
    }
}
