//! From files and variables to a checked configuration and compiled flags: everything that a generation is made from.

mod flags;
mod gray;
mod modules;
mod tls;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use graylane_config::{Config, FileRevision, Folded, Modules, Override, Value};
use graylane_core::Sha256;
use graylane_diagnostic::{Diagnostic, Diagnostics, Sources, Texts as _};
use graylane_load::{Asked, Document, Instead, LoadError, Loader, environment_file, signature_path};
use graylane_ofrep::Published;
use graylane_pipeline::{Settings, SettingsError};
use toml::Spanned;
use toml::de::DeValue;

pub(crate) use flags::{LoadedFlags, ReadFlagFile};
pub(crate) use gray::keys as gray_keys;
pub(crate) use modules::LoadedFiles;
pub(crate) use tls::LoadedTls;

use crate::exit::{CONFIG_INVALID, CONFIG_REFUSED, CONFIG_UNREADABLE, Failure};
use crate::modules::TABLE;

/// What to read, and how.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) asked: Asked,
    /// A broken flag is left out instead of refusing all.
    pub(crate) quarantine: bool,
    /// `GRAYSCALE_ON`: without it gray flags have their off value.
    pub(crate) gray_on: bool,
}

impl Wanted {
    /// The folder of the configuration: what it names is relative to it.
    pub(crate) fn folder(&self) -> &Path {
        self.asked.file.parent().unwrap_or(Path::new(""))
    }

    /// What a file is called from one start to the next: as seen from the folder of the configuration, however that
    /// itself was named. Under a name that depends on it, `-c ./graylane.toml` would take what `-c /etc/graylane.toml`
    /// refuses as too old.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        let inside = path.strip_prefix(self.folder()).unwrap_or(path);
        let mut name = PathBuf::new();
        for part in inside.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir
                    if matches!(name.components().next_back(), Some(Component::Normal(_))) =>
                {
                    name.pop();
                }
                other => name.push(other),
            }
        }
        name.display().to_string()
    }
}

/// A configuration with its flags, and with the texts that they came from, for messages about things that show only later.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// Every value with its origin.
    pub(crate) values: Vec<Value>,
    /// What came from outside a file.
    pub(crate) overrides: Vec<Override>,
    pub(crate) sources: Sources,
    pub(crate) flags: LoadedFlags,
    pub(crate) tls: LoadedTls,
    /// Those that modules take.
    pub(crate) module_files: LoadedFiles,
    /// The files of the configuration.
    documents: Vec<Document>,
    /// The digest of everything that was read.
    pub(crate) digest: Sha256,
    /// The keys that signed, where signatures count.
    pub(crate) signers: Vec<String>,
    /// The revision that each file states, by its name.
    pub(crate) revisions: BTreeMap<String, u64>,
    /// The file of the configuration, and the one of its environment, which may not be there.
    pub(crate) files: [PathBuf; 2],
}

impl Loaded {
    /// Reads and checks everything, the sections of this binary's modules included. `instead` is taken as if it were in
    /// its file already.
    pub(crate) fn read(wanted: &Wanted, instead: Option<&Instead>) -> Result<Self, Failure> {
        let asked = &wanted.asked;
        let loader = Loader::new(asked, instead).map_err(|error| not_loaded(&error))?;
        let documents = loader.documents().map_err(|error| not_loaded(&error))?;
        let layers = graylane_load::layers(asked, &documents);
        let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
        let folded = graylane_config::parse(&layers, asked.environment, Modules::These(&names))
            .map_err(|found| invalid(&found, layers.sources()))?;
        let mut sources = layers.sources().clone();
        let module_files = LoadedFiles::read(wanted, &folded.config, &mut sources)?;
        check_sections(&folded.config, &module_files, &sources)?;
        let files = &folded.config.flags.files;
        let flags = LoadedFlags::read(wanted, &loader, files, &sources)?;
        let tls = LoadedTls::read(&loader, &folded.config, &sources)?;
        let revisions = revisions(wanted, &documents, &folded.files, &flags)?;
        let all = || {
            documents
                .iter()
                .chain(flags.files.iter().map(|file| &file.document))
        };
        let Folded {
            config,
            values,
            overrides,
            ..
        } = folded;
        Ok(Self {
            digest: digest(wanted, all(), &tls, &module_files, &overrides),
            signers: signers(all()),
            files: [
                asked.file.clone(),
                environment_file(&asked.file, asked.environment),
            ],
            sources,
            config,
            values,
            overrides,
            flags,
            tls,
            module_files,
            documents,
            revisions,
        })
    }

    /// The sections of modules, each with its name.
    pub(crate) fn sections(&self) -> Sections<'_> {
        Sections::new(&self.config, &self.module_files)
    }

    /// The name of the first file.
    pub(crate) fn name(&self) -> &str {
        self.sources.source_of(None).name()
    }

    /// Every file that a change may come from.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let flags = self.flags.files.iter().map(|file| &file.document);
        let signatures = flags
            .clone()
            .filter(|document| document.signed.is_some())
            .map(|document| signature_path(&document.path));
        let mut all: Vec<PathBuf> = self.files.to_vec();
        if !self.signers.is_empty() {
            all.extend(self.files.iter().map(|path| signature_path(path)));
        }
        all.extend(flags.map(|document| document.path.clone()));
        all.extend(signatures);
        all.extend(self.tls.paths.iter().map(|file| file.path.clone()));
        all.extend(self.module_files.iter().map(|file| file.path.clone()));
        all
    }

    /// What was read from a file; `None` where it was not there, and for signatures.
    pub(crate) fn content(&self, path: &Path) -> Option<&[u8]> {
        let flags = self.flags.files.iter().map(|file| &file.document);
        let mut all = self.documents.iter().chain(flags);
        all.find(|document| document.path == path)
            .map(|document| document.text.as_bytes())
            .or_else(|| self.tls.content(path))
            .or_else(|| self.module_files.content(path))
    }

    /// The flags, for those who ask over HTTP.
    pub(crate) fn published(&self, revision: u64) -> Published {
        Published {
            flags: std::sync::Arc::clone(&self.flags.set),
            revision,
            digest: *self.digest.as_bytes(),
        }
    }

    /// The sections of modules that this binary does not have: they are allowed, so that all channels can share a file.
    pub(crate) fn idle_sections(&self) -> impl Iterator<Item = &str> {
        let absent = |name: &str| TABLE.iter().any(|row| row.name == name && row.module.is_none());
        self.config
            .modules
            .iter()
            .map(|section| &*section.name)
            .filter(move |name| absent(name))
    }
}

