use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// A file system in memory. Every writing changes the identity, unless it is done by stealth.
#[derive(Debug, Default)]
struct Fake {
    files: BTreeMap<PathBuf, Result<(Identity, Vec<u8>), ErrorKind>>,
    writes: u64,
    reads: usize,
    /// Done after the identity of `a` was asked for the next time: a swap in the middle of a look.
    in_between: Option<(&'static str, Vec<u8>)>,
}

impl Fake {
    fn with(names: &[&str]) -> Self {
        let mut fake = Self::default();
        names.iter().for_each(|name| fake.write(name, b"old"));
        fake
    }

    fn write(&mut self, name: &str, content: &[u8]) {
        self.writes += 1;
        let identity = Identity {
            dev: 1,
            ino: self.writes,
            size: content.len() as u64,
            mtime: (0, 0),
            ctime: (0, 0),
            regular: true,
        };
        self.files.insert(name.into(), Ok((identity, content.to_vec())));
    }

    /// Same size, same times.
    fn write_by_stealth(&mut self, name: &str, content: &[u8]) {
        self.files.get_mut(Path::new(name)).unwrap().as_mut().unwrap().1 = content.to_vec();
    }

    fn remove(&mut self, name: &str) {
        self.files.remove(Path::new(name));
    }

    fn refuse(&mut self, name: &str) {
        self.files.insert(name.into(), Err(ErrorKind::PermissionDenied));
    }
}

impl Files for Fake {
    fn identity(&mut self, path: &Path) -> io::Result<Identity> {
        let file = self.files.get(path).ok_or(ErrorKind::NotFound)?;
        let identity = file.as_ref().map_err(|kind| *kind)?.0;
        if path == Path::new("a")
            && let Some((name, content)) = self.in_between.take()
        {
            self.write(name, &content);
        }
        Ok(identity)
    }

    fn read(&mut self, path: &Path, limit: u64) -> io::Result<Read> {
        self.reads += 1;
        let file = self.files.get(path).ok_or(ErrorKind::NotFound)?;
        let content = &file.as_ref().map_err(|kind| *kind)?.1;
        Ok(match content.len() as u64 > limit {
            true => Read::TooLarge,
            false => Read::Content(content.clone()),
        })
    }
}

/// An observer that looks every 250 ms, and knows what is in the files at first.
struct Test {
    observer: Observer,
    now: Instant,
    disk: Fake,
}

const LIMIT: u64 = 100;

fn watched(name: &str, known: &[u8]) -> Watched {
    Watched {
        path: name.into(),
        known: Some(Digest::of(known)),
    }
}

fn test(names: &[&str]) -> Test {
    let options = Options {
        limit: LIMIT,
        ..Options::default()
    };
    let files = names.iter().map(|name| watched(name, b"old")).collect();
    let mut test = Test {
        observer: Observer::new(files, options),
        now: Instant::now(),
        disk: Fake::with(names),
    };
    assert_eq!(test.look(), Vec::<String>::new());
    test
}

fn said(event: Event) -> String {
    match event {
        Event::Changed {
            path,
            content,
            digest,
        } => {
            assert_eq!(digest, Digest::of(&content));
            format!("{}: {}", path.display(), String::from_utf8_lossy(&content))
        }
        Event::Troubled { path, trouble } => format!("{}: {trouble:?}", path.display()),
        Event::Returned { path } => format!("{}: returned", path.display()),
    }
}

impl Test {
    fn look(&mut self) -> Vec<String> {
        self.now += Duration::from_millis(250);
        let events = self.observer.look(self.now, &mut self.disk);
        events.into_iter().map(said).collect()
    }

