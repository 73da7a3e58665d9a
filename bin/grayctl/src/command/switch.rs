//! `grayctl switch`: what is wanted, how it goes, how it ended.

mod error;
mod follow;

use std::io::Write;
use std::path::{Path, PathBuf};

use graylane_handover::{CallError, Caller, Folder, Patience, Trust, Wanted};
use graylane_load::Asked;
use serde_json::{Value, json};

pub(crate) use error::SwitchError;

use crate::cli::switch::{Place, Switch, SwitchCommand};
use crate::exit::Failure;

/// Does what was asked for.
pub(crate) fn run(asked: &Switch, out: &mut impl Write) -> Result<(), Failure> {
    match (&asked.command, &asked.binary) {
        (Some(SwitchCommand::Status(place)), _) => status(place, out),
        (None, Some(binary)) => switch(asked, binary, out),
        // clap demands one of them.
        (None, None) => Ok(()),
    }
}

fn status(place: &Place, out: &mut impl Write) -> Result<(), Failure> {
    let status = ask(&folder(place)?)?;
    if place.json {
        return super::json(&status, out);
    }
    let text = |key: &str| match &status[key] {
        Value::String(text) => graylane_diagnostic::printable(text),
        other => other.to_string(),
    };
    let mut lines = format!(
        "process {} ({} {}), generation {}: {} since {}\n",
        text("pid"),
        text("channel"),
        text("version"),
        text("generation"),
        text("state"),
        text("since")
    );
    for (key, words) in [
        ("with", "other side of the handover: process"),
        ("taken_over_from", "took over from process"),
        ("still_draining", "still draining: process"),
        ("last", "last handover:"),
    ] {
        if !status[key].is_null() {
            lines += &format!("{words} {}\n", text(key));
        }
    }
    out.write_all(lines.as_bytes()).map_err(Failure::Output)
}

fn switch(asked: &Switch, binary: &Path, out: &mut impl Write) -> Result<(), Failure> {
    let json = asked.place.json;
    let path = std::path::absolute(binary).map_err(|source| SwitchError::Path(binary.to_owned(), source))?;
    let report = graylane_inspect::inspect(&path).map_err(|why| Failure::Inspect {
        path: path.clone(),
        why,
    })?;
    let place = folder(&asked.place)?;
    let before = ask(&place)?;
    let word = |key: &str| graylane_diagnostic::printable(before[key].as_str().unwrap_or("?"));
    let from = format!("{} {}", word("channel"), word("version"));
    let to = format!("{} {}", report.channels.join("+"), report.version);
    let pid = before["pid"].as_u64().unwrap_or_default();
    let begun = json!({ "event": "begun", "pid": pid, "from": from, "to": to });
    follow::tell(json, &begun, &format!("process {pid}: {from} -> {to}"), out)?;
    let probation = asked
        .probation
        .map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    let wanted = Wanted {
        binary: path.display().to_string(),
        probation_millis: probation,
    };
    let switching = caller(&place)?.switch(&wanted).map_err(SwitchError::Call)?;
    follow::follow(json, switching, out)
}

fn ask(place: &Path) -> Result<Value, Failure> {
    Ok(caller(place)?.status().map_err(SwitchError::Call)?)
}

fn caller(place: &Path) -> Result<Caller, SwitchError> {
    // Opening would make the folder.
    if !place.exists() {
        return Err(SwitchError::NobodyThere(place.to_owned()));
    }
    let folder = Folder::open(place)?;
    Caller::connect(&folder, Trust::own(), Patience::default()).map_err(|error| match error {
        CallError::NobodyThere => SwitchError::NobodyThere(place.to_owned()),
        other => SwitchError::Call(other),
    })
}

fn folder(place: &Place) -> Result<PathBuf, Failure> {
    if let Some(folder) = &place.folder {
        return Ok(folder.clone());
    }
    let folded = super::config::fold(&Asked {
        variables: std::env::vars_os().collect(),
        ..super::config::files_of(&place.config, place.env.into())
    })?;
    let folder = folded.config.handover_folder().ok_or(SwitchError::Nowhere)?;
    Ok(place.config.parent().unwrap_or(Path::new("")).join(folder))
}
