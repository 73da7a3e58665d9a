//! The files of flags that a configuration names.

use std::sync::Arc;

use graylane_config::FlagFile;
use graylane_diagnostic::{Diagnostic, Diagnostics, Source, Sources, Texts};
use graylane_flags::{Definition, Definitions, FlagSet, Options, ReadOptions, Reading};
use graylane_load::{Document, Loader};

use super::{Wanted, invalid, not_loaded};
use crate::exit::Failure;

/// The flags of a configuration, as written and as compiled.
#[derive(Debug, Default)]
pub(crate) struct LoadedFlags {
    pub(crate) definitions: Definitions,
    pub(crate) set: Arc<FlagSet>,
    pub(crate) files: Vec<ReadFlagFile>,
    /// What was wrong with flags that are left out.
    pub(crate) left_out: Vec<String>,
    /// `None` where there is no file.
    sources: Option<Sources>,
}

/// A file of flags.
#[derive(Debug)]
pub(crate) struct ReadFlagFile {
    /// As the configuration has it.
    pub(crate) name: String,
    pub(crate) document: Document,
    pub(crate) revision: Option<u64>,
}

impl LoadedFlags {
    /// Reads and compiles the files. `config` are the texts that name them.
    pub(super) fn read(
        wanted: &Wanted,
        loader: &Loader<'_>,
        files: &[FlagFile],
        config: &Sources,
    ) -> Result<Self, Failure> {
        let mut documents = Vec::new();
        for file in files {
            let document = loader.flag_file(&file.path).map_err(|error| {
                let failure = not_loaded(&error);
                let place = Diagnostic::new(error.to_string())
                    .hint(error.hint())
                    .at(file.span.clone());
                super::located(failure.code, &Diagnostics::from(place), config)
            })?;
            documents.push(document);
        }
        let Some(sources) = sources(&documents) else {
            return Ok(Self::default());
        };
        let options = ReadOptions {
            quarantine: wanted.quarantine,
            ..ReadOptions::default()
        };
        let Reading {
            definitions,
            left_out,
            revisions,
        } = Definitions::read(sources.iter(), options).map_err(|found| invalid(&found, &sources))?;
        let set = FlagSet::compile(
            &definitions,
            Options {
                gray_on: wanted.gray_on,
            },
        )
        .map_err(|found| invalid(&found, &sources))?;
        let named = files.iter().zip(documents).zip(revisions);
        Ok(Self {
            definitions,
            set: Arc::new(set),
            files: named
                .map(|((file, document), revision)| ReadFlagFile {
                    name: file.path.to_string(),
                    document,
                    revision,
                })
                .collect(),
            left_out: left_out.iter().map(|one| one.render(&sources)).collect(),
            sources: Some(sources),
        })
    }

    /// The file that a flag comes from.
    pub(crate) fn file_of(&self, flag: &Definition) -> Option<&ReadFlagFile> {
        let source = self.sources.as_ref()?.source_of(Some(flag.span.start));
        let mut files = self.files.iter();
        files.rfind(|file| file.document.path.display().to_string() == source.name())
    }

    /// The definition of a flag.
    pub(crate) fn find(&self, key: &str) -> Option<&Definition> {
        // The numbers of the set follow the order of the definitions.
        let id = self.set.find(key)?;
        self.definitions.flags.get(id.0 as usize)
    }

    /// Where a flag stands: file and line.
    pub(crate) fn origin(&self, flag: &Definition) -> Option<String> {
        let source = self.sources.as_ref()?.source_of(Some(flag.span.start));
        Some(format!("{}:{}", source.name(), source.line(flag.span.start)))
    }
}

/// The texts on one line of offsets, so that a flag's place tells its file.
fn sources(documents: &[Document]) -> Option<Sources> {
    let mut all = documents
        .iter()
        .map(|document| Source::new(document.path.display().to_string(), document.text.clone()));
    let mut sources = Sources::new(all.next()?);
    for source in all {
        sources.add(source);
    }
    Some(sources)
}
