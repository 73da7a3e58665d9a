//! A switch that an operator asks for: the next process is started from here, so that it has this one's arguments,
//! environment, limits and control group.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use graylane_handover::{Errand, Fate, Outcome, Progress, Wanted};

use super::{BACK, House, Phase};

/// Between two looks at whether the operator called it off.
const LOOK: Duration = Duration::from_millis(50);
/// For the outcome of a handover that is over to be told.
const LAST_OUTCOME: Duration = Duration::from_secs(5);
/// For a process that has ended to be seen to have.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
    let child = match start(house, &wanted, events) {
        Ok(child) => child,
        Err(reason) => {
            log::warn!("handover: a switch to {} is refused: {reason}", wanted.binary);
            return errand.end(&outcome(Fate::Refused, reason, None));
        }
    };
    let pid = child;
    log::info!("handover: process {pid} is started from {}", wanted.binary);
    errand.tell(&Progress {
        step: "started".to_owned(),
        text: format!("started from {}", wanted.binary),
        pid: Some(pid),
    });
    let mut back = None;
    let (outcome, told) = follow(house, &mut errand, pid, &happened, &mut back);
    house.forget_switch();
    errand.end(&outcome);
    // Who waits for this may be gone.
    let _ = told.map(|told| told.send(()));
    if !matches!(outcome.fate, Fate::Committed | Fate::Lossy) {
        let back = back.unwrap_or_else(Instant::now);
        see_off(pid, back + house.way_out(), &happened);
    }
}

/// A process that was sent back ends by itself. One that hangs would keep the audit log, and the listeners, for ever.
fn see_off(pid: u32, end: Instant, happened: &mpsc::Receiver<Event>) {
    loop {
        match happened.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Exited(_)) => return,
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => {
                log::warn!("handover: process {pid}, which was sent back, does not end: it is killed");
                return kill(pid);
            }
            // It was seen to end.
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// To the end; `back`: since when this process goes on again.
fn follow(
    house: &House,
    errand: &mut Errand,
    pid: u32,
    happened: &mpsc::Receiver<Event>,
    back: &mut Option<Instant>,
) -> (Outcome, Option<mpsc::Sender<()>>) {
    let limit = house
        .parts
        .in_use()
        .map(|loaded| loaded.config.handover.ready_within);
    let since = Instant::now();
    let mut heard = false;
    let mut called_off = false;
    // Why it was killed before it was heard.
    let mut given_up = None;
    let mut exited = None;
    // Since when the new process has been gone, and nothing under way with it.
    let mut over: Option<Instant> = None;
    loop {
        if !called_off && errand.called_off() {
            called_off = true;
            house.call_off_with(pid, "the operator called it off");
            if !heard {
                given_up = Some("the operator called it off".to_owned());
                kill(pid);
            }
        }
        match happened.recv_timeout(LOOK) {
            Ok(Event::Progress(progress)) => {
                heard = true;
                if progress.step == BACK {
                    *back = Some(Instant::now());
                }
                errand.tell(&progress);
            }
            Ok(Event::Outcome(mut outcome, told)) => {
                if !matches!(outcome.fate, Fate::Committed | Fate::Lossy) {
                    explain(&mut outcome, exited, happened);
                }
                return (*outcome, Some(told));
            }
            Ok(Event::Exited(status)) if heard => exited = Some(status),
            Ok(Event::Exited(status)) => {
                let reason = given_up.unwrap_or_else(|| {
                    let words = words(&status);
                    format!("the new process ended before it asked for anything: {words}")
                });
                return (outcome(Fate::Failed, reason, Some(pid)), None);
            }
            Err(RecvTimeoutError::Timeout) => {
                if exited.is_none() || house.parts.record.is_busy_with(pid) {
                    over = None;
                } else if over.get_or_insert_with(Instant::now).elapsed() > LAST_OUTCOME {
                    let reason = "the new process ended, and the handover without a word".to_owned();
                    let mut outcome = outcome(Fate::Failed, reason, Some(pid));
                    explain(&mut outcome, exited, happened);
                    return (outcome, None);
                }
                if !heard
                    && given_up.is_none()
                    && let Some(limit) = limit.filter(|limit| since.elapsed() > *limit)
                {
                    given_up = Some(format!(
                        "the new process asked for nothing within `handover.ready_within` ({limit:?}), and was ended"
                    ));
                    kill(pid);
                }
            }
            // The one who waits for the child keeps the other end.
            Err(RecvTimeoutError::Disconnected) => thread::park_timeout(LOOK),
        }
    }
}

/// With how the new process ended, if it does within a moment: its message is in the log of this one.
fn explain(
    outcome: &mut Outcome,
    exited: Option<std::io::Result<ExitStatus>>,
    happened: &mpsc::Receiver<Event>,
) {
    let end = Instant::now() + LAST_WORDS;
    let mut exited = exited;
    while exited.is_none() {
        match happened.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Event::Exited(status)) => exited = Some(status),
            Ok(_) => {}
            Err(_) => return,
        }
    }
    if let (Some(status), Some(reason)) = (exited, &mut outcome.reason) {
        *reason = format!("{reason}; it ended with {}", words(&status));
    }
}

fn words(status: &std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
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
        house.forget_switch();
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
