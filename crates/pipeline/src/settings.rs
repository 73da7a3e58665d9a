use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use crate::ModuleFile;

/// A value with its place in the file: what a module's settings type holds where a value has a range, so that
/// [`SettingsError::at`] can point at it.
pub use toml::Spanned;

/// A module's section of the configuration file, `[modules.<name>]`, empty where the file has none, and the files that it
/// takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settings<'a> {
    section: Option<&'a Spanned<DeValue<'a>>>,
    files: &'a [ModuleFile],
}

/// What is wrong with a module's section, and where in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingsError {
    /// A lower-case fragment.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// The bytes of the configuration file at fault, or of a [`ModuleFile`] plus its base, where that is known.
    pub span: Option<Range<usize>>,
}

impl SettingsError {
    /// An error about the value at a place that [`toml::Spanned`] remembered.
    pub fn at(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
            span: Some(span),
        }
    }
}

impl<'a> Settings<'a> {
    /// The section as parsed; the value must be a table.
    pub fn new(section: Option<&'a Spanned<DeValue<'a>>>) -> Self {
        Self { section, files: &[] }
    }

    /// The same with the files that [`crate::Module::files`] gave.
    #[must_use]
    pub fn with_files(self, files: &'a [ModuleFile]) -> Self {
        Self { files, ..self }
    }

    /// The files that the module takes.
    pub fn files(self) -> &'a [ModuleFile] {
        self.files
    }

    /// Reads the section into a type; `T::default()` stands in for a section that is not there, so a type should use
    /// `#[serde(default, deny_unknown_fields)]`.
    ///
    /// # Errors
    /// An unknown key or a value of another type, with its place in the file.
    pub fn read<T: DeserializeOwned + Default>(self) -> Result<T, SettingsError> {
        let Some(section) = self.section else {
            return Ok(T::default());
        };
        let table: DeTable<'a> = match section.get_ref() {
            DeValue::Table(table) => table.clone(),
            _ => {
                return Err(SettingsError::at(
                    section.span(),
                    "a module's section is a table",
                    "write [modules.<name>]",
                ));
            }
        };
        T::deserialize(toml::de::Deserializer::from(Spanned::new(section.span(), table))).map_err(|error| {
            SettingsError {
                message: error.message().to_owned(),
                hint: None,
                span: error.span(),
            }
        })
    }
}
