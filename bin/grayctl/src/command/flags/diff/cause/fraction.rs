//! What differs between two rules, and within their `fractional`s more exactly.

use graylane_diagnostic::cut;
use graylane_flags::{Data, Node};

use super::{Cause, Kind, cause};

/// Adds what differs.
pub(super) fn differences(old: &Node, new: &Node, causes: &mut Vec<Cause>) {
    if is_same(old, new) {
        return;
    }
    match (&old.data, &new.data) {
        (Data::Map(one), Data::Map(other)) => match (&one[..], &other[..]) {
            ([(key, one)], [(also, other)]) if key.name == also.name => {
                match (&*key.name, &one.data, &other.data) {
                    ("fractional", Data::List(one), Data::List(other)) => fractions(one, other, causes),
                    _ => differences(one, other, causes),
                }
            }
            _ => causes.push(rule()),
        },
        (Data::List(one), Data::List(other)) if one.len() == other.len() => {
            for (one, other) in std::iter::zip(one, other) {
                differences(one, other, causes);
            }
        }
        _ => causes.push(rule()),
    }
}

fn rule() -> Cause {
    cause(Kind::Rule, "rule differs".to_owned())
}

/// Whether a rule has a `fractional`.
pub(super) fn has_one(rule: &Node) -> bool {
    match &rule.data {
        Data::List(items) => items.iter().any(has_one),
        Data::Map(fields) => fields
            .iter()
            .any(|(key, node)| &*key.name == "fractional" || has_one(node)),
        _ => false,
    }
}

fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.data, &other.data) {
        (Data::List(one), Data::List(other)) => {
            one.len() == other.len() && std::iter::zip(one, other).all(|(one, other)| is_same(one, other))
        }
        (Data::Map(one), Data::Map(other)) => {
            one.len() == other.len()
                && std::iter::zip(one, other)
                    .all(|((key, one), (also, other))| key.name == also.name && is_same(one, other))
        }
        (one, other) => one == other,
    }
}

/// A variant with its weight.
struct Arm<'n> {
    variant: String,
    weight: Option<&'n Node>,
}

fn fractions(old: &[Node], new: &[Node], causes: &mut Vec<Cause>) {
    let ((one, before), (other, after)) = (parts(old), parts(new));
    let keys_agree = match (one, other) {
        (Some(one), Some(other)) => is_same(one, other),
        (None, None) => true,
        _ => false,
    };
    if !keys_agree {
        let key = |key: Option<&Node>| key.map_or_else(|| "targetingKey".to_owned(), |key| cut(&text(key)));
        causes.push(cause(Kind::Key, format!("key {} -> {}", key(one), key(other))));
    }
    let names = |arms: &[Arm<'_>]| arms.iter().map(|arm| arm.variant.clone()).collect::<Vec<_>>();
    let (first, second) = (names(&before), names(&after));
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    if sorted(&first) != sorted(&second) {
        let text = format!(
            "split of {} -> {}",
            cut(&first.join(", ")),
            cut(&second.join(", "))
        );
        causes.push(cause(Kind::Variants, text));
        return;
    }
    if first != second {
        let text = format!("order {} -> {}", cut(&first.join(", ")), cut(&second.join(", ")));
        causes.push(cause(Kind::Order, text));
    }
    for arm in &before {
        // The names are the same on both sides.
        let Some(also) = after.iter().find(|also| also.variant == arm.variant) else {
            continue;
        };
        let weight = |arm: &Arm<'_>| arm.weight.map_or_else(|| "1".to_owned(), text);
        let (one, other) = (weight(arm), weight(also));
        if one != other {
            let text = format!("weight of {} {} -> {}", cut(&arm.variant), cut(&one), cut(&other));
            causes.push(cause(Kind::Weight, text));
        }
    }
}

/// The key of a split, where it has its own, and its arms.
fn parts(operands: &[Node]) -> (Option<&Node>, Vec<Arm<'_>>) {
    let key = operands
        .first()
        .filter(|first| !matches!(first.data, Data::List(_)));
    let arms = operands[usize::from(key.is_some())..]
        .iter()
        .map(|operand| match &operand.data {
            Data::List(items) => Arm {
                variant: items.first().map(text).unwrap_or_default(),
                weight: items.get(1),
            },
            _ => Arm {
                variant: text(operand),
                weight: None,
            },
        });
    (key, arms.collect())
}

/// A string as it is, anything else as JSON.
fn text(node: &Node) -> String {
    match &node.data {
        Data::Text(text) => text.to_string(),
        _ => serde_json::to_string(&node.clone().into_value()).unwrap_or_default(),
    }
}
