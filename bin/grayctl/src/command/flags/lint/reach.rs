//! What a rule can give at all.

use graylane_flags::{Data, Node, Number};

/// The results that a rule can have, as far as they are written in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Reach {
    pub(super) names: Vec<String>,
    /// It may leave it to the default, or to the split.
    pub(super) nothing: bool,
    /// It may give anything: a field of the context, say.
    pub(super) anything: bool,
}

/// Everything that a rule can give.
pub(super) fn of(rule: &Node) -> Reach {
    let mut reach = Reach::default();
    reach.add(rule);
    reach
}

impl Reach {
    fn add(&mut self, rule: &Node) {
        match &rule.data {
            Data::Null => self.nothing = true,
            Data::Bool(value) => self.names.push(value.to_string()),
            Data::Text(name) => self.names.push(name.to_string()),
            Data::Map(fields) => match &fields[..] {
                [] => self.nothing = true,
                [(operator, operands)] => self.add_operator(&operator.name, operands),
                _ => self.anything = true,
            },
            Data::Number(_) | Data::List(_) => self.anything = true,
        }
    }

    fn add_operator(&mut self, operator: &str, operands: &Node) {
        let operands = match &operands.data {
            Data::List(items) => items.as_slice(),
            _ => std::slice::from_ref(operands),
        };
        match operator {
            "if" | "?:" => {
                let (pairs, last) = operands.as_chunks::<2>();
                for [condition, branch] in pairs {
                    self.add(branch);
                    if always(condition) {
                        return;
                    }
                }
                match last {
                    [otherwise] => self.add(otherwise),
                    _ => self.nothing = true,
                }
            }
            "fractional" => {
                // The weights may be computed, and the key may be missing.
                self.nothing |= !has_constant_key(operands);
                for arm in operands.iter().filter_map(arm) {
                    self.add(arm);
                }
            }
            "==" | "===" | "!=" | "!==" | "<" | "<=" | ">" | ">=" | "!" | "!!" | "in" | "starts_with"
            | "ends_with" | "sem_ver" | "all" | "some" | "none" => {
                self.names.extend(["true".to_owned(), "false".to_owned()]);
                self.nothing |= matches!(operator, "starts_with" | "ends_with" | "sem_ver");
            }
            _ => self.anything = true,
        }
    }
}

/// The first of `[variant, weight]`.
fn arm(operand: &Node) -> Option<&Node> {
    match &operand.data {
        Data::List(items) => items.first(),
        _ => None,
    }
}

fn always(condition: &Node) -> bool {
    match &condition.data {
        Data::Bool(value) => *value,
        Data::Text(text) => !text.is_empty(),
        Data::Number(Number::Integer(number)) => *number != 0,
        _ => false,
    }
}

/// Whether a split has a key of its own that is the same for everybody.
fn has_constant_key(operands: &[Node]) -> bool {
    operands
        .first()
        .is_some_and(|first| !matches!(first.data, Data::List(_)) && !asks(first))
}

/// Each `fractional` of a rule whose key is the same for everybody.
pub(super) fn constant_keys<'n>(rule: &'n Node, found: &mut Vec<&'n Node>) {
    match &rule.data {
        Data::List(items) => items.iter().for_each(|item| constant_keys(item, found)),
        Data::Map(fields) => {
            for (key, node) in fields {
                if let ("fractional", Data::List(operands)) = (&*key.name, &node.data)
                    && has_constant_key(operands)
                {
                    found.push(node);
                }
                constant_keys(node, found);
            }
        }
        _ => {}
    }
}

/// Whether a part of a rule looks at somebody: a `var` that is not the flag's key or the time.
fn asks(rule: &Node) -> bool {
    match &rule.data {
        Data::List(items) => items.iter().any(asks),
        Data::Map(fields) => fields.iter().any(|(key, node)| match &*key.name {
            "var" => !is_of_flagd(node),
            "missing" | "missing_some" => true,
            _ => asks(node),
        }),
        _ => false,
    }
}

fn is_of_flagd(node: &Node) -> bool {
    match &node.data {
        Data::Text(name) => name.starts_with("$flagd."),
        Data::List(items) => items.first().is_some_and(is_of_flagd),
        _ => false,
    }
}
