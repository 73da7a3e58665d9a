//! A switch that an operator asks for: the next process is started from here, so that it has this one's arguments,
//! environment, limits and control group.

mod started;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use graylane_handover::{Errand, Fate, Outcome, Progress, Wanted};

use super::{House, Phase};
use started::Started;

/// For an operator to be told the end.
const TOLD: Duration = Duration::from_secs(5);

/// The switch under way.
#[derive(Debug)]
pub(super) struct Pending {
    /// The process that was started.
    pub(super) pid: u32,
    pub(super) probation: Option<Duration>,
    pub(super) events: mpsc::Sender<Event>,
}

/// What happens to it.
#[derive(Debug)]
pub(super) enum Event {
    Progress(Progress),
    /// The sender waits until the operator knows.
    Outcome(Box<Outcome>, mpsc::Sender<()>),
    Exited(std::io::Result<ExitStatus>),
}

/// Starts the binary and tells the operator how it goes, to the end.
pub(super) fn run(house: &Arc<House>, mut errand: Errand) {
    let wanted = errand.wanted().clone();
    let (events, happened) = mpsc::channel();
    let operator = house.operator();
    let pid = match start(house, &wanted, events) {
        Ok(pid) => pid,
        Err(reason) => {
            log::warn!("handover: a switch to {} is refused: {reason}", wanted.binary);
            return errand.end(&outcome(Fate::Refused, reason, None));
        }
    };
    log::info!("handover: process {pid} is started from {}", wanted.binary);
    errand.tell(&Progress {
        step: "started".to_owned(),
        text: format!("started from {}", wanted.binary),
        pid: Some(pid),
    });
    let mut started = Started::new(house, pid, happened);
    let (outcome, told) = started.follow(&mut errand);
    drop(house.release_switch(pid));
    errand.end(&outcome);
    // Who waits for this may be gone.
    let _ = told.map(|told| told.send(()));
    // What is left to be done for the next process need not keep this one.
    drop(operator);
    if !matches!(outcome.fate, Fate::Committed | Fate::Lossy) {
        started.see_off();
    }
}

/// Tells the operator who asked for that process the end, and waits until it is told: this process may end right after.
pub(super) fn tell_end(operator: Option<mpsc::Sender<Event>>, outcome: &Outcome) {
    let (told, done) = mpsc::channel();
    let event = Event::Outcome(Box::new(outcome.clone()), told);
    if operator.is_some_and(|operator| operator.send(event).is_ok()) {
        // An operator who hangs must not keep the process.
        let _ = done.recv_timeout(TOLD);
    }
}

fn start(house: &Arc<House>, wanted: &Wanted, events: mpsc::Sender<Event>) -> Result<u32, String> {
    let phase = house.parts.record.phase();
    if phase != Phase::Serving {
        return Err(format!("this process is {}: try again later", phase.as_str()));
    }
    let path = checked(Path::new(&wanted.binary))?;
    // One at a time: the place is taken before anything is started.
    let mut place = house.switch_place();
    if place.is_some() {
        return Err("another switch is under way".to_owned());
    }
    let child = spawn(&path).map_err(|error| format!("it cannot be started: {error}"))?;
    let pid = child.id();
    *place = Some(Pending {
        pid,
        probation: wanted.probation_millis.map(Duration::from_millis),
        events: events.clone(),
    });
    drop(place);
    let mut child = child;
    let waiting = thread::Builder::new().name("child".to_owned()).spawn(move || {
        // Who asked may have had its outcome.
        let _ = events.send(Event::Exited(child.wait()));
    });
    if let Err(error) = waiting {
        kill(pid);
        drop(house.release_switch(pid));
        return Err(format!("no thread to wait for it: {error}"));
    }
    Ok(pid)
}

