//! The section `[modules.breaker]`, read and checked.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use graylane_pipeline::{Settings, SettingsError, Spanned};
use serde::Deserialize;

/// When an endpoint is opened, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rules {
    /// So many failures in a row open an endpoint; default 5, 1 to 1,000,000.
    pub(crate) consecutive_failures: u32,
    /// So many percent of failures within `window` open an endpoint; default 50, 1 to 100.
    pub(crate) error_rate: u32,
    /// Over which time `error_rate` is taken; default 10 s, 100 ms to 1 h.
    pub(crate) window: Duration,
    /// With fewer attempts in the window `error_rate` says nothing; default 20, 1 to 100,000.
    pub(crate) min_requests: u32,
    /// How long the first of several openings in a row lasts; default 5 s, 10 ms to 1 h.
    pub(crate) open_for: Duration,
    /// How long an opening lasts at most; default 60 s or `open_for` where that is longer, `open_for` to 24 h.
    pub(crate) max_open_for: Duration,
    /// How many attempts at a time may try a half-open endpoint; default 1, 1 to 1,000.
    pub(crate) half_open_probes: u32,
    /// How many percent of a lane's endpoints may be out of use at one time, rounded down; never all of them.
    /// Default 50, 0 to 100.
    pub(crate) max_ejected: u32,
}

/// The section as it stands in the file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
    consecutive_failures: Option<Spanned<u32>>,
    error_rate: Option<Spanned<u32>>,
    window: Option<Spanned<String>>,
    min_requests: Option<Spanned<u32>>,
    open_for: Option<Spanned<String>>,
    max_open_for: Option<Spanned<String>>,
    half_open_probes: Option<Spanned<u32>>,
    max_ejected: Option<Spanned<u32>>,
}

impl Rules {
    /// Reads the section; what it leaves out has its default.
    ///
    /// # Errors
    /// An unknown key, or a value of another type or out of its range.
    pub(crate) fn read(settings: Settings<'_>) -> Result<Self, SettingsError> {
        const HOUR: Duration = Duration::from_secs(3600);
        let section: Section = settings.read()?;
        let open_for = duration(
            section.open_for,
            Duration::from_secs(5),
            Duration::from_millis(10)..=HOUR,
        )?;
        Ok(Self {
            consecutive_failures: number(section.consecutive_failures, 5, 1..=1_000_000)?,
            error_rate: number(section.error_rate, 50, 1..=100)?,
            window: duration(
                section.window,
                Duration::from_secs(10),
                Duration::from_millis(100)..=HOUR,
            )?,
            min_requests: number(section.min_requests, 20, 1..=100_000)?,
            open_for,
            max_open_for: duration(
                section.max_open_for,
                open_for.max(Duration::from_secs(60)),
                open_for..=24 * HOUR,
            )?,
            half_open_probes: number(section.half_open_probes, 1, 1..=1_000)?,
            max_ejected: number(section.max_ejected, 50, 0..=100)?,
        })
    }
}

fn number(
    written: Option<Spanned<u32>>,
    default: u32,
    range: RangeInclusive<u32>,
) -> Result<u32, SettingsError> {
    let Some(written) = written else {
        return Ok(default);
    };
    if range.contains(written.get_ref()) {
        return Ok(written.into_inner());
    }
    Err(out_of_range(
        &written,
        written.get_ref(),
        range.start(),
        range.end(),
    ))
}

fn duration(
    written: Option<Spanned<String>>,
    default: Duration,
    range: RangeInclusive<Duration>,
) -> Result<Duration, SettingsError> {
    let Some(written) = written else {
        return Ok(default);
    };
    let value = humantime::parse_duration(written.get_ref()).map_err(|error| {
        let message = format!("`{}` is not a duration: {error}", written.get_ref());
        SettingsError::at(
            written.span(),
            message,
            "write a duration such as \"5s\" or \"500ms\"",
        )
    })?;
    if range.contains(&value) {
        return Ok(value);
    }
    let [least, most] = [*range.start(), *range.end()].map(humantime::format_duration);
    Err(out_of_range(&written, written.get_ref(), least, most))
}

fn out_of_range<T>(
    at: &Spanned<T>,
    value: impl Display,
    least: impl Display,
    most: impl Display,
) -> SettingsError {
    SettingsError::at(
        at.span(),
        format!("{value} is out of range"),
        format!("write a value from {least} to {most}"),
    )
}