/// The sections of modules, parsed, and the files that go with them.
#[derive(Debug)]
pub(crate) struct Sections<'a> {
    parsed: Vec<(&'a str, Spanned<DeValue<'a>>)>,
    files: &'a LoadedFiles,
}

impl<'a> Sections<'a> {
    fn new(config: &'a Config, files: &'a LoadedFiles) -> Self {
        let all = config.modules.iter();
        let parsed = all.map(|section| (&*section.name, section.value())).collect();
        Self { parsed, files }
    }

    /// The section of a module; empty where the files have none.
    pub(crate) fn of(&self, module: &str) -> Settings<'_> {
        let found = self.parsed.iter().find(|(name, _)| *name == module);
        Settings::new(found.map(|(_, section)| section)).with_files(self.files.of(module))
    }
}

fn check_sections(config: &Config, files: &LoadedFiles, sources: &Sources) -> Result<(), Failure> {
    let sections = Sections::new(config, files);
    let wrong = TABLE
        .iter()
        .filter_map(|row| row.module?().check(sections.of(row.name)).err())
        .map(diagnostic);
    match Diagnostics::collect(wrong.collect()) {
        Some(found) => Err(invalid(&found, sources)),
        None => Ok(()),
    }
}

/// What each file states; in a locked environment every one must.
fn revisions(
    wanted: &Wanted,
    documents: &[Document],
    config: &[FileRevision],
    flags: &LoadedFlags,
) -> Result<BTreeMap<String, u64>, Failure> {
    let of_config = documents.iter().zip(config);
    let of_config = of_config.map(|(document, file)| (wanted.name_of(&document.path), file.revision));
    let of_flags = flags.files.iter();
    let of_flags = of_flags.map(|file| (wanted.name_of(&file.document.path), file.revision));
    let mut known = BTreeMap::new();
    for (name, revision) in of_config.chain(of_flags) {
        match revision {
            Some(revision) => {
                known.insert(name, revision);
            }
            None if wanted.asked.environment.is_locked() => {
                return Err(Failure::new(
                    CONFIG_REFUSED,
                    format_args!("{} needs a revision in {name}", wanted.asked.environment),
                    "add `revision = 1` at its top (in JSON: metadata.revision), and raise it with every change",
                ));
            }
            None => {}
        }
    }
    Ok(known)
}

/// Of the texts with their names, of what overrides them, and of the switches: whoever has the same digest has the same
/// behaviour. Each part is preceded by its length, so that no two lists of parts are the same bytes.
fn digest<'a>(
    wanted: &Wanted,
    documents: impl Iterator<Item = &'a Document>,
    tls: &LoadedTls,
    modules: &LoadedFiles,
    overrides: &[Override],
) -> Sha256 {
    let mut bytes = Vec::new();
    let mut part = |text: &str| {
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    };
    for document in documents {
        // Without its folder: the same files elsewhere are the same configuration.
        let name = document.path.file_name().unwrap_or_default();
        part(&name.to_string_lossy());
        part(&document.text);
    }
    for file in &tls.paths {
        part(&file.name);
        part(&file.content.digest().to_hex());
    }
    for (name, content, _) in modules.digests() {
        part(&name);
        part(&content.to_hex());
    }
    for one in overrides {
        part(&one.key);
        part(&one.new.to_string());
    }
    part(if wanted.gray_on { "gray on" } else { "gray off" });
    part(if wanted.quarantine { "quarantine" } else { "strict" });
    Sha256::of(bytes)
}

fn signers<'a>(documents: impl Iterator<Item = &'a Document>) -> Vec<String> {
    let mut all: Vec<String> = documents
        .filter_map(|document| Some(document.signed.as_ref()?.key_id.to_string()))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// What a module finds wrong with its section, as any other mistake in the file.
pub(crate) fn diagnostic(error: SettingsError) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(error.message);
    diagnostic.hint = error.hint;
    diagnostic.span = error.span;
    diagnostic
}

/// A file that cannot be read, or does not count.
pub(crate) fn not_loaded(error: &LoadError) -> Failure {
    let code = if error.is_refusal() {
        CONFIG_REFUSED
    } else {
        CONFIG_UNREADABLE
    };
    Failure::new(code, error, &error.hint())
}

/// Wrong configuration, as a failure.
pub(crate) fn invalid(found: &Diagnostics, sources: &Sources) -> Failure {
    located(CONFIG_INVALID, found, sources)
}

/// Mistakes with their places, as a failure with any code.
pub(crate) fn located(code: u8, found: &Diagnostics, sources: &Sources) -> Failure {
    Failure {
        code,
        text: found.render(sources).trim_end().to_owned(),
        json: serde_json::to_value(found.reports(sources)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
