use std::fmt::Write as _;
use std::io::Write;
use std::thread;
use std::time::Duration;

use graylane_audit::{Broken, Filter, Follow, Item, Reader, Record, VerifyError};
use graylane_diagnostic::printable;
use serde::Serialize;

use crate::cli::{Audit, Show, Tail, Verify};
use crate::exit::Failure;

/// How often `tail -f` looks.
const LOOK: Duration = Duration::from_millis(250);

/// Runs one of the commands that read the audit log.
pub(crate) fn run(asked: &Audit, out: &mut impl Write) -> Result<(), Failure> {
    match asked {
        Audit::Tail(asked) => tail(asked, out),
        Audit::Show(asked) => show(asked, out),
        Audit::Verify(asked) => verify(asked, out),
    }
}

fn tail(asked: &Tail, out: &mut impl Write) -> Result<(), Failure> {
    // At least one is read, so that following begins behind it.
    let items = graylane_audit::last(&asked.log, asked.lines.max(1), &Filter::default())?;
    let seen = items.iter().rev().find_map(|item| item.record.as_ref());
    let seen = seen.map_or(0, |record| record.seq);
    for item in items.iter().take(asked.lines) {
        line(item, asked.json, out)?;
    }
    if !asked.follow {
        return Ok(());
    }
    let mut follow = Follow::after(asked.log.clone(), seen);
    loop {
        for item in follow.poll()? {
            line(&item, asked.json, out)?;
        }
        out.flush().map_err(Failure::Output)?;
        thread::sleep(LOOK);
    }
}

fn show(asked: &Show, out: &mut impl Write) -> Result<(), Failure> {
    let filter = Filter {
        seq: asked.seq,
        since: asked.since,
        key: asked.key.clone(),
        action: asked.action.clone(),
    };
    let mut found = false;
    for item in Reader::open(&asked.log)? {
        let item = item?;
        if !filter.takes(&item) {
            continue;
        }
        found = true;
        match &item.record {
            Some(record) if asked.seq.is_some() && !asked.json => {
                out.write_all(full(record).as_bytes()).map_err(Failure::Output)?;
            }
            _ => line(&item, asked.json, out)?,
        }
    }
    match asked.seq {
        Some(seq) if !found => Err(Failure::NoEntry(seq)),
        _ => Ok(()),
    }
}

/// One entry on one line.
fn line(item: &Item, json: bool, out: &mut impl Write) -> Result<(), Failure> {
    let written = match &item.record {
        _ if json => out.write_all(&item.raw).and_then(|()| writeln!(out)),
        Some(record) => writeln!(out, "{}", brief(record)),
        None => writeln!(
            out,
            "     ?  not an entry: {}",
            printable(&String::from_utf8_lossy(&item.raw[..item.raw.len().min(60)]))
        ),
    };
    written.map_err(Failure::Output)
}

fn brief(record: &Record) -> String {
    let actor = &record.actor;
    let who = [&actor.user, &actor.token, &actor.signer].into_iter().flatten();
    let who = who.map(String::as_str).collect::<Vec<_>>().join("/");
    let who = if who.is_empty() { "-" } else { &who };
    let mut text = format!(
        "{:>6}  {:<24}  {:<13}  {:<12}",
        record.seq,
        printable(&record.time),
        printable(&record.action),
        printable(who)
    );
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "-".to_owned(), printable);
    if let Some(key) = &record.key {
        _ = write!(text, "  {}", printable(key));
    }
    if record.old.is_some() || record.new.is_some() {
        _ = write!(text, "  {} -> {}", value(&record.old), value(&record.new));
    }
    if let Some(source) = &record.source {
        _ = write!(text, "  from {}", printable(source));
    }
    if let Some(revision) = record.revision {
        _ = write!(text, "  revision {revision}");
    }
    if let Some(reason) = &record.reason {
        _ = write!(text, "  ({})", printable(reason));
    }
    text.truncate(text.trim_end().len());
    text
}

/// One entry with everything that it says.
fn full(record: &Record) -> String {
    let revision = record.revision.map(|revision| revision.to_string());
    let seq = record.seq.to_string();
    let lines = [
        ("seq", Some(&seq)),
        ("time", Some(&record.time)),
        ("action", Some(&record.action)),
        ("user", record.actor.user.as_ref()),
        ("token", record.actor.token.as_ref()),
        ("signer", record.actor.signer.as_ref()),
        ("source", record.source.as_ref()),
        ("key", record.key.as_ref()),
        ("old", record.old.as_ref()),
        ("new", record.new.as_ref()),
        ("revision", revision.as_ref()),
        ("digest", record.digest.as_ref()),
        ("trace", record.trace.as_ref()),
        ("reason", record.reason.as_ref()),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        if let Some(value) = value {
            _ = writeln!(text, "{name:<11} {}", printable(value));
        }
    }
    text
}

#[derive(Serialize)]
struct Verdict {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovered: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<Place>,
}

#[derive(Serialize)]
struct Place {
    file: String,
    line: u64,
    seq: Option<u64>,
    what: String,
}

fn verify(asked: &Verify, out: &mut impl Write) -> Result<(), Failure> {
    let seen = match graylane_audit::verify(&asked.log, asked.expect_head) {
        Ok(seen) => seen,
        Err(VerifyError::Broken(broken)) => {
            if asked.json {
                super::json(&Verdict::broken(&broken), out)?;
            }
            return Err(Failure::BrokenLog(Box::new(broken)));
        }
        Err(error) => return Err(Failure::Unverified(error)),
    };
    let head = seen.last.map(|head| head.to_string());
    if asked.json {
        let verdict = Verdict {
            verified: true,
            entries: Some(seen.entries),
            files: Some(seen.files),
            first: seen.first,
            head,
            recovered: Some(seen.recovered),
            broken: None,
        };
        return super::json(&verdict, out);
    }
    let mut text = format!("verified: {} entries in {} file(s)\n", seen.entries, seen.files);
    if let (Some(first), Some(head)) = (seen.first, head) {
        _ = writeln!(text, "{:<11} {first}\n{:<11} {head}", "first", "head");
        if first > 1 {
            text.push_str("note: what came before the first entry was not read\n");
        }
    }
    if seen.recovered > 0 {
        _ = writeln!(
            text,
            "note: after {} crash(es) a torn end was cut off and kept: `grayctl audit show --action log.recovered`",
            seen.recovered
        );
    }
    if asked.expect_head.is_none() {
        text.push_str("note: an end that was cut off is only noticed with --expect-head\n");
    }
    out.write_all(text.as_bytes()).map_err(Failure::Output)
}

impl Verdict {
    fn broken(broken: &Broken) -> Self {
        Self {
            verified: false,
            entries: None,
            files: None,
            first: None,
            head: None,
            recovered: None,
            broken: Some(Place {
                file: broken.file.display().to_string(),
                line: broken.line,
                seq: broken.seq,
                what: broken.what.to_string(),
            }),
        }
    }
}
