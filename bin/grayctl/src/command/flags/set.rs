mod edit;
mod write;

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;

use graylane_diagnostic::{Source, printable};
use serde_json::json;

use self::edit::{Change, Edited};
use super::live::Gateway;
use super::source::{self, FlagFiles};
use crate::cli::flags::Set;
use crate::exit::Failure;

/// What the state is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stated {
    /// As it is.
    Keep,
    /// `enabled`, `disabled` or `gray-N`.
    Word(String),
}

impl FromStr for Stated {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "keep" => return Ok(Self::Keep),
            "enabled" | "on" | "true" | "1" => return Ok(Self::Word("enabled".to_owned())),
            "disabled" | "off" | "false" | "0" => return Ok(Self::Word("disabled".to_owned())),
            _ => {}
        }
        // Whether the number is one is for the reader of flags to say.
        let number = lower.strip_prefix("gray-");
        let plain = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match number.filter(|number| !number.is_empty() && plain(number)) {
            Some(_) => Ok(Self::Word(lower)),
            None => Err("a state is enabled, disabled, gray-N such as gray-30, or keep"),
        }
    }
}

/// Changes a flag.
pub(crate) fn run(asked: &Set, out: &mut impl Write) -> Result<(), Failure> {
    let gateway = Gateway::of(&asked.from)?;
    let (texts, names) = match &gateway {
        Some(gateway) => fetched(gateway)?,
        None => (source::texts(&asked.from.files)?, Vec::new()),
    };
    let files = FlagFiles::of(texts.clone())?;
    let flag = files.flag(&asked.key)?;
    let number = files.file_of(flag);
    let change = Change {
        key: &asked.key,
        state: match &asked.state {
            Stated::Keep => None,
            Stated::Word(word) => Some(word),
        },
        default: asked.default.as_deref(),
    };
    let edited = edit::edit(&texts, number, &files, &change)?;
    let writes = !asked.dry_run && !edited.changes.is_empty();
    let mut revision = None;
    if writes {
        match &gateway {
            Some(gateway) => {
                let told = gateway.put("/flags", &[("file", names[number].as_str())], &edited.text)?;
                revision = told["revision"].as_u64();
            }
            None => write::replace(&asked.from.files[number], &edited.text)?,
        }
    }
    tell(asked, texts[number].name(), &edited, writes, revision, out)
}

/// All files of flags of a gateway, with their names.
fn fetched(gateway: &Gateway) -> Result<(Vec<Source>, Vec<String>), Failure> {
    if !gateway.has_token() {
        return Err(Failure::NoToken);
    }
    let told = gateway.get_json("/flags", &[])?;
    let names = told["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<String> = names
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let text = |name: &String| {
        let text = gateway.get("/flags/file", &[("file", name)])?;
        Ok(Source::new(name.clone(), text))
    };
    let texts: Result<Vec<Source>, Failure> = names.iter().map(text).collect();
    Ok((texts?, names))
}

fn tell(
    asked: &Set,
    name: &str,
    edited: &Edited,
    written: bool,
    revision: Option<u64>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if asked.json {
        let value = json!({
            "flag": asked.key,
            "file": name,
            "changes": edited.changes,
            "written": written,
            "revision": revision,
        });
        return crate::command::json(&value, out);
    }
    let mut text = String::new();
    for change in &edited.changes {
        text.push_str(&format!(
            "{}:{}: {} {} -> {}\n",
            printable(name),
            change.line,
            change.key,
            printable(change.old.as_deref().unwrap_or("-")),
            printable(&change.new)
        ));
    }
    if edited.changes.is_empty() {
        text.push_str("nothing to change\n");
    } else if !written {
        text.push_str("nothing was written: --dry-run\n");
    }
    if let Some(revision) = revision {
        text.push_str(&format!("the gateway has revision {revision}\n"));
    }
    if written && asked.from.live.is_none() {
        let signature = PathBuf::from(format!("{name}.minisig"));
        if signature.exists() {
            text.push_str(&format!(
                "{} no longer fits: sign the file again\n",
                printable(&signature.display().to_string())
            ));
        }
    }
    out.write_all(text.as_bytes()).map_err(Failure::Output)
}
