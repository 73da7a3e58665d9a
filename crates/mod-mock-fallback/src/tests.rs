//! The module as a whole: a section and a folder in, answers out.

mod files;
mod mistakes;
mod section;
mod serving;

use std::fs;

use graylane_core::Salt;
use graylane_pipeline::{
    Decision, Fault, Health, KeySource, LaneId, LaneInfo, MetricsText, PageRequest, Phases, Reason as Why,
    Reply, Rescue, TraceId, Trouble,
};
use tempfile::TempDir;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::*;

const SECTION: &str = "folder = \"mocks\"\n";

/// A folder of a configuration, with its section and its mocks.
struct Stage {
    folder: TempDir,
    section: &'static str,
}

/// What a mistake is, and the text at its place.
#[derive(Debug)]
struct Mistake {
    message: String,
    at: String,
}

impl Stage {
    fn new(section: &'static str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("mocks")).unwrap();
        Self { folder, section }
    }

    fn with(mocks: &str) -> Self {
        Self::new(SECTION).file("a.toml", mocks)
    }

    fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("mocks").join(name)
    }

    /// Does as the gateway does: reads the files, puts all texts on one line of offsets, and goes on with them.
    fn read<T>(&self, then: impl FnOnce(Settings<'_>) -> Result<T, SettingsError>) -> Result<T, Mistake> {
        let table = DeTable::parse(self.section).unwrap();
        let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
        let settings = Settings::new(Some(&section));
        let mut all = self.section.to_owned();
        let read = module()
            .files(settings, self.folder.path())
            .and_then(|mut files| {
                for file in &mut files {
                    all.push('\n');
                    file.base = all.len();
                    all.push_str(&file.text);
                }
                then(settings.with_files(&files))
            });
        read.map_err(|error| Mistake {
            at: all[error.span.unwrap()].to_owned(),
            message: error.message,
        })
    }

    fn start(&self) -> Fallback {
        self.read(|settings| Fallback::start(settings, &Arc::new(topology())))
            .unwrap()
    }

    fn mistake(&self) -> Mistake {
        self.read(|settings| module().check(settings)).unwrap_err()
    }
}

fn topology() -> Topology {
    let lane = |service: &str, name: &str| LaneInfo {
        service: service.parse().unwrap(),
        lane: name.parse().unwrap(),
        baseline: name == "stable",
        endpoints: 0..0,
    };
    Topology {
        lanes: vec![
            lane("shop", "stable"),
            lane("shop", "canary"),
            lane("other", "stable"),
        ],
        endpoints: Vec::new(),
    }
}

/// A request whose upstream failed.
struct Failed<'a> {
    trouble: Trouble,
    lane: u32,
    method: &'a str,
    target: &'a str,
    headers: &'a [(&'a str, &'a [u8])],
}

const UNREACHABLE: Trouble = Trouble::Fault(Fault::Unreachable);

fn get(target: &str) -> Failed<'_> {
    Failed {
        trouble: UNREACHABLE,
        lane: 0,
        method: "GET",
        target,
        headers: &[],
    }
}

impl Failed<'_> {
    fn on(self, fallback: &dyn Instance) -> Option<Reply> {
        let decision = Decision {
            service: 0,
            lane: LaneId(self.lane),
            baseline: false,
            reason: Why::Weight,
            flag: None,
            key_source: KeySource::ClientAddress,
            bucket: Salt::new("shop").bucket(b"1"),
            interval: None,
            revision: 1,
        };
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target, None),
        };
        let header = |name: &str| {
            let found = self.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| *value)
        };
        fallback.rescue(&Rescue {
            decision: &decision,
            trouble: self.trouble,
            trace: TraceId([0xab; 16]),
            method: self.method,
            path,
            query,
            header: &header,
        })
    }
}

fn body(reply: Option<Reply>) -> String {
    String::from_utf8(reply.unwrap().body).unwrap()
}

fn metrics(fallback: &dyn Instance) -> String {
    let mut text = MetricsText::new();
    fallback.metrics(&mut text);
    text.finish()
}
