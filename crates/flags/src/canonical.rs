//! A flag as one line of JSON in which nothing is left to taste: two definitions mean the same if the lines are the same.
//! Audit entries and comparisons show it.

mod same;

use std::fmt::Write as _;

use crate::tape::{Seen, View};
use crate::{Definition, Definitions, Number, State, Value};

impl Definitions {
    /// One of these flags as one line of JSON.
    pub fn canonical(&self, flag: &Definition) -> String {
        // As long as most are.
        let mut out = String::with_capacity(256);
        out.push_str("{\"state\":");
        let variant = |index: u16| &*flag.variants[usize::from(index)].name;
        text(
            &mut out,
            if flag.state == State::Enabled {
                "ENABLED"
            } else {
                "DISABLED"
            },
        );
        out.push_str(",\"variants\":{");
        for (number, one) in flag.variants.iter().enumerate() {
            key(&mut out, number, &one.name);
            value(&mut out, &one.value);
        }
        out.push('}');
        if let Some(default) = flag.default {
            out.push_str(",\"defaultVariant\":");
            text(&mut out, variant(default));
        }
        if let Some(rule) = &flag.targeting {
            out.push_str(",\"targeting\":");
            node(&mut out, rule.view());
        }
        if let Some(split) = &flag.split {
            let _ = write!(
                out,
                ",\"split\":{{\"share\":{},\"of\":{},\"on\":",
                split.share, split.of
            );
            text(&mut out, variant(split.on));
            out.push_str(",\"off\":");
            text(&mut out, variant(split.off));
            if let Some(by) = &split.by {
                out.push_str(",\"by\":");
                text(&mut out, by);
            }
            out.push('}');
        }
        if !flag.prerequisites.is_empty() {
            out.push_str(",\"prerequisites\":{");
            for (number, one) in flag.prerequisites.iter().enumerate() {
                let other = &self.flags[one.flag as usize];
                key(&mut out, number, &other.key);
                out.push('[');
                for (number, index) in one.variants.iter().enumerate() {
                    comma(&mut out, number);
                    text(&mut out, &other.variants[usize::from(*index)].name);
                }
                out.push(']');
            }
            out.push('}');
        }
        if !flag.metadata.is_empty() {
            out.push_str(",\"metadata\":{");
            for (number, (name, one)) in flag.metadata.iter().enumerate() {
                key(&mut out, number, name);
                value(&mut out, one);
            }
            out.push('}');
        }
        out.push('}');
        out
    }
}

fn value(out: &mut String, one: &Value) {
    match one {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value) => display(out, value),
        Value::Float(value) => display(out, value),
        Value::Text(value) => text(out, value),
        Value::List(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                comma(out, number);
                value(out, item);
            }
            out.push(']');
        }
        Value::Map(fields) => {
            out.push('{');
            for (number, (name, field)) in fields.iter().enumerate() {
                key(out, number, name);
                value(out, field);
            }
            out.push('}');
        }
    }
}

fn node(out: &mut String, one: View<'_>) {
    match one.data() {
        Seen::Null => out.push_str("null"),
        Seen::Bool(value) => display(out, &value),
        Seen::Number(Number::Integer(value)) => display(out, &value),
        Seen::Number(Number::Float(value)) => display(out, &value),
        Seen::Text(value) => text(out, value),
        Seen::List(items) => {
            out.push('[');
            for (number, item) in items.enumerate() {
                comma(out, number);
                node(out, item);
            }
            out.push(']');
        }
        Seen::Map(fields) => {
            out.push('{');
            for (number, (name, field)) in fields.enumerate() {
                key(out, number, name.text());
                node(out, field);
            }
            out.push('}');
        }
    }
}

fn comma(out: &mut String, number: usize) {
    if number > 0 {
        out.push(',');
    }
}

fn key(out: &mut String, number: usize, name: &str) {
    comma(out, number);
    text(out, name);
    out.push(':');
}

fn display(out: &mut String, value: &dyn std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// A JSON string (RFC 8259, section 7).
fn text(out: &mut String, value: &str) {
    out.push('"');
    let is_plain = |byte: &u8| !matches!(byte, b'"' | b'\\' | 0..=0x1f);
    if value.as_bytes().iter().all(is_plain) {
        out.push_str(value);
        out.push('"');
        return;
    }
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
