//! Either process killed in each step.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

mod sides;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use graylane_handover::{
    Arrival, Beating, Caller, Course, Death, Door, Ended, Folder, HeldDoor, LinkError, Patience, State, Step,
    TakeError, Taker, Trust, Turn, WarmingUp,
};
use sides::{LONG, Old, both, healthy, hello, listener};

/// Another process, which goes to a step and stays there; killed when it is dropped.
struct Other {
    child: Child,
    lines: Box<dyn BufRead + Send>,
}

impl Other {
    fn start(role: &str, step: &str, folder: &Path) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_other_process", "--ignored", "--nocapture"])
            .env("HANDOVER_ROLE", role)
            .env("HANDOVER_STEP", step)
            .env("HANDOVER_FOLDER", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Box::new(BufReader::new(child.stdout.take().unwrap()));
        Self { child, lines }
    }

    /// Waits until it has come to that step.
    fn at(&mut self, step: &str) {
        let mut line = String::new();
        while line != format!("at {step}\n") {
            line.clear();
            assert_ne!(
                self.lines.read_line(&mut line).unwrap(),
                0,
                "it ended before {step}"
            );
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Says where this process is, and stays there if that is where it shall be killed.
fn at(step: &str) {
    let mut output = std::io::stdout();
    writeln!(output, "at {step}").unwrap();
    output.flush().unwrap();
    while env::var("HANDOVER_STEP").unwrap() == step {
        std::thread::park();
    }
}

#[test]
#[ignore = "the other process of the tests in this file, started by them"]
fn the_other_process() {
    let Some(folder) = env::var_os("HANDOVER_FOLDER") else {
        return;
    };
    let folder = Folder::open(Path::new(&folder)).unwrap();
    match env::var("HANDOVER_ROLE").unwrap().as_str() {
        "new" => play_the_new(&folder),
        _ => play_the_old(&folder),
    }
}

fn play_the_new(folder: &Folder) {
    let taker = sides::new(folder);
    at("hello");
    let (_inherited, warming) = taker.receive().unwrap();
    at("warming");
    let Turn::Go(mut beating) = warming.ready(&["web"]).unwrap() else {
        panic!("not let go");
    };
    at("go");
    beating.accepting();
    at("accepting");
    let Course::Committed(_settling) = beating.beat(&healthy(), LONG) else {
        panic!("no commit");
    };
    at("committed");
}

fn play_the_old(folder: &Folder) {
    let door = Door::open(folder, Trust::own(), Patience::default()).unwrap();
    let web = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    at("open");
    let visitor = door.visitor(LONG).unwrap().unwrap();
    let graylane_handover::Visit::TakeOver(giver) = visitor.listen().unwrap() else {
        panic!("somebody else");
    };
    let giving = giver.accept(&hello("old")).unwrap();
    at("hello");
    let listeners = [listener("web", &web)];
    let warming = giving.hand_over(&door, &listeners, &State::default()).unwrap();
    at("handed");
    let ready = warming.ready(LONG, &mut || None).unwrap();
    at("ready");
    let probation = ready.go().unwrap();
    at("probation");
    let _committed = probation.commit().unwrap();
    at("committed");
}

#[test]
fn an_old_process_goes_on_whenever_the_new_one_is_killed() {
    for (killed_at, noticed_in) in [
        ("hello", Step::Ready),
        ("warming", Step::Ready),
        ("go", Step::Accepting),
        ("accepting", Step::Probation),
    ] {
        let old = Old::new();
        let mut new = Other::start("new", killed_at, old.folder.path());

        let (ended, ()) = both(
            || old.to_probation()?.beat(LONG).map(|_| ()),
            || {
                new.at(killed_at);
                drop(new);
            },
        );

        let Err(Ended::Died { step }) = ended else {
            panic!("{killed_at}: {ended:?}");
        };
        assert!(step == noticed_in || killed_at == "hello", "{killed_at}: {step}");
        let (probation, _beating) = both(|| old.to_probation(), || sides::to_beating(&old.folder));
        probation.unwrap();
    }
}

#[test]
fn a_new_process_that_is_killed_after_the_commit_cannot_hold_the_old_one_up() {
    let old = Old::new();
    let mut new = Other::start("new", "committed", old.folder.path());
    let mut committed = old.to_probation().unwrap().commit().unwrap();
    new.at("committed");

    drop(new);

    let (_client, idle) = std::os::unix::net::UnixStream::pair().unwrap();
    assert!(
        committed
            .move_connection("web", std::os::fd::AsFd::as_fd(&idle))
            .is_err()
    );
}

/// The new side, against an old process that is killed when it has come to a step.
struct New {
    folder: Folder,
    old: Option<Other>,
    _place: tempfile::TempDir,
}

impl New {
    fn against_one_killed_at(step: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("run")).unwrap();
        let mut old = Other::start("old", step, folder.path());
        old.at("open");
        Self {
            folder,
            old: Some(old),
            _place: place,
        }
    }

    fn killed_at(&mut self, step: &str) {
        let mut old = self.old.take().unwrap();
        old.at(step);
    }

    fn taker(&self) -> Taker {
        sides::connect_with(&self.folder, Death::AskTheKernel).unwrap()
    }

    fn warming_up(&self) -> (HeldDoor, WarmingUp) {
        let (inherited, warming) = self.taker().receive().unwrap();
        (inherited.door, warming)
    }

    fn beating(&self) -> (HeldDoor, Beating) {
        let (door, warming) = self.warming_up();
        let Turn::Go(mut beating) = warming.ready(&["web"]).unwrap() else {
            panic!("not let go");
        };
        beating.accepting();
        (door, beating)
    }

    /// Whether this process is who visitors of the inherited door find.
    fn is_at(&self, door: HeldDoor) -> bool {
        let before = Caller::connect(&self.folder, Trust::own(), Patience::default()).unwrap();
        let door = door
            .open(&self.folder, Trust::own(), Patience::default())
            .unwrap();
        let after = Caller::connect(&self.folder, Trust::own(), Patience::default()).unwrap();
        let own = Some(std::process::id());
        before.pid() != own && after.pid() == own && door.visitor(LONG).unwrap().is_some()
    }
}

#[test]
fn a_new_process_gives_up_when_the_old_one_is_killed_before_it_handed_anything_over() {
    let mut new = New::against_one_killed_at("hello");
    let taker = new.taker();
    new.killed_at("hello");

    let received = taker.receive();

    let Err(TakeError::Broken { step, source }) = received else {
        panic!("{received:?}");
    };
    assert!(step == Step::Listeners && matches!(source, LinkError::HungUp));
}

#[test]
fn a_new_process_goes_on_alone_when_the_old_one_is_killed_while_it_warms_up() {
    let mut new = New::against_one_killed_at("handed");
    let (door, warming) = new.warming_up();
    assert!(!warming.has_news());
    new.killed_at("handed");
    assert!(warming.has_news());

    let turn = warming.ready(&["web"]).unwrap();

    assert!(matches!(turn, Turn::Alone), "{turn:?}");
    assert!(new.is_at(door));
}

#[test]
fn a_new_process_goes_on_alone_when_the_old_one_is_killed_before_it_let_it_go() {
    let mut new = New::against_one_killed_at("ready");
    let (door, warming) = new.warming_up();

    let (turn, ()) = both(|| warming.ready(&["web"]).unwrap(), || new.killed_at("ready"));

    assert!(matches!(turn, Turn::Alone), "{turn:?}");
    assert!(new.is_at(door));
}

#[test]
fn a_new_process_goes_on_alone_when_the_old_one_is_killed_in_the_probation() {
    let mut new = New::against_one_killed_at("probation");
    let (door, beating) = new.beating();
    new.killed_at("probation");

    let course = beating.beat(&healthy(), LONG);

    assert!(matches!(course, Course::Alone), "{course:?}");
    assert!(new.is_at(door));
}

#[test]
fn a_new_process_goes_on_when_the_old_one_is_killed_after_the_commit() {
    let mut new = New::against_one_killed_at("committed");
    let (door, beating) = new.beating();
    let Course::Committed(mut settling) = beating.beat(&healthy(), LONG) else {
        panic!("no commit");
    };
    new.killed_at("committed");

    let arrival = settling.next(LONG);

    assert!(matches!(arrival, Arrival::Died), "{arrival:?}");
    assert!(new.is_at(door));
}
