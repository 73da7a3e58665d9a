use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::run::{Ran, binary, run};

/// A folder with a configuration, and how the gateway is started on it: as often as wanted, so that what it keeps in
/// its state folder is there the next time.
#[derive(Debug, Clone)]
pub struct Setup {
    folder: Arc<TempDir>,
    environment: String,
    arguments: Vec<OsString>,
    variables: Vec<(String, String)>,
    wrapper: Vec<OsString>,
}

impl Setup {
    /// A new folder with this text as `graylane.toml`, for the environment `dev`.
    ///
    /// # Panics
    /// When no folder can be made.
    pub fn new(configuration: &str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let setup = Self {
            folder: Arc::new(folder),
            environment: "dev".to_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            wrapper: Vec::new(),
        };
        setup.file("graylane.toml", configuration)
    }

    /// With one more file.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), text).expect("a writable temporary folder");
        self
    }

    /// For another environment than `dev`.
    #[must_use]
    pub fn environment(mut self, name: &str) -> Self {
        name.clone_into(&mut self.environment);
        self
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Started by another program, such as `prlimit`, which is given the command behind these words.
    #[must_use]
    pub fn through(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(OsString::from).collect();
        self
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn kept(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// Starts a gateway and waits until it is ready.
    ///
    /// # Panics
    /// With what it printed, when it does not become ready.
    pub fn start(&self) -> Gateway {
        Gateway::start_set_up(&binary(), self)
    }

    /// Runs `graylane` with these words, such as `check`, to its end.
    pub fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(&binary(), words))
    }

    pub(crate) fn command(&self, binary: &Path, words: &[&str]) -> Command {
        let mut wrapper = self.wrapper.iter();
        let mut started = match wrapper.next() {
            Some(program) => {
                let mut started = Command::new(program);
                started.args(wrapper).arg(binary);
                started
            }
            None => Command::new(binary),
        };
        started.args(words);
        // Whatever the channel of the binary: in prod nothing counts that is not signed.
        started.env("GRAYLANE_ENV", &self.environment);
        started.args(&self.arguments).arg("-c");
        started.arg(self.path("graylane.toml"));
        started.current_dir(self.folder());
        started.envs(self.variables.iter().map(|(name, value)| (name, value)));
        started
    }
}

/// Puts a file in the place of another in one step, as editors and configuration management do.
///
/// # Panics
/// When that fails.
pub fn replace(path: &Path, text: impl AsRef<[u8]>) {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    fs::write(&draft, text).expect("a writable folder");
    fs::rename(&draft, path).expect("a writable folder");
}
