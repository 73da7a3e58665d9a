//! The section `[modules.mock-fallback]`, read and checked.

use graylane_pipeline::{Settings, SettingsError, Spanned};
use serde::Deserialize;

use crate::reason::{Reason, Reasons};

/// Where the mocks are, and when they are for.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The folder of the mocks, relative to that of the configuration; without one there are none.
    pub(crate) folder: Option<Spanned<String>>,
    /// For what a mock may answer; default the four faults of an upstream.
    pub(crate) on: Reasons,
    /// For which services; default all.
    pub(crate) services: Option<Vec<Spanned<String>>>,
}

/// The section as it stands in the file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    folder: Option<Spanned<String>>,
    on: Option<Spanned<Vec<Spanned<String>>>>,
    services: Option<Spanned<Vec<Spanned<String>>>>,
}

impl Plan {
    /// Reads the section; what it leaves out has its default.
    ///
    /// # Errors
    /// An unknown key, a value of another type, a word that is none, or a section without a folder.
    pub(crate) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let section: Section = settings.read()?;
        let (folder, on, services) = (section.folder, section.on, section.services);
        if let Some(folder) = folder.as_ref().filter(|folder| folder.get_ref().is_empty()) {
            return Err(SettingsError::at(
                folder.span(),
                "the folder is empty",
                "write the path of a folder with mocks, such as \"mocks\"",
            ));
        }
        for list in [&on, &services].into_iter().flatten() {
            // Whoever says when mocks are to be served wants some to be served.
            let what = match (&folder, list.get_ref().is_empty()) {
                (None, _) => "there are no mocks without a `folder`",
                (Some(_), true) => "the list is empty: there would be no mocks",
                (Some(_), false) => continue,
            };
            return Err(SettingsError::at(
                list.span(),
                what,
                "add `folder = \"mocks\"`, or leave this key out",
            ));
        }
        Ok(Self {
            folder,
            on: on.map_or_else(|| Ok(Reasons::default()), |list| reasons(list.get_ref()))?,
            services: services.map(Spanned::into_inner),
        })
    }
}

fn reasons(words: &[Spanned<String>]) -> Result<Reasons, SettingsError> {
    let mut all = Reasons::none();
    for word in words {
        let reason = Reason::parse(word.get_ref()).ok_or_else(|| {
            SettingsError::at(
                word.span(),
                format!(
                    "{} is nothing that mocks are for",
                    graylane_diagnostic::quote(word.get_ref())
                ),
                "write \"no-endpoint\", \"unreachable\", \"timeout\", \"broken\" or a status from \"500\" to \"599\"",
            )
        })?;
        all.add(reason);
    }
    Ok(all)
}
