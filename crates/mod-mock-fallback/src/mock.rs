//! One mock.

mod body;
mod fields;

use std::ops::Range;
use std::sync::Arc;

use graylane_diagnostic::quote;
use graylane_pipeline::{ModuleFile, SettingsError, Spanned};

use crate::entry::{Entry, Text};
use crate::path::Pattern;
use crate::tally::Counts;
use crate::template::Template;

/// Bytes of a name at most.
const MAX_NAME: usize = 128;

/// A field line: name in lower case, value.
type Field = (Box<str>, Box<str>);

/// A mock, checked.
#[derive(Debug)]
pub(crate) struct Mock {
    /// What the client is told, and no other mock is called.
    pub(crate) name: Box<str>,
    /// The file, and the line in it.
    pub(crate) place: (Box<str>, usize),
    pub(crate) span: Range<usize>,
    /// `None`: any.
    pub(crate) service: Option<Box<str>>,
    /// `None`: any. One for `GET` is for `HEAD` as well.
    pub(crate) method: Option<Box<str>>,
    pub(crate) path: Pattern,
    pub(crate) status: u16,
    pub(crate) fields: Vec<Field>,
    pub(crate) body: Template,
    pub(crate) served: Arc<Counts>,
}

impl Mock {
    /// Checks what stands in a file; `number` counts from 1 in it, and `files` are all that were read.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub(crate) fn read(
        text: Text<'_>,
        number: usize,
        entry: Spanned<Entry>,
        files: &[ModuleFile],
    ) -> Result<Self, SettingsError> {
        let span = entry.span();
        let entry = entry.into_inner();
        let path = Pattern::parse(entry.path.get_ref()).map_err(|error| {
            let hint =
                "write a path such as \"/users/{id}\" or \"/files/{path...}\", without percent-encoding";
            text.wrong(entry.path.span(), error.to_string(), hint)
        })?;
        let status = status(text, entry.status.as_ref())?;
        let method = entry.method.as_ref().map(|method| self::method(text, method));
        let mut fields = fields::fields(text, &entry)?;
        let body = body::body(text, &entry, &path, &mut fields, files)?;
        if let Some(at) = entry.body.as_ref().or(entry.body_file.as_ref())
            && matches!(status, 204 | 205 | 304)
            && !body.is_empty()
        {
            let message = format!("an answer with status {status} has no body");
            return Err(text.wrong(at.span(), message, "leave the body out, or write another status"));
        }
        let name = name(text, number, entry.name.as_ref(), &span)?;
        fields.push(("x-gray-mock".into(), name.clone()));
        let line = text.0.text.as_bytes()[..span.start]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Ok(Self {
            name,
            place: (text.0.name.clone(), line + 1),
            span,
            service: entry.service.map(|service| service.into_inner().into()),
            method: method.transpose()?,
            path,
            status,
            fields,
            body,
            served: Arc::default(),
        })
    }
}

fn status(text: Text<'_>, written: Option<&Spanned<i64>>) -> Result<u16, SettingsError> {
    match written {
        None => Ok(200),
        Some(status) => match u16::try_from(*status.get_ref()) {
            Ok(known @ 200..=599) => Ok(known),
            _ => Err(text.wrong(
                status.span(),
                format!("{} is no status of an answer", status.get_ref()),
                "write a status from 200 to 599",
            )),
        },
    }
}

fn method(text: Text<'_>, written: &Spanned<String>) -> Result<Box<str>, SettingsError> {
    let method = written.get_ref();
    // Methods are case-sensitive: `get` is none that anybody sends.
    let fits = |c: char| c.is_ascii_uppercase() || c == '-' || c == '_';
    if method.is_empty() || method.len() > 32 || !method.chars().all(fits) {
        return Err(text.wrong(
            written.span(),
            format!("{} is no method", quote(method)),
            "write it in capitals, such as \"GET\"; leave it out for any",
        ));
    }
    Ok(method.as_str().into())
}

fn name(
    text: Text<'_>,
    number: usize,
    written: Option<&Spanned<String>>,
    span: &Range<usize>,
) -> Result<Box<str>, SettingsError> {
    let (name, at) = match written {
        Some(name) => (name.get_ref().clone(), name.span()),
        None => (format!("{}#{number}", text.0.name), span.clone()),
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '#');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
        return Err(text.wrong(
            at,
            format!("{} cannot be told in a header", quote(&name)),
            "give the mock a name of letters, digits, `-`, `_`, `.` and `/`",
        ));
    }
    Ok(name.into())
}
