//! The body of a mock.

use graylane_diagnostic::quote;
use graylane_pipeline::{ModuleFile, SettingsError, Spanned};

use super::Field;
use crate::entry::{Entry, Text};
use crate::folder::body_name;
use crate::media::Media;
use crate::path::Pattern;
use crate::template::Template;

/// The body, from here or from a file; one whose type is not said is plain text.
///
/// # Errors
/// There are two, the file is not there, or a placeholder is wrong.
pub(super) fn body(
    text: Text<'_>,
    entry: &Entry,
    path: &Pattern,
    fields: &mut Vec<Field>,
    files: &[ModuleFile],
) -> Result<Template, SettingsError> {
    let (content, file) = match (&entry.body, &entry.body_file) {
        (None, None) => return Ok(Template::default()),
        (Some(_), Some(both)) => {
            return Err(text.wrong(
                both.span(),
                "there is both a body and a body_file",
                "leave one of them out",
            ));
        }
        (Some(body), None) => (body.get_ref().as_str(), None),
        (None, Some(named)) => {
            let file = body_file(text, named, files)?;
            (file.text.as_str(), Some(file))
        }
    };
    let known = fields.iter().find(|(name, _)| **name == *"content-type");
    let media = match known {
        Some((_, content_type)) => Media::of(content_type),
        None => {
            fields.push(("content-type".into(), "text/plain; charset=utf-8".into()));
            Media::Plain
        }
    };
    Template::parse(content, media, |name| path.number_of(name)).map_err(|wrong| match (file, &entry.body) {
        (Some(file), _) => Text(file).wrong(wrong.at, wrong.message, wrong.hint),
        // Between quotes a place is not what it is in the text: escapes.
        (None, body) => {
            let at = body.as_ref().map_or(0..0, Spanned::span);
            text.wrong(at, wrong.message, wrong.hint)
        }
    })
}

fn body_file<'f>(
    text: Text<'_>,
    named: &Spanned<String>,
    files: &'f [ModuleFile],
) -> Result<&'f ModuleFile, SettingsError> {
    let name = body_name(&text.0.name, named.get_ref()).ok_or_else(|| {
        text.wrong(
            named.span(),
            format!("{} cannot be a body", quote(named.get_ref())),
            "name a file beside this one or in a folder below, without `..`, and none that ends in .toml",
        )
    })?;
    files.iter().find(|file| *file.name == *name).ok_or_else(|| {
        text.wrong(
            named.span(),
            format!("there is no file {} in the folder of the mocks", quote(&name)),
            "a body_file is looked for beside the file that names it",
        )
    })
}
