//! Real files and a real thread.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use graylane_watch::{Digest, Event, Files, Identity, Options, Read, Watch, Watched};

const LIMIT: Duration = Duration::from_secs(20);

const QUICK: Options = Options {
    every: Duration::from_millis(5),
    reread: Duration::from_millis(50),
    settle: Duration::from_millis(100),
    limit: 1000,
};

type OnEvents = Box<dyn FnMut(Vec<Event>) + Send>;

fn sender() -> (OnEvents, Receiver<Vec<Event>>) {
    let (sender, receiver) = channel();
    (Box::new(move |events| _ = sender.send(events)), receiver)
}

fn known(path: PathBuf) -> Watched {
    let known = Some(Digest::of(&fs::read(&path).unwrap()));
    Watched { path, known }
}

/// Path and content of each change of the next look that finds any.
fn next(receiver: &Receiver<Vec<Event>>) -> Vec<(PathBuf, String)> {
    let changed = |event| match event {
        Event::Changed { path, content, .. } => (path, String::from_utf8(content.to_vec()).unwrap()),
        other => panic!("{other:?}"),
    };
    receiver
        .recv_timeout(LIMIT)
        .unwrap()
        .into_iter()
        .map(changed)
        .collect()
}

#[test]
fn a_rewritten_a_renamed_and_a_newly_watched_file_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| folder.path().join(name));
    fs::write(&one, "old").unwrap();
    fs::write(&two, "two").unwrap();
    let (on_events, events) = sender();
    let watch = Watch::start(vec![known(one.clone())], QUICK, on_events).unwrap();

    fs::write(&one, "new").unwrap();
    assert_eq!(next(&events), [(one.clone(), "new".to_owned())]);

    fs::write(folder.path().join("draft"), "newer").unwrap();
    fs::rename(folder.path().join("draft"), &one).unwrap();
    assert_eq!(next(&events), [(one.clone(), "newer".to_owned())]);

    let unknown = |path: &Path| Watched {
        path: path.to_owned(),
        known: None,
    };
    watch.set_files(vec![unknown(&one), unknown(&two)]);
    assert_eq!(next(&events), [(two, "two".to_owned())]);
    assert!(watch.looked_at().is_some());
}

#[test]
fn a_folder_that_is_swapped_as_kubernetes_does_it_is_one_change_of_all_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, content) in [("..1", "old"), ("..2", "new")] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("one"), format!("{content} one")).unwrap();
        fs::write(at(version).join("two"), format!("{content} two")).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/one", at("one")).unwrap();
    symlink("..data/two", at("two")).unwrap();
    let (on_events, events) = sender();
    let _watch = Watch::start(vec![known(at("one")), known(at("two"))], QUICK, on_events).unwrap();

    symlink("..2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();

    let changed = next(&events);
    assert_eq!(
        changed,
        [
            (at("one"), "new one".to_owned()),
            (at("two"), "new two".to_owned())
        ]
    );
}

/// A file system that answers only when the test lets go.
struct Hanging {
    asked: Sender<()>,
    answer: Receiver<()>,
}

impl Files for Hanging {
    fn identity(&mut self, _: &Path) -> io::Result<Identity> {
        _ = self.asked.send(());
        _ = self.answer.recv();
        Err(io::ErrorKind::NotFound.into())
    }

    fn read(&mut self, _: &Path, _: u64) -> io::Result<Read> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_file_system_that_hangs_shows_in_the_time_of_the_last_look_and_does_not_hinder_the_end() {
    let (asked, was_asked) = channel();
    let (let_go, answer) = channel::<()>();
    let (on_events, events) = sender();
    let file = Watched {
        path: "a".into(),
        known: None,
    };
    let hanging = Box::new(Hanging { asked, answer });
    let watch = Watch::start_on(hanging, vec![file], QUICK, on_events).unwrap();
    was_asked.recv_timeout(LIMIT).unwrap();

    let looked_at = watch.looked_at();
    let begin = Instant::now();
    drop(watch);

    assert_eq!(looked_at, None);
    assert!(begin.elapsed() < LIMIT);
    drop(let_go);
    // The thread ends as soon as it can, and lets go of the callback.
    let end = events.recv_timeout(LIMIT);
    assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn who_waits_for_the_next_look_can_be_ended_at_once() {
    let (on_events, events) = sender();
    let slow = Options {
        every: Duration::from_secs(3600),
        ..QUICK
    };
    let watch = Watch::start(Vec::new(), slow, on_events).unwrap();
    while watch.looked_at().is_none() {
        std::thread::yield_now();
    }

    drop(watch);

    let end = events.recv_timeout(LIMIT);
    assert_eq!(end, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn the_callback_itself_may_end_the_watch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one");
    fs::write(&path, "new").unwrap();
    let (give, take) = channel::<Watch>();
    let (done, is_done) = channel();
    let on_events = Box::new(move |_| {
        drop(take.recv());
        _ = done.send(());
    });
    let file = Watched { path, known: None };

    let watch = Watch::start(vec![file], QUICK, on_events).unwrap();
    give.send(watch).unwrap();

    assert_eq!(is_done.recv_timeout(LIMIT), Ok(()));
}
