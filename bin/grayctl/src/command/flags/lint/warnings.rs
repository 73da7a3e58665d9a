//! What is allowed and probably not meant.

use std::collections::{HashMap, HashSet};

use graylane_diagnostic::{Diagnostic, Source, Sources, Texts, quote};
use graylane_flags::{Data, Definition, Definitions, Key, Node, Rule, State, read_json, read_toml};

use super::reach;

/// All warnings about flags that can be read.
pub(super) fn of(definitions: &Definitions, sources: &Sources) -> Vec<Diagnostic> {
    let trees: Vec<Node> = sources.iter().filter_map(tree).collect();
    let mut all = Vec::new();
    for tree in &trees {
        unused_evaluators(tree, &mut all);
    }
    replaced(&trees, sources, &mut all);
    for flag in &definitions.flags {
        finished(flag, &mut all);
        rule(flag, &mut all);
    }
    all
}

/// The tree of a file of flags; every one could be read before.
pub(crate) fn tree(source: &Source) -> Option<Node> {
    if is_json(source) {
        read_json(source).ok()
    } else {
        read_toml(source).ok()
    }
}

/// Whether the reader takes a file for JSON.
pub(crate) fn is_json(source: &Source) -> bool {
    let name = source.name().to_ascii_lowercase();
    name.ends_with(".json") || !name.ends_with(".toml") && source.text().trim_start().starts_with('{')
}

fn child<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    let Data::Map(fields) = &node.data else {
        return None;
    };
    fields
        .iter()
        .find(|(key, _)| names.contains(&&*key.name))
        .map(|(_, node)| node)
}

/// Those that no flag uses, not even through another one.
fn unused_evaluators(tree: &Node, all: &mut Vec<Diagnostic>) {
    let Some(Data::Map(evaluators)) = child(tree, &["evaluators", "$evaluators"]).map(|node| &node.data)
    else {
        return;
    };
    let mut used = HashSet::new();
    if let Some(flags) = child(tree, &["flags"]) {
        references(flags, &mut used);
    }
    // Each turn marks at least one more, or is the last.
    loop {
        let before = used.len();
        let mut more = HashSet::new();
        for (_, rule) in evaluators.iter().filter(|(key, _)| used.contains(&*key.name)) {
            references(rule, &mut more);
        }
        used.extend(more);
        if used.len() == before {
            break;
        }
    }
    for (key, _) in evaluators.iter().filter(|(key, _)| !used.contains(&*key.name)) {
        let warning = Diagnostic::new(format!(
            "no flag of this file uses the evaluator {}",
            quote(&key.name)
        ));
        all.push(
            warning
                .hint("remove it; a `$ref` does not reach into another file")
                .at(key.span.clone()),
        );
    }
}

/// The names in each `$ref`, also within rules that are written as strings.
fn references(node: &Node, used: &mut HashSet<String>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| references(item, used)),
        Data::Map(fields) => {
            for (key, node) in fields {
                match &node.data {
                    Data::Text(name) if &*key.name == "$ref" => _ = used.insert(name.to_string()),
                    _ => references(node, used),
                }
            }
        }
        Data::Text(text) if text.contains("$ref") => {
            if let Ok(rule) = read_json(&Source::new("", text.to_string())) {
                references(&rule, used);
            }
        }
        _ => {}
    }
}

/// Flags that a later file replaces: allowed as a layer, surprising as an accident.
fn replaced(trees: &[Node], sources: &Sources, all: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for tree in trees {
        for key in child(tree, &["flags"]).map(keys).unwrap_or_default() {
            let Some(before) = seen.insert(key.name.clone(), key.clone()) else {
                continue;
            };
            let first = sources.source_of(Some(before.span.start));
            let warning = Diagnostic::new(format!(
                "the flag {} replaces the one at {}:{}",
                quote(&key.name),
                first.name(),
                first.place(before.span.start).0
            ));
            all.push(
                warning
                    .hint("the whole flag counts, not single keys; remove one of the two")
                    .at(key.span),
            );
        }
    }
}

/// The keys of flags, which stand in an object or in an array.
fn keys(flags: &Node) -> Vec<Key> {
    match &flags.data {
        Data::Map(flags) => flags.iter().map(|(key, _)| key.clone()).collect(),
        Data::List(items) => {
            let key = |item| {
                let node = child(item, &["key"])?;
                let Data::Text(name) = &node.data else {
                    return None;
                };
                Some(Key {
                    span: node.span.clone(),
                    name: name.clone(),
                })
            };
            items.iter().filter_map(key).collect()
        }
        _ => Vec::new(),
    }
}

/// A rollout that has come to its end.
fn finished(flag: &Definition, all: &mut Vec<Diagnostic>) {
    let Some(split) = flag.split.as_ref().filter(|_| flag.state == State::Enabled) else {
        return;
    };
    let variant = match split.share {
        0 => split.off,
        share if share == split.of => split.on,
        _ => return,
    };
    let variant = quote(&flag.variants[usize::from(variant)].name);
    let key = quote(&flag.key);
    let warning = Diagnostic::new(format!("the split of {key} gives everybody {variant}"));
    let hint = format!(
        "where that stays so, make {variant} the default and the state `enabled`, then remove the flag from the code"
    );
    all.push(warning.hint(hint).at(flag.span.clone()));
}

fn rule(flag: &Definition, all: &mut Vec<Diagnostic>) {
    let Some(rule) = flag.targeting.as_ref().map(Rule::to_node) else {
        return;
    };
    let key = quote(&flag.key);
    let mut constant = Vec::new();
    reach::constant_keys(&rule, &mut constant);
    for split in constant {
        let warning = Diagnostic::new(format!("`fractional` of {key} gives everybody the same bucket"));
        let hint =
            "its first operand never looks at the user: leave it out for the targeting key, or add a `var`";
        all.push(warning.hint(hint).at(split.span.clone()));
    }
    let reach = reach::of(&rule);
    if reach.anything {
        return;
    }
    if flag.split.is_some() && !reach.nothing {
        let warning = Diagnostic::new(format!(
            "the rule of {key} decides for everybody, so nobody is split"
        ));
        all.push(
            warning
                .hint("let the rule give null for those whom the split may have")
                .at(rule.span.clone()),
        );
    }
    for (number, variant) in flag.variants.iter().enumerate() {
        let given = reach.names.iter().any(|name| **name == *variant.name);
        let default = flag.default.map(usize::from) == Some(number);
        if given || default || flag.split.is_some() {
            continue;
        }
        let warning = Diagnostic::new(format!(
            "nobody can get the variant {} of {key}",
            quote(&variant.name)
        ));
        all.push(
            warning
                .hint("neither the rule nor the default names it: is it misspelt in the rule?")
                .at(flag.span.clone()),
        );
    }
}
