//! From the name of a variable to the key that it means.
//!
//! A name has neither dots nor dashes and is in capitals, so it is compared with what is there: the declared keys, and
//! the names that the files give. It cannot make a name of its own: a misspelt one would be a new lane.

use graylane_diagnostic::{Diagnostic, cut, list, meant, quote};
use toml::de::{DeTable, DeValue};

use super::PREFIX;
use super::path::{Part, shown_key};
use crate::keys::TABLES;
use crate::parse::Modules;

/// What parts a name into the parts of a key.
const SEPARATOR: &str = "__";

/// The parts of the key that a variable means, with their places in its name.
pub(super) fn resolve(name: &str, tree: &DeTable<'_>, modules: Modules<'_>) -> Result<Vec<Part>, Diagnostic> {
    let mut parts: Vec<Part> = Vec::new();
    let mut at = PREFIX.len();
    for word in name[PREFIX.len()..].split(SEPARATOR) {
        let place = at..at + word.len();
        at = place.end + SEPARATOR.len();
        let name = choose(word, &parts, tree, modules).map_err(|fault| fault.at(place.clone()))?;
        parts.push(Part { name, place });
    }
    Ok(parts)
}

/// The next part, among those that may follow.
fn choose(
    word: &str,
    before: &[Part],
    tree: &DeTable<'_>,
    modules: Modules<'_>,
) -> Result<String, Diagnostic> {
    let path: Vec<&str> = before.iter().map(|part| &*part.name).collect();
    let options = options(&path, tree, modules);
    let same: Vec<&String> = options
        .iter()
        .filter(|option| folded(option) == folded(word))
        .collect();
    match same[..] {
        [only] => Ok(only.clone()),
        [first, second, ..] => Err(Diagnostic::new(format!(
            "{} may mean {} or {}",
            quote(word),
            quote(first),
            quote(second)
        ))
        .hint("say which one with --set, or in a file")),
        // What a module takes only the module knows.
        [] if path.len() >= 2 && path[0] == "modules" => Ok(word.to_ascii_lowercase()),
        [] => {
            let message = match &path[..] {
                [] => format!("a configuration has no {}", quote(&word.to_ascii_lowercase())),
                path => format!(
                    "`{}` has no {}",
                    shown_key(path.iter().copied()),
                    quote(&word.to_ascii_lowercase())
                ),
            };
            let parted = options
                .iter()
                .filter(|option| folded(word).starts_with(&format!("{}_", folded(option))))
                .find_map(|option| Some((option, word.get(option.len() + 1..)?)));
            let hint = match (
                meant(&word.to_ascii_lowercase(), options.iter().map(String::as_str)),
                parted,
            ) {
                (Some(other), _) => format!("did you mean `{}`?", shouted(other)),
                (None, Some((first, rest))) => format!(
                    "two underscores part the parts of a key: `{}__{}`",
                    shouted(first),
                    shouted(&cut(rest))
                ),
                (None, None) if options.is_empty() => {
                    "a variable cannot make a new name: write it in a file".to_owned()
                }
                (None, None) => format!("it has {}", list(options.iter().take(20).map(String::as_str))),
            };
            Err(Diagnostic::new(message).hint(hint))
        }
    }
}

/// What may follow a path: declared keys and tables, and the names that are there.
fn options(path: &[&str], tree: &DeTable<'_>, modules: Modules<'_>) -> Vec<String> {
    let mut options: Vec<String> = Vec::new();
    let mut named = path == ["modules"];
    for table in TABLES {
        for key in table.keys {
            let parts = table.path.split('.').filter(|part| !part.is_empty());
            let mut pattern = parts.chain([key.name]);
            let fits = path.iter().all(|part| {
                pattern
                    .next()
                    .is_some_and(|other| other.starts_with('<') || other == *part)
            });
            match pattern.next().filter(|_| fits) {
                Some(other) if other.starts_with('<') => named = true,
                Some(other) => options.push(other.to_owned()),
                None => {}
            }
        }
    }
    if path.is_empty() {
        options.push("modules".to_owned());
    }
    if let (["modules"], Modules::These(known)) = (path, modules) {
        options.extend(known.iter().map(|name| (*name).to_owned()));
    }
    if named || path.first() == Some(&"modules") {
        let table = path
            .iter()
            .try_fold(tree, |table, part| match table.get(*part)?.get_ref() {
                DeValue::Table(table) => Some(table),
                _ => None,
            });
        options.extend(
            table
                .into_iter()
                .flatten()
                .map(|(name, _)| name.get_ref().to_string()),
        );
    }
    options.sort_unstable();
    options.dedup();
    options
}

/// What is left of a name in the name of a variable.
fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace(['-', '.'], "_")
}

fn shouted(name: &str) -> String {
    folded(name).to_ascii_uppercase()
}
