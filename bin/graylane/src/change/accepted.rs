//! What was accepted last, kept across restarts: no older signed file comes into use again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Draft;
use crate::exit::{CONFIG_REFUSED, Failure};
use crate::load::{Loaded, Wanted};

/// Bytes of the file at most; it has one short line for each file of a configuration.
const MOST: u64 = 1 << 20;

/// What was accepted last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The revision of the snapshot: counts the changes that were accepted.
    pub(crate) revision: u64,
    /// The digest of everything that the snapshot was made from.
    pub(crate) digest: String,
    /// The revision that each signed file has, by the name of the file.
    pub(crate) files: BTreeMap<String, u64>,
}

/// Where it is kept.
#[derive(Debug, Clone)]
pub(crate) struct AcceptedFile(PathBuf);

/// It cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UnreadableState {
    #[error("cannot read {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Starting anew in silence would let an old file in.
    #[error("{} is damaged", path.display())]
    Damaged { path: PathBuf },
}

impl Accepted {
    /// Refuses a file that is older than the one that was accepted last: signed or not, its time is over.
    pub(crate) fn refuse_older(&self, loaded: &Loaded) -> Result<(), Failure> {
        for (name, revision) in &loaded.revisions {
            if let Some(last) = self.files.get(name).filter(|last| revision < *last) {
                return Err(Failure::new(
                    CONFIG_REFUSED,
                    format_args!("{name} has revision {revision}, but {last} was accepted before"),
                    "to go back, write the old content with a higher revision, and sign it",
                ));
            }
        }
        Ok(())
    }

    /// In a locked environment, refuses to go on without the file of the environment once there was one. The base file is
    /// no proof against that: whoever may only remove a file would change what runs, and without a signature.
    pub(crate) fn refuse_missing(&self, wanted: &Wanted, loaded: &Loaded) -> Result<(), Failure> {
        let name = wanted.name_of(&loaded.files[1]);
        if !wanted.asked.environment.is_locked()
            || loaded.revisions.contains_key(&name)
            || !self.files.contains_key(&name)
        {
            return Ok(());
        }
        Err(Failure::new(
            CONFIG_REFUSED,
            format_args!("{name} is gone, but was accepted before"),
            "put it back; to do without, sign one that has nothing but a higher revision",
        ))
    }

    /// What is accepted with this. A file that is no longer read keeps its revision: it may come back.
    pub(crate) fn with(&self, loaded: &Loaded, revision: u64) -> Self {
        let mut files = self.files.clone();
        files.extend(loaded.revisions.clone());
        Self {
            revision,
            digest: loaded.digest.to_hex(),
            files,
        }
    }

    /// What is accepted here and in another place: of each file the higher revision, so that no process takes back what
    /// another one has accepted.
    pub(crate) fn and(mut self, other: Self) -> Self {
        if other.revision > self.revision {
            self.revision = other.revision;
            self.digest = other.digest;
        }
        for (name, revision) in other.files {
            let mine = self.files.entry(name).or_insert(revision);
            *mine = revision.max(*mine);
        }
        self
    }

    /// As it is written to the file, and told to a process that takes over.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let value = json!({
            "revision": self.revision,
            "digest": self.digest,
            "files": self.files,
        });
        format!("{value}\n").into_bytes()
    }

    /// What [`Accepted::to_bytes`] wrote.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(text).ok()?;
        let files = value.get("files")?.as_object()?;
        Some(Self {
            revision: value.get("revision")?.as_u64()?,
            digest: value.get("digest")?.as_str()?.to_owned(),
            files: files
                .iter()
                .map(|(name, revision)| Some((name.clone(), revision.as_u64()?)))
                .collect::<Option<_>>()?,
        })
    }
}

impl AcceptedFile {
    /// Where.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// In that folder.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(folder.join("accepted.json"))
    }

    /// What was stored last; `None` where there is no file.
    pub(crate) fn load(&self) -> Result<Option<Accepted>, UnreadableState> {
        let unreadable = |source| UnreadableState::Io {
            path: self.0.clone(),
            source,
        };
        let mut text = Vec::new();
        match File::open(&self.0) {
            Ok(file) => file.take(MOST).read_to_end(&mut text).map_err(unreadable)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
        };
        let damaged = || UnreadableState::Damaged { path: self.0.clone() };
        Accepted::parse(&text).map(Some).ok_or_else(damaged)
    }

    /// Writes it beside what is there; [`Draft::settle`] puts it into the place of that.
    pub(crate) fn draft(&self, accepted: &Accepted) -> io::Result<Draft> {
        Draft::write(&self.0, &accepted.to_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let file = AcceptedFile::new(folder.path());
        let accepted = Accepted {
            revision: 7,
            digest: "ab".to_owned(),
            files: BTreeMap::from([("graylane.toml".to_owned(), 42)]),
        };

        file.draft(&accepted).unwrap().settle().unwrap();
        let there = fs::read_dir(folder.path()).unwrap().count();

        assert_eq!(file.load().unwrap(), Some(accepted));
        assert_eq!(there, 1);
    }

    #[test]
    fn of_two_places_the_higher_revisions_count() {
        let accepted = |revision, digest: &str, files: &[(&str, u64)]| Accepted {
            revision,
            digest: digest.to_owned(),
            files: files.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect(),
        };
        let one = accepted(7, "newer", &[("a", 1), ("b", 5)]);
        let other = accepted(6, "older", &[("a", 2), ("c", 1)]);

        let both = one.clone().and(other.clone());

        assert_eq!(both, accepted(7, "newer", &[("a", 2), ("b", 5), ("c", 1)]));
        assert_eq!(other.and(one), both);
        assert_eq!(Accepted::parse(&both.to_bytes()), Some(both));
    }

    #[test]
    fn nothing_stored_is_the_beginning_but_damage_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = AcceptedFile::new(folder.path());
        assert_eq!(file.load().unwrap(), None);

        for text in ["", "{", "{}", r#"{"revision": -1, "digest": "", "files": {}}"#] {
            fs::write(folder.path().join("accepted.json"), text).unwrap();

            assert!(
                matches!(file.load(), Err(UnreadableState::Damaged { .. })),
                "{text}"
            );
        }
    }
}
