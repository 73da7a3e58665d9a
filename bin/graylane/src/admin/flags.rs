//! `/flags`: which flags are in use, and why somebody gets what.

use std::time::{SystemTime, UNIX_EPOCH};

use graylane_diagnostic::Source;
use graylane_flags::{Fields, Node, Value as FlagValue, ValueRef};
use graylane_proxy::Shared;
use http::StatusCode;
use serde_json::{Value, json};

use super::pages::{Page, ok, wrong};
use crate::load::{Loaded, ReadFlagFile};
use crate::start::Parts;

/// Every flag as it is written, in the order of the files.
pub(super) fn list(parts: &Parts, shared: &Shared) -> Page {
    let Some(loaded) = parts.in_use() else {
        return wrong(
            StatusCode::SERVICE_UNAVAILABLE,
            "the gateway is still starting",
            "wait for /readyz",
        );
    };
    let definitions = &loaded.flags.definitions;
    let flag = |one| -> Value {
        let text = definitions.canonical(one);
        json!({
            "key": one.key,
            "origin": loaded.flags.origin(one),
            "file": loaded.flags.file_of(one).map(|file| &file.name),
            // In written order, which the tree of the definition does not keep.
            "variants": one.variants.iter().map(|variant| &*variant.name).collect::<Vec<_>>(),
            "definition": serde_json::from_str::<Value>(&text).unwrap_or_default(),
        })
    };
    let files: Vec<&str> = loaded.flags.files.iter().map(|file| file.name.as_str()).collect();
    ok(&json!({
        "revision": shared.current().snapshot().revision(),
        "digest": loaded.digest.to_hex(),
        "bucketing": definitions.bucketing.as_str(),
        "files": files,
        "flags": definitions.flags.iter().map(flag).collect::<Vec<_>>(),
        "left_out": loaded.flags.left_out,
    }))
}

/// The text of a file of flags as it is in use: what an editor changes and puts back. The content is for the holder of a token,
/// because comments may say more than flags do.
pub(super) fn text(parts: &Parts, query: &str) -> Page {
    let Some(loaded) = parts.in_use() else {
        return wrong(
            StatusCode::SERVICE_UNAVAILABLE,
            "the gateway is still starting",
            "wait for /readyz",
        );
    };
    match file(query, &loaded) {
        Ok(file) => (
            StatusCode::OK,
            "text/plain; charset=utf-8",
            file.document.text.clone(),
        ),
        Err(message) => wrong(
            StatusCode::NOT_FOUND,
            &message,
            "/flags/file?file=NAME; /flags lists the files",
        ),
    }
}

/// The file of flags that `file=NAME` names; the only one needs no name.
pub(super) fn file<'l>(query: &str, in_use: &'l Loaded) -> Result<&'l ReadFlagFile, String> {
    let files = &in_use.flags.files;
    let wanted = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "file");
    let found = match &wanted {
        Some((_, name)) => files.iter().find(|file| file.name == **name),
        None if files.len() == 1 => files.first(),
        None => None,
    };
    found.ok_or_else(|| {
        let names = graylane_diagnostic::list(files.iter().map(|file| file.name.as_str()));
        match (wanted, files.len()) {
            (_, 0) => "flags.files names no file".to_owned(),
            (Some((_, name)), _) => {
                format!("{} is not among {names}", graylane_diagnostic::quote(&name))
            }
            (None, _) => format!("which of {names}?"),
        }
    })
}

/// Why somebody gets what: `key` names the flag, `targetingKey` the user, `context` is a JSON object of fields, and everything
/// else is a field by itself, which goes before one of the object.
pub(super) fn explain(parts: &Parts, shared: &Shared, query: &str) -> Page {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let of = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| &**value)
    };
    let Some(key) = of("key") else {
        return wrong(StatusCode::BAD_REQUEST, "the parameter `key` is missing", EXAMPLE);
    };
    let current = shared.current();
    let flags = current.snapshot().flags();
    let Some(id) = flags.find(key) else {
        let message = format!("there is no flag {}", graylane_diagnostic::quote(key));
        return wrong(StatusCode::NOT_FOUND, &message, "/flags lists them");
    };
    let object = match of("context").map(object) {
        None => Object::default(),
        Some(Ok(object)) => object,
        Some(Err(message)) => return wrong(StatusCode::BAD_REQUEST, &message, EXAMPLE),
    };
    let fields: Vec<(&str, ValueRef<'_>)> = pairs
        .iter()
        .filter(|(name, _)| !matches!(&**name, "key" | "context"))
        .map(|(name, value)| (&**name, read(value)))
        .chain(object.iter().map(|(name, value)| (&**name, value.as_ref())))
        .collect();
    let within = object.iter().find(|(name, _)| **name == *"targetingKey");
    let context = Fields {
        targeting_key: of("targetingKey").or(match within {
            Some((_, FlagValue::Text(key))) => Some(key),
            _ => None,
        }),
        fields: &fields,
        unix_seconds: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
    };
    let in_use = parts.in_use();
    let written = in_use.as_ref().and_then(|loaded| {
        let all = &loaded.flags.definitions.flags;
        let flag = all.iter().find(|flag| *flag.key == *key)?;
        Some((loaded.flags.origin(flag), loaded.flags.file_of(flag)?.revision))
    });
    let (origin, file_revision) = written.unwrap_or_default();
    ok(&json!({
        "revision": current.snapshot().revision(),
        "origin": origin,
        "file_revision": file_revision,
        "explanation": flags.explain(id, &context),
    }))
}

type Object = Box<[(Box<str>, FlagValue)]>;

/// The fields of a context that is written as a JSON object.
fn object(text: &str) -> Result<Object, String> {
    let source = Source::new("context", text.to_owned());
    match graylane_flags::read_json(&source).map(Node::into_value) {
        Ok(FlagValue::Map(fields)) => Ok(fields),
        Ok(_) => Err("`context` takes a JSON object".to_owned()),
        Err(found) => Err(format!("`context` is no JSON: {found}")),
    }
}

const EXAMPLE: &str = "/flags/explain?key=shop-v2&targetingKey=42&country=DE";

/// A field as it is meant: a number or a switch where it reads as one, else a string.
fn read(text: &str) -> ValueRef<'_> {
    match text {
        "true" => ValueRef::Bool(true),
        "false" => ValueRef::Bool(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => ValueRef::Integer(number),
            (_, Ok(number)) if number.is_finite() => ValueRef::Float(number),
            _ => ValueRef::Text(text),
        },
    }
}
