//! The first configuration: told and kept like every later one, before anything is served under it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use super::journal::chain;
use super::{Accepted, AcceptedFile, Done, Journal, Origin, Trigger, told};
use crate::exit::{CHANGE_NOT_KEPT, Failure};
use crate::load::{Loaded, Wanted, not_loaded};

/// What the engine goes on with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) journal: Journal,
    pub(crate) accepted: Accepted,
    /// `None` in dev without a state folder.
    pub(crate) accepted_file: Option<AcceptedFile>,
}

impl Beginning {
    /// Opens the state folder, refuses what is older than what was accepted before, and tells that the process starts
    /// with this configuration; it is kept by [`Beginning::keep`].
    pub(crate) fn new(wanted: &Wanted, loaded: &Loaded) -> Result<Self, Failure> {
        let folder = state_folder(wanted, loaded)?;
        // Before anything is read: another process that goes on writing would make that old.
        let mut journal = Journal::open(folder.as_deref()).map_err(|error| {
            Failure::new(
                CHANGE_NOT_KEPT,
                format_args!("the audit log cannot be opened: {}", chain(&error)),
                "only one process may write it; `grayctl audit verify` tells whether it is whole",
            )
        })?;
        let accepted_file = folder.as_deref().map(AcceptedFile::new);
        let last = match &accepted_file {
            Some(file) => file.load().map_err(|error| {
                Failure::new(
                    CHANGE_NOT_KEPT,
                    error,
                    "the audit log tells the last revisions (`grayctl audit tail`): write them into the file, or remove it to begin anew",
                )
            })?,
            None => Accepted::default(),
        };
        last.refuse_older(loaded)?;
        last.refuse_missing(wanted, loaded)?;
        let digest = loaded.digest.to_hex();
        // The same configuration again is no change.
        let revision = if last.digest == digest {
            last.revision
        } else {
            last.revision + 1
        };
        let accepted = last.with(loaded, revision);
        let done = Done {
            revision,
            digest,
            changes: 0,
        };
        let entries = told::whole("start", &Origin::of(Trigger::Start), loaded, &done);
        journal.append(&entries).map_err(|error| {
            Failure::new(
                CHANGE_NOT_KEPT,
                format_args!("the audit log cannot take the start: {}", chain(&error)),
                "make room on the disk of server.state",
            )
        })?;
        Ok(Self {
            journal,
            accepted,
            accepted_file,
        })
    }

    /// Keeps what is accepted, once nothing but the first request is missing: of a start that fails nothing is kept, so
    /// that the files from before still count.
    pub(crate) fn keep(&self) -> Result<(), Failure> {
        let Some(file) = &self.accepted_file else {
            return Ok(());
        };
        let kept = file.draft(&self.accepted).and_then(|draft| draft.settle());
        kept.map_err(|error| {
            Failure::new(
                CHANGE_NOT_KEPT,
                format_args!("{} cannot be written: {error}", file.path().display()),
                "server.state must be writable for this process",
            )
        })
    }
}

fn state_folder(wanted: &Wanted, loaded: &Loaded) -> Result<Option<PathBuf>, Failure> {
    let Some(state) = &loaded.config.server.state else {
        return Ok(None);
    };
    let folder = wanted.folder().join(&**state);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.map_err(|error| {
        Failure::new(
            CHANGE_NOT_KEPT,
            format_args!("the state folder {} cannot be made: {error}", folder.display()),
            "make it, writable for the user of this process, or name another one with server.state",
        )
    })?;
    if wanted.asked.environment.is_locked() {
        graylane_load::refuse_writable(&folder).map_err(|error| not_loaded(&error))?;
    }
    Ok(Some(folder))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use graylane_config::Environment;
    use graylane_load::{Asked, environment_file};
    use tempfile::TempDir;

    use super::*;
    use crate::exit::CONFIG_REFUSED;

    fn wanted(folder: &TempDir) -> Wanted {
        Wanted {
            asked: Asked {
                file: folder.path().join("graylane.toml"),
                environment: Environment::Dev,
                variables: Vec::new(),
                assignments: Vec::new(),
                trust: PathBuf::new(),
            },
            quarantine: false,
            gray_on: false,
        }
    }

    fn loaded(wanted: &Wanted, revision: u64) -> Loaded {
        let text = format!(
            "revision = {revision}\nserver.state = \"state\"\nlisteners.web.address = \"127.0.0.1:0\"\n\
             services.shop = {{}}\nlanes.shop.stable.respond = {{}}\n"
        );
        fs::write(&wanted.asked.file, text).unwrap();
        Loaded::read(wanted, None).unwrap()
    }

    #[test]
    fn of_a_start_that_fails_no_revision_is_kept() {
        let folder = TempDir::new().unwrap();
        let wanted = wanted(&folder);
        drop(Beginning::new(&wanted, &loaded(&wanted, 8)).unwrap());

        let older = Beginning::new(&wanted, &loaded(&wanted, 7)).unwrap();
        older.keep().unwrap();
        drop(older);
        let oldest = Beginning::new(&wanted, &loaded(&wanted, 6));

        assert_eq!(oldest.map(drop).unwrap_err().code, CONFIG_REFUSED);
    }

    #[test]
    fn a_locked_environment_needs_its_file_for_as_long_as_it_had_one() {
        let folder = TempDir::new().unwrap();
        let mut wanted = wanted(&folder);
        let mut loaded = loaded(&wanted, 1);
        wanted.asked.environment = Environment::Prod;
        loaded.files[1] = environment_file(&wanted.asked.file, Environment::Prod);
        let mut accepted = Accepted::default();

        let never = accepted.refuse_missing(&wanted, &loaded);
        accepted.files.insert("graylane.prod.toml".to_owned(), 3);
        let gone = accepted.refuse_missing(&wanted, &loaded);
        loaded.revisions.insert("graylane.prod.toml".to_owned(), 4);
        let back = accepted.refuse_missing(&wanted, &loaded);

        assert!(never.is_ok() && back.is_ok());
        assert_eq!(
            gone.unwrap_err().to_string(),
            "graylane.prod.toml is gone, but was accepted before"
        );
    }

    #[test]
    fn a_locked_environment_takes_no_state_folder_that_everybody_may_write() {
        let folder = TempDir::new().unwrap();
        let mut wanted = wanted(&folder);
        let loaded = loaded(&wanted, 1);
        wanted.asked.environment = Environment::Prod;
        let state = folder.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();

        let refused = Beginning::new(&wanted, &loaded).map(drop);

        assert_eq!(refused.unwrap_err().code, CONFIG_REFUSED);
    }
}
