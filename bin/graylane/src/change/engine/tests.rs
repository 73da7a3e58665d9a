mod suspended;

use std::fs;
use std::path::PathBuf;

use graylane_config::Environment;
use graylane_load::Asked;
use graylane_pipeline::Hooks;
use graylane_proxy::Generation;
use graylane_route::Snapshot;
use graylane_watch::Event;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// An engine over a folder, without its thread.
struct Bench {
    folder: TempDir,
    engine: Engine,
    watch: Watch,
}

fn text(weight: u32) -> String {
    format!(
        "[server]\nstate = \"state\"\n[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n\
         [lanes.shop.stable]\nrespond = {{}}\n[lanes.shop.canary]\nweight = {weight}\nrespond = {{}}\n"
    )
}

impl Bench {
    fn new(assignments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("graylane.toml"), text(10)).unwrap();
        let wanted = Wanted {
            asked: Asked {
                file: folder.path().join("graylane.toml"),
                environment: Environment::Dev,
                variables: Vec::new(),
                assignments: assignments.iter().map(|one| (*one).to_owned()).collect(),
                trust: PathBuf::new(),
            },
            quarantine: false,
            gray_on: false,
        };
        let loaded = Loaded::read(&wanted, None).unwrap();
        let kept = Beginning::new(&wanted, &loaded).unwrap();
        let snapshot = Snapshot::compile(&loaded.config, kept.accepted.revision);
        let first = Generation::first(
            &loaded.config,
            snapshot,
            Hooks::new(Vec::new()),
            Arc::default(),
            1,
        );
        let options = graylane_watch::Options::default();
        Self {
            watch: Watch::start(Vec::new(), options, Box::new(|_| ())).unwrap(),
            engine: Engine {
                wanted,
                shared: Shared::new(first),
                tell: Tell::new(|_, _| ()),
                in_use: Arc::new(InUse::from_pointee(loaded)),
                kept,
                status: Arc::default(),
                refused: None,
                suspended: false,
            },
            folder,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn put(&mut self, text: String) -> Outcome {
        let put = Instead {
            path: self.path("graylane.toml"),
            text: text.into_bytes(),
            signature: None,
        };
        self.order(Trigger::Admin, Some(put))
    }

    fn reload(&mut self) -> Outcome {
        self.order(Trigger::Signal, None)
    }

    fn look_again(&mut self) -> Outcome {
        self.order(Trigger::File, None)
    }

    fn order(&mut self, trigger: Trigger, put: Option<Instead>) -> Outcome {
        let order = Order {
            origin: Origin::of(trigger),
            put,
        };
        self.engine.change(&order, &self.watch)
    }

    /// Of every entry of the audit log, what was done and to which key.
    fn told(&self) -> Vec<(String, String)> {
        let text = fs::read_to_string(self.path("state/audit.jsonl")).unwrap();
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .map(|entry: Value| (word(&entry, "action"), word(&entry, "key")))
            // A build of another channel tells that it runs for dev.
            .filter(|(_, key)| key != "env")
            .collect()
    }

    fn revision(&self) -> u64 {
        self.engine.shared.current().snapshot().revision()
    }
}

#[test]
fn a_text_that_cannot_be_kept_leaves_everything_as_it_was() {
    let mut bench = Bench::new(&[]);
    let before = bench.told();
    // Nothing can be written beside accepted.json: a folder stands in the place of its draft.
    fs::create_dir_all(bench.path("state/accepted.json.new/full")).unwrap();

    let outcome = bench.put(text(20));

    assert!(
        matches!(&outcome, Outcome::Rejected(failure) if failure.code == CHANGE_NOT_KEPT),
        "{outcome:?}"
    );
    assert_eq!(fs::read_to_string(bench.path("graylane.toml")).unwrap(), text(10));
    assert!(!bench.path("graylane.toml.new").exists());
    assert_eq!(bench.revision(), 1);
    let told = bench.told();
    assert_eq!(told[before.len()..], [("reject".to_owned(), String::new())]);
}

#[test]
fn the_text_in_use_is_put_back_into_a_file_that_has_another() {
    let mut bench = Bench::new(&[]);
    bench.write("graylane.toml", "broken");
    let refused = bench.reload();

    let outcome = bench.put(text(10));

    assert!(matches!(refused, Outcome::Rejected(_)), "{refused:?}");
    assert!(matches!(outcome, Outcome::Unchanged(_)), "{outcome:?}");
    assert_eq!(fs::read_to_string(bench.path("graylane.toml")).unwrap(), text(10));
    assert_eq!(bench.told().last(), Some(&("accept".to_owned(), String::new())));
}

#[test]
fn what_is_in_use_and_in_its_file_is_not_told_again() {
    let mut bench = Bench::new(&[]);
    let before = bench.told();

    let outcome = bench.put(text(10));

    assert!(matches!(outcome, Outcome::Unchanged(_)), "{outcome:?}");
    assert_eq!(bench.told(), before);
}

#[test]
fn what_overrides_the_files_is_told_at_the_start_and_at_every_change() {
    let mut bench = Bench::new(&["limits.body=1MB"]);
    let start = bench.told();

    bench.put(text(20));

    let told = |action: &str, key: &str| (action.to_owned(), key.to_owned());
    assert_eq!(start, [told("start", ""), told("override", "limits.body")]);
    assert_eq!(
        bench.told()[start.len()..],
        [
            told("accept", ""),
            told("override", "limits.body"),
            told("change", "lanes.shop.canary.weight")
        ]
    );
}

#[test]
fn a_change_of_very_much_is_told_in_part_and_made() {
    let mut bench = Bench::new(&[]);
    // Every quote takes two bytes in JSON, and that four in the JSON of the log.
    let flags = |last: &str| {
        let value = "\"".repeat(1900) + last;
        let flag = json!({ "state": "ENABLED", "variants": { "one": value }, "defaultVariant": "one" });
        let all: serde_json::Map<_, _> = (0..560).map(|n| (format!("flag-{n}"), flag.clone())).collect();
        json!({ "flags": all }).to_string()
    };
    bench.write("flags.json", &flags("a"));
    bench.write(
        "graylane.toml",
        &format!("{}[flags]\nfiles = [\"flags.json\"]\n", text(20)),
    );
    let first = bench.reload();
    bench.write("flags.json", &flags("b"));

    let outcome = bench.reload();

    assert!(matches!(first, Outcome::Accepted(..)), "{first:?}");
    assert!(matches!(outcome, Outcome::Accepted(..)), "{outcome:?}");
}

#[test]
fn refused_files_come_into_use_when_a_file_that_nobody_watches_is_put_right() {
    let mut bench = Bench::new(&[]);
    bench.write("flags.toml", "broken");
    bench.write(
        "graylane.toml",
        &format!("{}[flags]\nfiles = [\"flags.toml\"]\n", text(20)),
    );
    let refused = bench.reload();
    let told = bench.told();

    bench.look_again();
    let told_again = bench.told();
    bench.write("flags.toml", "flags = {}\n");
    bench.look_again();

    assert!(matches!(refused, Outcome::Rejected(_)), "{refused:?}");
    assert_eq!(told_again, told);
    assert_eq!(bench.revision(), 2);
    assert_eq!(bench.engine.refused, None);
}

#[test]
fn a_text_that_was_refused_says_nothing_about_the_files() {
    let mut bench = Bench::new(&[]);

    let outcome = bench.put("broken".to_owned());

    assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
    assert_eq!(bench.engine.refused, None);
}

#[test]
fn a_panic_costs_one_change() {
    let mut bench = Bench::new(&[]);
    bench.engine.tell = Tell::new(|_, revision| assert_ne!(revision, 2, "a mistake"));

    let panicked = bench.put(text(20));
    let next = bench.put(text(30));

    assert!(
        matches!(&panicked, Outcome::Rejected(failure) if failure.code == INTERNAL),
        "{panicked:?}"
    );
    assert!(matches!(next, Outcome::Accepted(..)), "{next:?}");
    assert_eq!(bench.revision(), 3);
}

#[test]
fn a_file_of_the_environment_that_never_was_is_not_missed() {
    let bench = Bench::new(&[]);
    let in_use = bench.engine.in_use.load();
    let vanished = |name: &str| Event::Troubled {
        path: bench.path(name),
        trouble: graylane_watch::Trouble::Vanished,
    };

    let news = ["graylane.toml", "graylane.dev.toml", "graylane.dev.toml.minisig"]
        .map(|name| is_news(&vanished(name), &in_use));

    assert_eq!(news, [true, false, false]);
}

#[test]
fn a_wish_to_read_the_files_again_is_not_lost_where_too_many_orders_wait() {
    let bench = Bench::new(&[]);
    let (handle, messages) = Handle::new(1);
    // It reads no file.
    let put = Instead {
        path: bench.path("graylane.toml"),
        text: b"[".to_vec(),
        signature: None,
    };
    let order = Order {
        origin: Origin::of(Trigger::Admin),
        put: Some(put),
    };
    bench.write("graylane.toml", &text(20));

    handle.send(Message::Change(order, None)).unwrap();
    handle.reload(Trigger::Signal);
    let missed = Arc::clone(&handle.missed);
    drop(handle);
    let shared = Arc::clone(&bench.engine.shared);
    bench.engine.run(&messages, &missed, &bench.watch);

    assert_eq!(shared.current().snapshot().revision(), 2);
}
