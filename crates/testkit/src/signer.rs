use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::run::{Ran, run};
use crate::setup::Setup;

/// Somebody with a pair of keys and the stock `minisign`, which knows nothing of this project.
#[derive(Debug)]
pub struct Signer {
    folder: TempDir,
}

impl Signer {
    /// One with new keys; `None`, said on standard error, where there is no `minisign`.
    ///
    /// # Panics
    /// In the checks of the project (`CI=true`), where it must be there; or when it fails.
    pub fn new() -> Option<Self> {
        let is_there = Command::new("minisign").arg("-v").output().is_ok();
        if !is_there {
            let must = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!must, "minisign is missing: ci/setup installs it");
            eprintln!("LEFT OUT: there is no `minisign`; ci/setup installs it");
            return None;
        }
        let signer = Self {
            folder: TempDir::new().expect("a temporary folder"),
        };
        let ran = signer.minisign(&["-G", "-W", "-p", "key.pub", "-s", "key.sec"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        Some(signer)
    }

    fn minisign(&self, arguments: &[&str]) -> Ran {
        run(Command::new("minisign")
            .args(arguments)
            .current_dir(self.folder.path()))
    }

    /// The file with the public key.
    pub fn public(&self) -> PathBuf {
        self.folder.path().join("key.pub")
    }

    /// The file with the secret key, which has no password.
    pub fn secret(&self) -> PathBuf {
        self.folder.path().join("key.sec")
    }

    /// The public key as one line.
    ///
    /// # Panics
    /// When it is gone.
    pub fn line(&self) -> String {
        let text = fs::read_to_string(self.public()).expect("a public key");
        text.lines().nth(1).expect("a comment and the key").to_owned()
    }

    /// Signs a file: puts `<file>.minisig` beside it.
    ///
    /// # Panics
    /// When that fails.
    pub fn sign(&self, file: &Path) {
        let (file, secret) = (file.display().to_string(), self.secret().display().to_string());
        let ran = self.minisign(&["-S", "-s", &secret, "-m", &file]);
        assert_eq!(ran.code, 0, "{ran:?}");
    }

    /// A folder with this configuration, signed, for `prod`, where this signer is the only one who is trusted.
    ///
    /// # Panics
    /// When that fails.
    pub fn locked(&self, configuration: &str) -> Setup {
        let public = fs::read(self.public()).expect("a public key");
        let setup = Setup::new(configuration)
            .environment("prod")
            .file("trusted.pub", public);
        self.sign(&setup.path("graylane.toml"));
        let trust = setup.path("trusted.pub").display().to_string();
        setup.variable("GRAYLANE_TRUST", &trust)
    }

    /// The signature of a text, followed by the text.
    ///
    /// # Panics
    /// When that fails.
    pub fn bundle(&self, text: &str) -> String {
        let file = self.folder.path().join("document");
        fs::write(&file, text).expect("a writable folder");
        self.sign(&file);
        let signature = fs::read_to_string(self.folder.path().join("document.minisig")).expect("a signature");
        signature + text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_begins_with_four_lines_of_signature() {
        let Some(signer) = Signer::new() else { return };

        let bundle = signer.bundle("document\n");

        let lines: Vec<&str> = bundle.lines().collect();
        assert!(
            lines[0].starts_with("untrusted comment:") && lines.len() == 5,
            "{bundle}"
        );
        assert_eq!(lines[4], "document");
        assert!(!signer.line().contains(' '));
    }
}