/// The binary itself, behind whatever links lead there. One that somebody else could have written would run with the rights of
/// this process.
fn checked(path: &Path) -> Result<PathBuf, String> {
    if !path.is_absolute() {
        return Err("the path of the binary must be absolute".to_owned());
    }
    let failed = |error| format!("{}: {error}", path.display());
    let path = fs::canonicalize(path).map_err(failed)?;
    let metadata = fs::metadata(&path).map_err(failed)?;
    let own = rustix::process::geteuid().as_raw();
    if !metadata.is_file() {
        Err(format!("{} is no file", path.display()))
    } else if metadata.permissions().mode() & 0o111 == 0 {
        Err(format!("{} is not executable", path.display()))
    } else if metadata.permissions().mode() & OTHERS_WRITE != 0 {
        Err(format!("everybody may write {}", path.display()))
    } else if let Some(folder) = path.parent().filter(|folder| is_open(folder)) {
        Err(format!("everybody may replace what is in {}", folder.display()))
    } else if ![0, own].contains(&metadata.uid()) {
        Err(format!("{} belongs to user {}", path.display(), metadata.uid()))
    } else {
        Ok(path)
    }
}

const OTHERS_WRITE: u32 = 0o002;
/// Of a folder: only who owns a file may remove it.
const STICKY: u32 = 0o1000;

/// Whether everybody may put another file in the place of one in that folder.
fn is_open(folder: &Path) -> bool {
    let mode = |metadata: fs::Metadata| metadata.permissions().mode();
    fs::metadata(folder)
        .map(mode)
        .is_ok_and(|mode| mode & OTHERS_WRITE != 0 && mode & STICKY == 0)
}

fn spawn(path: &Path) -> std::io::Result<Child> {
    Command::new(path)
        .args(arguments(std::env::args_os().skip(1)))
        // Of the sockets of systemd, which this process has, the next one gets those that count now.
        .env_remove("LISTEN_PID")
        .env_remove("LISTEN_FDS")
        .env_remove("LISTEN_FDNAMES")
        .stdin(Stdio::null())
        .spawn()
}

/// Those of this process, to take over.
fn arguments(own: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let takes_over = |word: &OsString| {
        let word = word.as_encoded_bytes();
        word == b"--take-over" || word.starts_with(b"--take-over=")
    };
    let mut all: Vec<_> = own.filter(|word| !takes_over(word)).collect();
    all.push("--take-over".into());
    all
}

/// A process that was started here, and is of no use any more.
fn kill(pid: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn outcome(fate: Fate, reason: String, new: Option<u32>) -> Outcome {
    Outcome {
        fate,
        reason: Some(reason),
        old: Some(std::process::id()),
        new,
        unclaimed: Vec::new(),
        held: None,
        ledger: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_process_has_the_arguments_of_this_one_and_takes_over_once() {
        let own = ["serve", "--take-over=if-running", "-c", "a.toml", "--json"];

        let next = arguments(own.into_iter().map(OsString::from));

        assert_eq!(next, ["serve", "-c", "a.toml", "--json", "--take-over"]);
    }

    #[test]
    fn a_binary_that_cannot_be_trusted_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("binary");
        fs::write(&file, "").unwrap();
        let real = fs::canonicalize(&file).unwrap();
        let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let refused = |path: &Path| checked(path).unwrap_err();

        mode(0o644);
        assert!(refused(&file).ends_with("is not executable"));
        mode(0o757);
        assert!(refused(&file).starts_with("everybody may write"));
        assert!(refused(folder.path()).ends_with("is no file"));
        assert!(refused(&folder.path().join("none")).contains("No such file"));
        assert!(refused(Path::new("binary")).contains("absolute"));
        mode(0o755);
        let open_to = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        open_to(0o777);
        assert!(refused(&file).starts_with("everybody may replace"));
        let safe = tempfile::tempdir().unwrap();
        let link = safe.path().join("current");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(refused(&link).starts_with("everybody may replace"));
        open_to(0o1777);
        assert_eq!(checked(&file), Ok(real.clone()));
        open_to(0o700);
        assert_eq!(checked(&file), Ok(real));
    }
}
