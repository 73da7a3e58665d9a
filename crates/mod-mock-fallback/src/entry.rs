//! What stands in a file of mocks.

use std::collections::BTreeMap;
use std::ops::Range;

use graylane_diagnostic::too_deep_toml;
use graylane_pipeline::{ModuleFile, SettingsError, Spanned};
use serde::Deserialize;

use crate::folder::body_name;

/// The deepest nesting: a mock has two levels.
const MAX_DEPTH: usize = 16;

/// A mock as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) service: Option<Spanned<String>>,
    pub(crate) method: Option<Spanned<String>>,
    pub(crate) path: Spanned<String>,
    pub(crate) status: Option<Spanned<i64>>,
    #[serde(default)]
    pub(crate) headers: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(crate) body: Option<Spanned<String>>,
    pub(crate) body_file: Option<Spanned<String>>,
}

/// A file, for messages about places in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a ModuleFile);

impl Text<'_> {
    /// A mistake in the file.
    pub(crate) fn wrong(
        self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> SettingsError {
        let base = self.0.base;
        SettingsError::at(span.start + base..span.end + base, message, hint)
    }

    /// The mocks of the file, each with its place.
    ///
    /// # Errors
    /// It is not TOML, or has a key that no mock has.
    pub(crate) fn entries(self) -> Result<Vec<Spanned<Entry>>, SettingsError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(default)]
            mock: Vec<Spanned<Entry>>,
        }
        let text = &self.0.text;
        if let Some(span) = too_deep_toml(text, MAX_DEPTH) {
            return Err(self.wrong(span, "nested too deeply", "a mock is one table, [[mock]]"));
        }
        let file: File = toml::from_str(text).map_err(|error| SettingsError {
            hint: None,
            ..self.wrong(error.span().unwrap_or(0..0), error.message(), "")
        })?;
        Ok(file.mock)
    }
}

/// The files that the mocks of a text name. Of a text with mistakes there may be none: they are told by [`Text::entries`].
pub(crate) fn body_files(name: &str, text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        mock: Vec<Naming>,
    }
    #[derive(Deserialize)]
    struct Naming {
        body_file: Option<String>,
    }
    if too_deep_toml(text, MAX_DEPTH).is_some() {
        return Vec::new();
    }
    let mocks = toml::from_str::<File>(text).map_or_else(|_| Vec::new(), |file| file.mock);
    let named = mocks.into_iter().filter_map(|mock| mock.body_file);
    named.filter_map(|body| body_name(name, &body)).collect()
}
