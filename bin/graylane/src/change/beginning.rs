//! The first configuration: told and kept like every later one, before anything is served under it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use graylane_audit::{Entry, OpenError};

use super::journal::chain;
use super::{Accepted, AcceptedFile, Done, Journal, told};
use crate::channel::CHANNEL;
use crate::exit::{CHANGE_NOT_KEPT, Failure};
use crate::load::{Loaded, Wanted, not_loaded};

/// What the engine goes on with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) journal: Journal,
    pub(crate) accepted: Accepted,
    /// `None` in dev without a state folder.
    pub(crate) accepted_file: Option<AcceptedFile>,
    /// What is to be told before anything is served: not yet, where another process writes the log still.
    untold: Vec<Entry>,
}

impl Beginning {
    /// Opens the state folder, refuses what is older than what was accepted before, and tells that the process starts
    /// with this configuration; it is kept by [`Beginning::keep`].
    pub(crate) fn new(wanted: &Wanted, loaded: &Loaded) -> Result<Self, Failure> {
        let folder = state_folder(wanted, loaded)?;
        // Before anything is read: another process that goes on writing would make that old.
        let journal = Journal::open(folder.as_deref()).map_err(|error| unopened(&error))?;
        let accepted_file = folder.as_deref().map(AcceptedFile::new);
        let last = match &accepted_file {
            Some(file) => last(file, &journal, wanted)?,
            None => Accepted::default(),
        };
        let mut beginning = Self::from(&last, wanted, loaded, journal, accepted_file)?;
        beginning.tell()?;
        Ok(beginning)
    }

    /// The same beside a process that serves still, which has accepted this: nothing is locked, told or written before
    /// [`Beginning::take_up`].
    pub(crate) fn after(wanted: &Wanted, loaded: &Loaded, before: Accepted) -> Result<Self, Failure> {
        let folder = state_folder(wanted, loaded)?;
        let journal = Journal::given_up(folder.as_deref());
        let accepted_file = folder.as_deref().map(AcceptedFile::new);
        let last = match &accepted_file {
            Some(file) => stored(file, &journal, wanted)?.unwrap_or_default(),
            None => Accepted::default(),
        };
        Self::from(&last.and(before), wanted, loaded, journal, accepted_file)
    }

    fn from(
        last: &Accepted,
        wanted: &Wanted,
        loaded: &Loaded,
        journal: Journal,
        accepted_file: Option<AcceptedFile>,
    ) -> Result<Self, Failure> {
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
        Ok(Self {
            untold: told::start(wanted, CHANNEL.into(), loaded, &done),
            journal,
            accepted,
            accepted_file,
        })
    }

    /// Keeps what is accepted, once nothing but the first request is missing: of a start that fails nothing is kept, so
    /// that the files from before still count. Not before it was told.
    pub(crate) fn keep(&self) -> Result<(), Failure> {
        match &self.accepted_file {
            Some(file) if self.untold.is_empty() => keep(file, &self.accepted),
            _ => Ok(()),
        }
    }

    /// Lets another process write.
    pub(crate) fn give_up(&mut self) {
        self.journal.give_up();
    }

    /// This is to be told as soon as this process may write.
    pub(crate) fn tell_later(&mut self, entry: Entry) {
        self.untold.push(entry);
    }

    /// Takes the right to write from a process that gave it up, with what that one accepted meanwhile; tells what is to
    /// be told, and keeps what is accepted.
    pub(crate) fn take_up(&mut self) -> Result<(), Failure> {
        self.journal.take_up().map_err(|error| unopened(&error))?;
        if let Some(file) = &self.accepted_file {
            let there = file
                .load()
                .map_err(|error| Failure::new(CHANGE_NOT_KEPT, error, BY_HAND))?;
            let mine = std::mem::take(&mut self.accepted);
            self.accepted = mine.and(there.unwrap_or_default());
        }
        self.tell()?;
        self.keep()
    }

    fn tell(&mut self) -> Result<(), Failure> {
        self.journal.append(&self.untold).map_err(|error| {
            Failure::new(
                CHANGE_NOT_KEPT,
                format_args!("the audit log cannot take the start: {}", chain(&error)),
                "make room on the disk of server.state",
            )
        })?;
        self.untold.clear();
        Ok(())
    }
}

/// How to go on without what was accepted.
const BY_HAND: &str = "put it back, or write it by hand with the last revisions, which `grayctl audit tail` shows: \
    {\"revision\": N, \"digest\": \"\", \"files\": {\"graylane.toml\": N}}";

/// What was accepted last. Where nothing ever was, the file says so from now on: that it is missing beside a log with
/// entries then means that somebody removed it, and with it what keeps older files out.
fn last(file: &AcceptedFile, journal: &Journal, wanted: &Wanted) -> Result<Accepted, Failure> {
    if let Some(accepted) = stored(file, journal, wanted)? {
        return Ok(accepted);
    }
    let nothing = Accepted::default();
    keep(file, &nothing)?;
    Ok(nothing)
}

