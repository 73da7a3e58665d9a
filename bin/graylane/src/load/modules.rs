//! The files that modules take besides the configuration.

use std::path::Path;

use graylane_config::Config;
use graylane_core::Sha256;
use graylane_diagnostic::{Diagnostics, Source, Sources};
use graylane_pipeline::ModuleFile;

use super::{Sections, Wanted, diagnostic, located};
use crate::exit::{CONFIG_INVALID, CONFIG_REFUSED, Failure};
use crate::modules::TABLE;

/// The files, as they were read, by module.
#[derive(Debug, Default)]
pub(crate) struct LoadedFiles(Vec<(&'static str, Vec<ModuleFile>)>);

impl LoadedFiles {
    /// Reads the files, and adds their texts to those of the configuration.
    pub(super) fn read(wanted: &Wanted, config: &Config, sources: &mut Sources) -> Result<Self, Failure> {
        let none = Self::default();
        let sections = Sections::new(config, &none);
        let (mut all, mut wrong) = (Vec::new(), Vec::new());
        for (name, module) in TABLE.iter().filter_map(|row| Some((row.name, row.module?()))) {
            match module.files(sections.of(name), wanted.folder()) {
                Ok(files) if files.is_empty() => {}
                Ok(_) if wanted.asked.environment.is_locked() => {
                    return Err(Failure::new(
                        CONFIG_REFUSED,
                        format_args!(
                            "module `{name}` takes files, and in {} nothing counts that is not signed",
                            wanted.asked.environment
                        ),
                        "leave out what names them in the file of this environment",
                    ));
                }
                Ok(files) => all.push((name, files)),
                Err(error) => wrong.push(diagnostic(error)),
            }
        }
        if let Some(found) = Diagnostics::collect(wrong) {
            return Err(located(CONFIG_INVALID, &found, sources));
        }
        for file in all.iter_mut().flat_map(|(_, files)| files) {
            let source = Source::new(file.path.display().to_string(), file.text.clone());
            file.base = sources.add(source).base();
        }
        Ok(Self(all))
    }

    /// Those of a module.
    pub(super) fn of(&self, module: &str) -> &[ModuleFile] {
        let found = self.0.iter().find(|(name, _)| *name == module);
        found.map_or(&[], |(_, files)| files)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ModuleFile> {
        self.0.iter().flat_map(|(_, files)| files)
    }

    /// Each with what it is called in the audit log, and the digest of its content.
    pub(crate) fn digests(&self) -> impl Iterator<Item = (String, Sha256, &ModuleFile)> {
        let of = |module: &'static str, file| -> (String, Sha256, _) {
            let file: &ModuleFile = file;
            let name = graylane_diagnostic::cut(&file.name);
            (format!("{module} {name}"), Sha256::of(&file.text), file)
        };
        self.0
            .iter()
            .flat_map(move |(module, files)| files.iter().map(move |file| of(module, file)))
    }

    pub(super) fn content(&self, path: &Path) -> Option<&[u8]> {
        let found = self.iter().find(|file| file.path == path)?;
        Some(found.text.as_bytes())
    }
}
