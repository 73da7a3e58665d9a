use std::path::{Path, PathBuf};

use graylane_config::TrustedKeys;

use crate::trust::{check, trusted_keys, verify_or_draft};
use crate::{Asked, Document, LoadError, MAX_FILE, environment_file, read, refuse_writable};

/// Reads what an [`Asked`] says, all of it under the trusted keys of one moment.
#[derive(Debug)]
pub struct Loader<'a> {
    asked: &'a Asked,
    /// `None` where signatures do not count.
    keys: Option<TrustedKeys>,
    instead: Option<&'a Instead>,
}

/// A text that is not yet in its file, and is to be taken as if it were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead {
    /// The file.
    pub path: PathBuf,
    /// What is to be in it.
    pub text: Vec<u8>,
    /// What is to be in the file of its signature; `None` where there is to be none.
    pub signature: Option<Vec<u8>>,
}

impl<'a> Loader<'a> {
    /// Reads the trusted keys, where signatures count.
    ///
    /// # Errors
    /// There are none, or everybody may change them.
    pub fn new(asked: &'a Asked, instead: Option<&'a Instead>) -> Result<Self, LoadError> {
        let is_locked = asked.environment.is_locked();
        Ok(Self {
            asked,
            keys: is_locked.then(|| trusted_keys(&asked.trust)).transpose()?,
            instead,
        })
    }

    /// Asks for no signature: what it reads is to be looked at, never to be run.
    pub fn preview(asked: &'a Asked) -> Self {
        Self {
            asked,
            keys: None,
            instead: None,
        }
    }

    /// The configuration: the file, and the one of its environment, which need not be there.
    ///
    /// # Errors
    /// A file cannot be read, or does not count in this environment.
    pub fn documents(&self) -> Result<Vec<Document>, LoadError> {
        let mut documents = vec![self.document(&self.asked.file)?];
        match self.document(&environment_file(&self.asked.file, self.asked.environment)) {
            Ok(document) => documents.push(document),
            Err(LoadError::Unreadable { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(other) => return Err(other),
        }
        Ok(documents)
    }

    /// An entry of `flags.files`, which stands relative to the configuration's folder.
    ///
    /// # Errors
    /// As [`Loader::documents`].
    pub fn flag_file(&self, entry: &str) -> Result<Document, LoadError> {
        let folder = self.asked.file.parent().unwrap_or(Path::new(""));
        self.document(&folder.join(entry))
    }

    pub(crate) fn asked(&self) -> &Asked {
        self.asked
    }

    fn document(&self, path: &Path) -> Result<Document, LoadError> {
        let instead = self.instead.filter(|instead| instead.path == path);
        let bytes = match instead {
            // Accepted now, it could not be read at the next start.
            Some(instead) if instead.text.len() as u64 > MAX_FILE => {
                return Err(LoadError::TooLong {
                    path: path.to_owned(),
                });
            }
            Some(instead) => instead.text.clone(),
            None => read(path)?,
        };
        let signed = match (&self.keys, instead) {
            (None, _) => None,
            (Some(keys), Some(instead)) => Some(check(path, &bytes, instead.signature.as_deref(), keys)?),
            (Some(keys), None) => {
                refuse_writable(path)?;
                Some(verify_or_draft(path, &bytes, keys)?)
            }
        };
        let text = String::from_utf8(bytes).map_err(|error| LoadError::NotUtf8 {
            path: path.to_owned(),
            at: error.utf8_error().valid_up_to(),
        })?;
        Ok(Document {
            path: path.to_owned(),
            text,
            signed,
        })
    }
}