fn stored(file: &AcceptedFile, journal: &Journal, wanted: &Wanted) -> Result<Option<Accepted>, Failure> {
    let stored = file
        .load()
        .map_err(|error| Failure::new(CHANGE_NOT_KEPT, error, BY_HAND))?;
    if stored.is_none() && wanted.asked.environment.is_locked() && !journal.is_empty() {
        return Err(Failure::new(
            CHANGE_NOT_KEPT,
            format_args!(
                "{} is gone, but the audit log beside it has entries",
                file.path().display()
            ),
            BY_HAND,
        ));
    }
    Ok(stored)
}

fn unopened(error: &OpenError) -> Failure {
    Failure::new(
        CHANGE_NOT_KEPT,
        format_args!("the audit log cannot be opened: {}", chain(error)),
        "only one process may write it; `grayctl audit verify` tells whether it is whole",
    )
}

fn keep(file: &AcceptedFile, accepted: &Accepted) -> Result<(), Failure> {
    let kept = file.draft(accepted).and_then(|draft| draft.settle());
    kept.map_err(|error| {
        Failure::new(
            CHANGE_NOT_KEPT,
            format_args!("{} cannot be written: {error}", file.path().display()),
            "make room on the disk of server.state, and let this process write there",
        )
    })
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
    fn a_locked_environment_does_not_begin_anew_where_what_it_accepted_was_removed() {
        let folder = TempDir::new().unwrap();
        let mut wanted = wanted(&folder);
        let loaded = loaded(&wanted, 8);
        wanted.asked.environment = Environment::Prod;
        let accepted = folder.path().join("state/accepted.json");
        fs::create_dir(folder.path().join("state")).unwrap();
        fs::set_permissions(folder.path().join("state"), fs::Permissions::from_mode(0o700)).unwrap();
        let begin = || Beginning::new(&wanted, &loaded).map(drop);

        let first = begin();
        let after_one_that_failed = begin();
        fs::remove_file(&accepted).unwrap();
        let removed = begin();
        let by_hand = r#"{"revision": 1, "digest": "", "files": {"graylane.toml": 8}}"#;
        fs::write(&accepted, by_hand).unwrap();
        let written = begin();

        assert!(first.is_ok() && after_one_that_failed.is_ok() && written.is_ok());
        let refused = removed.unwrap_err();
        assert_eq!(refused.code, CHANGE_NOT_KEPT);
        assert!(refused.to_string().contains("accepted.json is gone"), "{refused}");
    }

    #[test]
    fn the_switches_of_the_process_are_told_at_the_start() {
        let folder = TempDir::new().unwrap();
        let mut wanted = wanted(&folder);
        let loaded = loaded(&wanted, 1);
        let done = Done {
            revision: 1,
            digest: String::new(),
            changes: 0,
        };
        let told = |wanted: &Wanted| -> Vec<String> {
            let entries = told::start(wanted, Environment::Canary, &loaded, &done);
            let text = |part: Option<String>| part.unwrap_or_default();
            entries
                .into_iter()
                .map(|one| {
                    format!(
                        "{} {} {} {}",
                        one.action,
                        text(one.key),
                        text(one.old),
                        text(one.new)
                    )
                })
                .collect()
        };
        wanted.asked.environment = Environment::Canary;

        let usual = told(&wanted);
        wanted.asked.environment = Environment::Dev;
        wanted.quarantine = true;
        wanted.gray_on = true;
        let unusual = told(&wanted);

        assert_eq!(usual, ["start   "]);
        assert_eq!(
            unusual,
            [
                "start   ",
                "override env canary dev",
                "override quarantine false true",
                "override grayscale_on false true",
            ]
        );
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

    fn actions(folder: &TempDir) -> usize {
        let log = fs::read_to_string(folder.path().join("state/audit.jsonl")).unwrap();
        log.lines().count()
    }

    #[test]
    fn beside_a_process_that_serves_nothing_is_locked_told_or_kept_before_its_turn() {
        let folder = TempDir::new().unwrap();
        let wanted = wanted(&folder);
        let mut before = Beginning::new(&wanted, &loaded(&wanted, 8)).unwrap();
        before.keep().unwrap();
        let told = actions(&folder);

        let mut next = Beginning::after(&wanted, &loaded(&wanted, 9), before.accepted.clone()).unwrap();
        next.keep().unwrap();
        let too_early = next.take_up().map_err(|failure| failure.code);
        let meanwhile = (
            actions(&folder),
            AcceptedFile::new(&folder.path().join("state")).load(),
        );
        before.give_up();
        next.take_up().unwrap();

        assert_eq!(too_early, Err(CHANGE_NOT_KEPT));
        assert_eq!(meanwhile.0, told);
        assert_eq!(meanwhile.1.unwrap(), Some(before.accepted));
        assert_eq!((next.accepted.revision, actions(&folder)), (2, 2 * told));
    }

    #[test]
    fn what_the_process_before_accepted_counts_wherever_it_kept_it() {
        let folder = TempDir::new().unwrap();
        let wanted = wanted(&folder);
        let before = Accepted {
            revision: 41,
            digest: String::new(),
            files: [("graylane.toml".to_owned(), 8)].into(),
        };

        let older = Beginning::after(&wanted, &loaded(&wanted, 7), before.clone());
        let same = Beginning::after(&wanted, &loaded(&wanted, 8), before).unwrap();

        assert_eq!(older.map(drop).unwrap_err().code, CONFIG_REFUSED);
        assert_eq!(same.accepted.revision, 42);
    }
}
