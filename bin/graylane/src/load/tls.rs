//! The files of certificates and keys that a configuration names.

use std::path::{Path, PathBuf};

use graylane_config::Config;
use graylane_diagnostic::{Diagnostic, Diagnostics, Sources};
use graylane_load::{LoadError, Loader};
use graylane_tls::{Content, Files, Role};

use super::not_loaded;
use crate::exit::Failure;

/// The files, as they were read.
#[derive(Debug, Default)]
pub(crate) struct LoadedTls {
    pub(crate) files: Files,
    /// Each file once, with its digest.
    pub(crate) paths: Vec<TlsPath>,
}

/// A file of certificates or of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsPath {
    pub(crate) path: PathBuf,
    /// As the configuration has it.
    pub(crate) name: Box<str>,
    pub(crate) content: Content,
}

impl LoadedTls {
    /// Reads the files. `sources` are the texts that name them.
    pub(super) fn read(loader: &Loader<'_>, config: &Config, sources: &Sources) -> Result<Self, Failure> {
        let mut all = Self::default();
        let of_tls = graylane_tls::wanted(config);
        let of_tls = of_tls.iter().map(|wanted| (wanted.file, wanted.role));
        // Keys of signatures are read, watched and told like private keys.
        let of_gray = config.gray.keys.iter().map(|key| (&key.file, Role::Key));
        for (file, role) in of_tls.chain(of_gray) {
            let read = loader.pem(&file.path, role == Role::Key);
            let (path, bytes) = read.map_err(|error| located(&error, file.span.clone(), sources))?;
            // A file that holds a certificate and its key is named twice, and read as a key the second time.
            if !all.files.named.contains_key(&file.path) {
                let content = all.add(path, file.path.clone(), bytes);
                all.files.named.insert(file.path.clone(), content);
            }
        }
        if graylane_tls::wants_system(config)
            && let Some((path, bytes)) = loader.system_certificates().map_err(|error| not_loaded(&error))?
        {
            let name: Box<str> = path.display().to_string().into();
            let content = all.add(path, name.clone(), bytes);
            all.files.system = Some((name, content));
        }
        Ok(all)
    }

    fn add(&mut self, path: PathBuf, name: Box<str>, bytes: Vec<u8>) -> Content {
        let content = Content::new(bytes);
        self.paths.push(TlsPath {
            path,
            name,
            content: content.clone(),
        });
        content
    }

    pub(super) fn content(&self, path: &Path) -> Option<&[u8]> {
        let found = self.paths.iter().find(|one| one.path == path)?;
        Some(found.content.bytes())
    }
}

fn located(error: &LoadError, span: std::ops::Range<usize>, sources: &Sources) -> Failure {
    let failure = not_loaded(error);
    let place = Diagnostic::new(error.to_string()).hint(error.hint()).at(span);
    super::located(failure.code, &Diagnostics::from(place), sources)
}
