//! The section `[modules.canary-log]`, read and checked.

use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;

use graylane_core::Weight;
use graylane_pipeline::{Settings, SettingsError, Spanned};
use serde::Deserialize;

use crate::redact::{Names, Redaction};

/// What is logged, and where to.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) fixed: Fixed,
    /// The share of exchanges; default 10 %, in steps of 0.001 %.
    pub(crate) sample: Weight,
    /// What never appears in a line.
    pub(crate) redaction: Redaction,
    /// Bytes that a value is cut to; default 256, 16 to 65,536.
    pub(crate) max_value: usize,
    /// Whether a line has the request's headers; default true.
    pub(crate) headers: bool,
}

/// What stays as it was at the start for as long as the process runs.
#[derive(Debug)]
pub(crate) struct Fixed {
    /// Where the lines go; default `-`.
    pub(crate) target: Target,
    /// Lines that may wait to be written; default 1024, 1 to 1,000,000.
    pub(crate) queue: usize,
    /// Where the two stand in the file.
    places: [Option<Range<usize>>; 2],
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// `-`: the standard error stream.
    Stderr,
    /// A file.
    File(PathBuf),
}

/// Headers that are always redacted.
const HEADERS: [&str; 5] = [
    "authorization",
    "cookie",
    "set-cookie",
    "proxy-authorization",
    "x-api-key",
];

/// Query parameters that are always redacted.
const QUERY: [&str; 6] = ["token", "password", "secret", "access_token", "api_key", "code"];

/// The section as it stands in the file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    path: Option<Spanned<String>>,
    sample: Option<Spanned<f64>>,
    queue: Option<Spanned<usize>>,
    redact_headers: Vec<Spanned<String>>,
    redact_query: Vec<Spanned<String>>,
    max_value: Option<Spanned<usize>>,
    headers: Option<bool>,
}

impl Plan {
    /// Reads the section; what it leaves out has its default.
    ///
    /// # Errors
    /// An unknown key, or a value of another type or out of its range.
    pub(crate) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        let section: Section = settings.read()?;
        let places = [
            section.path.as_ref().map(Spanned::span),
            section.queue.as_ref().map(Spanned::span),
        ];
        Ok(Self {
            fixed: Fixed {
                target: target(section.path)?,
                queue: number(section.queue, 1024, 1..=1_000_000)?,
                places,
            },
            sample: sample(section.sample)?,
            redaction: Redaction {
                headers: names(&HEADERS, &section.redact_headers)?,
                query: names(&QUERY, &section.redact_query)?,
            },
            max_value: number(section.max_value, 256, 16..=65_536)?,
            headers: section.headers.unwrap_or(true),
        })
    }
}

impl Plan {
    /// Checks that the plan changes nothing of what cannot change while the process runs.
    ///
    /// # Errors
    /// It does; the place is that of the new value, where there is one.
    pub(crate) fn keeps(&self, fixed: &Fixed) -> Result<(), SettingsError> {
        let [path, queue] = &self.fixed.places;
        let changed = if self.fixed.target != fixed.target {
            ("path", path)
        } else if self.fixed.queue != fixed.queue {
            ("queue", queue)
        } else {
            return Ok(());
        };
        let (key, place) = changed;
        Err(SettingsError {
            message: format!("`{key}` of the canary log cannot change while the gateway runs"),
            hint: Some("keep the value that the gateway was started with, or restart it".to_owned()),
            span: place.clone(),
        })
    }
}

fn target(written: Option<Spanned<String>>) -> Result<Target, SettingsError> {
    match written {
        None => Ok(Target::Stderr),
        Some(path) if path.get_ref() == "-" => Ok(Target::Stderr),
        Some(path) if path.get_ref().is_empty() => Err(SettingsError::at(
            path.span(),
            "the path is empty",
            "write the path of a file, or \"-\" for the standard error stream",
        )),
        Some(path) => Ok(Target::File(path.into_inner().into())),
    }
}

fn sample(written: Option<Spanned<f64>>) -> Result<Weight, SettingsError> {
    let percent = written.as_ref().map_or(10.0, |percent| *percent.get_ref());
    Weight::from_percent(percent).map_err(|error| {
        // The default is a weight, so what is wrong was written.
        let span = written.map_or(0..0, |percent| percent.span());
        SettingsError::at(span, error.to_string(), "write a percentage such as 10 or 0.5")
    })
}

fn number(
    written: Option<Spanned<usize>>,
    default: usize,
    range: RangeInclusive<usize>,
) -> Result<usize, SettingsError> {
    match written {
        None => Ok(default),
        Some(value) if range.contains(value.get_ref()) => Ok(value.into_inner()),
        Some(value) => Err(SettingsError::at(
            value.span(),
            format!("{} is out of range", value.get_ref()),
            format!("write a value from {} to {}", range.start(), range.end()),
        )),
    }
}

fn names(built_in: &[&str], written: &[Spanned<String>]) -> Result<Names, SettingsError> {
    let mut names = Names::default();
    for name in built_in {
        names.add(name);
    }
    for name in written {
        if !names.add(name.get_ref()) {
            return Err(SettingsError::at(
                name.span(),
                format!("`{}` names nothing", name.get_ref()),
                "write a name with at least one letter or digit",
            ));
        }
    }
    Ok(names)
}
