use std::env;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::wait::{LIMIT, eventually};

/// The gateway binary under test: `GRAYLANE_BIN`, else `graylane` in the folder of the tests' own profile.
///
/// # Panics
/// When it is not there.
pub fn binary() -> PathBuf {
    let path = env::var_os("GRAYLANE_BIN").map_or_else(|| beside_the_tests("graylane"), PathBuf::from);
    assert!(
        path.is_file(),
        "no gateway at {}: build it first (`cargo build`), or set GRAYLANE_BIN",
        path.display()
    );
    path
}

/// A gateway binary of another channel: `GRAYLANE_OTHER_BIN`; without it a line says that the test is left out.
///
/// # Panics
/// When it is not there.
pub fn other_binary() -> Option<PathBuf> {
    let Some(path) = env::var_os("GRAYLANE_OTHER_BIN").map(PathBuf::from) else {
        eprintln!("left out: GRAYLANE_OTHER_BIN names no binary of another channel");
        return None;
    };
    assert!(path.is_file(), "no gateway at {}", path.display());
    Some(path)
}

/// The operator's command: `GRAYCTL_BIN`, else `grayctl` in the folder of the tests' own profile.
///
/// # Panics
/// When it is not there.
pub fn grayctl() -> PathBuf {
    let path = env::var_os("GRAYCTL_BIN").map_or_else(|| beside_the_tests("grayctl"), PathBuf::from);
    assert!(
        path.is_file(),
        "no grayctl at {}: build it first (`cargo build -p grayctl`), or set GRAYCTL_BIN",
        path.display()
    );
    path
}

fn beside_the_tests(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test is a file");
    // `target/debug/deps/topic-hash` -> `target/debug/graylane`
    let profile = test.ancestors().nth(2).expect("cargo puts tests into `deps`");
    profile.join(name)
}

/// What a command left behind.
#[derive(Debug, Clone)]
pub struct Ran {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// What it printed.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

impl Ran {
    /// What it printed, as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Takes the variables of the tests out of a command's environment: the gateway would read them as keys.
pub fn on_its_own(command: &mut Command) -> &mut Command {
    let own: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
    let ours = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("GRAYLANE_");
    for (name, _) in env::vars_os().filter(|(name, _)| ours(name) && !own.contains(name)) {
        command.env_remove(name);
    }
    command
}

/// Runs the command to its end, in the environment `dev` where it has no `GRAYLANE_ENV` of its own.
///
/// # Panics
/// When it cannot be started, or does not end within [`LIMIT`]: it is then ended.
pub fn run(command: &mut Command) -> Ran {
    let chosen = command.get_envs().any(|(name, _)| name == "GRAYLANE_ENV");
    on_its_own(command);
    if !chosen {
        command.env("GRAYLANE_ENV", "dev");
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let mut status = None;
    let mut ended = || {
        status = child.try_wait().expect("a child of this process");
        status.is_some()
    };
    let in_time = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        eventually(LIMIT, "the command has ended", &mut ended);
    }));
    if let Err(panic) = in_time {
        // It is already late: whether it ends right now does not matter any more.
        let _ = child.kill();
        let _ = child.wait();
        std::panic::resume_unwind(panic);
    }
    Ran {
        code: status.and_then(|status| status.code()).unwrap_or(-1),
        stdout: stdout.join().unwrap_or_default(),
        stderr: stderr.join().unwrap_or_default(),
    }
}

fn collect(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What came before a broken pipe is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gives_its_code_and_both_outputs() {
        let ran = run(Command::new("sh").args(["-c", "echo '{\"a\":1}'; echo bad >&2; exit 12"]));

        assert_eq!((ran.code, ran.stderr.as_str()), (12, "bad\n"));
        assert_eq!(ran.json()["a"], 1);
    }
}