    /// What the looks of so many seconds say.
    fn seconds(&mut self, seconds: usize) -> Vec<String> {
        (0..seconds * 4).flat_map(|_| self.look()).collect()
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn where_nothing_changes_nothing_is_said_and_hardly_anything_read() {
    let mut test = test(&["a"]);
    test.disk.reads = 0;

    let events = test.seconds(60);

    assert_eq!(events, NOTHING);
    assert!((5..=6).contains(&test.disk.reads), "{}", test.disk.reads);
}

#[test]
fn new_content_is_said_once_after_the_second_look_that_sees_it() {
    let mut test = test(&["a"]);
    test.disk.write("a", b"new");

    let looks = [test.look(), test.look(), test.look()];

    assert_eq!(looks, [vec![], vec!["a: new".to_owned()], vec![]]);
    assert_eq!(test.seconds(30), NOTHING);
}

#[test]
fn a_file_that_is_still_being_written_is_not_said() {
    let mut test = test(&["a"]);

    let mut events = Vec::new();
    for length in 1..=9 {
        test.disk.write("a", &b"new words"[..length]);
        events.extend(test.look());
    }
    events.extend(test.seconds(3));

    assert_eq!(events, ["a: new words"]);
}

#[test]
fn a_file_that_is_touched_or_replaced_by_its_like_did_not_change() {
    let mut test = test(&["a"]);
    test.disk.write("a", b"old");

    let events = test.seconds(30);

    assert_eq!(events, NOTHING);
}

#[test]
fn a_rewrite_that_its_identity_does_not_show_is_found_within_the_time_for_reading_again() {
    let mut test = test(&["a"]);
    test.disk.write_by_stealth("a", b"new");

    let events = test.seconds(11);

    assert_eq!(events, ["a: new"]);
}

#[test]
fn a_file_that_an_editor_takes_away_for_a_moment_is_only_said_to_have_changed() {
    let mut test = test(&["a"]);
    test.disk.remove("a");
    let mut events = test.seconds(1);
    test.disk.write("a", b"new");

    events.extend(test.seconds(3));

    assert_eq!(events, ["a: new"]);
}

#[test]
fn moments_of_absence_do_not_add_up() {
    let mut test = test(&["a"]);

    let mut events = Vec::new();
    for round in 0..8u8 {
        test.disk.remove("a");
        events.extend(test.seconds(1));
        // Back with the known content, or with such that never settles.
        test.disk.write("a", if round % 2 == 0 { b"old" } else { b"odd" });
        events.extend(test.look());
    }

    assert_eq!(events, NOTHING);
}

#[test]
fn a_file_that_stays_away_is_said_once_and_so_is_its_return() {
    let mut test = test(&["a"]);
    test.disk.remove("a");
    let away = test.seconds(30);
    test.disk.write("a", b"old");
    let back = test.seconds(30);
    test.disk.remove("a");
    let again = test.seconds(3);
    test.disk.write("a", b"new");

    let other = test.seconds(30);

    assert_eq!(away, ["a: Vanished"]);
    assert_eq!(back, ["a: returned"]);
    assert_eq!(
        (again, other),
        (vec!["a: Vanished".to_owned()], vec!["a: new".to_owned()])
    );
}

#[test]
fn another_trouble_for_a_moment_does_not_hide_the_return() {
    let mut test = test(&["a"]);
    test.disk.remove("a");
    let away = test.seconds(3);
    test.disk.refuse("a");
    let refused = test.look();
    test.disk.write("a", b"old");

    let back = test.seconds(3);

    assert_eq!((away, refused), (vec!["a: Vanished".to_owned()], vec![]));
    assert_eq!(back, ["a: returned"]);
}

#[test]
fn files_that_are_swapped_together_are_said_together_even_in_the_middle_of_a_look() {
    let mut test = test(&["a", "b"]);
    // `a` is looked at before the swap, `b` after it.
    test.disk.in_between = Some(("b", b"new b".to_vec()));

    let first = test.look();
    test.disk.write("a", b"new a");
    let looks = [test.look(), test.look(), test.look()];

    assert_eq!(first, NOTHING);
    assert_eq!(
        looks,
        [vec![], vec!["a: new a".to_owned(), "b: new b".to_owned()], vec![]]
    );
}

#[test]
fn a_file_that_never_rests_holds_nothing_back_for_longer_than_the_time_to_settle() {
    let mut test = test(&["a", "b"]);
    test.disk.write("a", b"new");

    let mut looks = 0;
    let events = loop {
        looks += 1;
        assert!(looks < 100);
        test.disk.write("b", format!("{looks}").as_bytes());
        let events = test.look();
        if !events.is_empty() {
            break events;
        }
    };

    assert_eq!(events, ["a: new"]);
    assert!((9..=10).contains(&looks), "{looks}");
}

#[test]
fn content_that_changes_while_it_waits_is_not_said() {
    let mut test = test(&["a", "b"]);
    test.disk.write("a", b"half");
    test.look();
    test.disk.write("b", b"1");
    test.look();
    test.disk.write("a", b"whole");

    let events = test.seconds(3);

    assert_eq!(events, ["a: whole", "b: 1"]);
}

#[test]
fn content_that_vanishes_while_it_waits_is_not_said() {
    let mut test = test(&["a", "b"]);
    test.disk.write("a", b"new");
    test.look();
    test.disk.write("b", b"1");
    test.look();
    test.disk.remove("a");

    let events = test.seconds(3);

    assert_eq!(events, ["b: 1", "a: Vanished"]);
}

#[test]
fn a_file_that_is_too_large_is_said_and_not_read() {
    let mut test = test(&["a"]);
    test.disk.reads = 0;
    test.disk.write("a", &[b'x'; LIMIT as usize + 1]);
    let large = test.seconds(30);
    let reads = test.disk.reads;
    test.disk.write("a", &[b'x'; 3]);

    let small = test.seconds(3);

    assert_eq!((large, reads), (vec!["a: TooLarge".to_owned()], 0));
    assert_eq!(small, ["a: xxx"]);
}

#[test]
fn what_cannot_be_read_or_is_no_file_is_said() {
    let mut test = test(&["a", "b"]);
    test.disk.refuse("a");
    test.disk
        .files
        .get_mut(Path::new("b"))
        .unwrap()
        .as_mut()
        .unwrap()
        .0
        .regular = false;

    let events = test.seconds(30);

    assert_eq!(events, ["a: Unreadable(PermissionDenied)", "b: NotAFile"]);
}

#[test]
fn content_that_nobody_knows_is_said_and_files_that_stay_keep_what_is_known() {
    let mut test = test(&["a", "b"]);
    test.disk.write("c", b"new");
    let unknown = |name: &str| Watched {
        path: name.into(),
        known: None,
    };

    test.observer.set_files(vec![unknown("a"), unknown("c")]);
    test.disk.write("b", b"not asked for any more");
    let events = test.seconds(3);
    test.observer
        .set_files(vec![watched("a", b"other"), unknown("c")]);
    let after = test.seconds(3);

    assert_eq!(events, ["c: new"]);
    assert_eq!(after, ["a: old"]);
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, u8),
    Stealth(usize, u8),
    Remove(usize),
    Refuse(usize),
    Looks(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let file = || 0..3usize;
    let step = prop_oneof![
        4 => (file(), 0..4u8).prop_map(|(file, content)| Step::Write(file, content)),
        1 => (file(), 0..4u8).prop_map(|(file, content)| Step::Stealth(file, content)),
        2 => file().prop_map(Step::Remove),
        1 => file().prop_map(Step::Refuse),
        5 => (1..12usize).prop_map(Step::Looks),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #[test]
    fn what_was_said_last_is_in_the_end_what_is_there(steps in steps()) {
        let names = ["a", "b", "c"];
        let mut test = test(&names);
        let mut told: BTreeMap<String, String> =
            names.iter().map(|name| ((*name).to_owned(), "old".to_owned())).collect();
        let mut contents = told.clone();
        let mut troubled = BTreeMap::new();

        for step in steps.iter().chain(&[Step::Looks(60)]) {
            match step {
                Step::Write(file, content) => test.disk.write(names[*file], content.to_string().as_bytes()),
                Step::Stealth(file, content) => {
                    if let Some(Ok(_)) = test.disk.files.get(Path::new(names[*file])) {
                        test.disk.write_by_stealth(names[*file], content.to_string().as_bytes());
                    }
                }
                Step::Remove(file) => test.disk.remove(names[*file]),
                Step::Refuse(file) => test.disk.refuse(names[*file]),
                Step::Looks(count) => for _ in 0..*count {
                    for event in test.look() {
                        let (name, news) = event.split_once(": ").unwrap();
                        match news {
                            "returned" => prop_assert!(troubled.remove(name).is_some(), "{name} returned"),
                            "Vanished" | "Unreadable(PermissionDenied)" => {
                                troubled.insert(name.to_owned(), news.to_owned());
                            }
                            content => {
                                let before = contents.insert(name.to_owned(), content.to_owned());
                                prop_assert_ne!(before.as_deref(), Some(content));
                                troubled.remove(name);
                            }
                        }
                        told.insert(name.to_owned(), news.to_owned());
                    }
                },
            }
        }

        for name in names {
            let there = match test.disk.files.get(Path::new(name)) {
                None => "Vanished".to_owned(),
                Some(Err(kind)) => format!("Unreadable({kind:?})"),
                Some(Ok((_, content))) => String::from_utf8(content.clone()).unwrap(),
            };
            let last = match &*told[name] {
                "returned" => &contents[name],
                last => last,
            };
            prop_assert_eq!(last, &*there);
        }
    }
}
