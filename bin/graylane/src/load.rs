//! From a file to a checked configuration.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use graylane_config::Config;
use graylane_diagnostic::{Diagnostic, Diagnostics, Source};
use graylane_pipeline::{Settings, SettingsError};

use crate::exit::{CONFIG_INVALID, CONFIG_UNREADABLE, Failure};
use crate::modules::TABLE;

/// Bytes of a configuration file that are read at most; the parser refuses far fewer.
const MAX_FILE: u64 = 16 << 20;

/// A configuration with the text that it came from, for messages about things that show only later.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    pub(crate) source: Source,
}

impl Loaded {
    /// Reads and checks a file, the sections of this binary's modules included.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let source = Source::new(path.display().to_string(), read_text(path)?);
        let names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
        let config = graylane_config::parse(&source, &names).map_err(|found| invalid(&found, &source))?;
        let loaded = Self { config, source };
        let wrong: Vec<_> = TABLE
            .iter()
            .filter_map(|row| row.module.map(|module| module().check(loaded.settings(row.name))))
            .filter_map(Result::err)
            .map(diagnostic)
            .collect();
        match Diagnostics::collect(wrong) {
            Some(found) => Err(invalid(&found, &loaded.source)),
            None => Ok(loaded),
        }
    }

    /// A module's section.
    pub(crate) fn settings(&self, module: &str) -> Settings<'_> {
        let section = self
            .config
            .modules
            .iter()
            .find(|section| &*section.name == module);
        Settings::new(section.map(|section| &section.value))
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

fn read_text(path: &Path) -> Result<String, Failure> {
    let unreadable = |error: &dyn std::fmt::Display, hint| {
        Failure::new(
            CONFIG_UNREADABLE,
            format_args!("cannot read the configuration {}: {error}", path.display()),
            hint,
        )
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes))
        .map_err(|error| {
            let hint = "name the file with --config; examples/quickstart.toml is one to begin with";
            unreadable(&error, hint)
        })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unreadable(
            &format_args!("it is not UTF-8 at byte {at}"),
            "save the file as UTF-8",
        )
    })
}

/// What a module finds wrong with its section, as any other mistake in the file.
pub(crate) fn diagnostic(error: SettingsError) -> Diagnostic {
    let mut diagnostic = Diagnostic::new(error.message);
    diagnostic.hint = error.hint;
    diagnostic.span = error.span;
    diagnostic
}

/// Wrong configuration, as a failure.
pub(crate) fn invalid(found: &Diagnostics, source: &Source) -> Failure {
    located(CONFIG_INVALID, found, source)
}

/// Mistakes with their places, as a failure with any code.
pub(crate) fn located(code: u8, found: &Diagnostics, source: &Source) -> Failure {
    Failure {
        code,
        text: found.render(source).trim_end().to_owned(),
        json: serde_json::to_value(found.reports(source)).unwrap_or_default(),
    }
}
