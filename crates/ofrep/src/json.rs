//! Writing JSON into bytes.

use std::io::Write;

use graylane_flags::ValueRef;

/// A string, quoted and escaped.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    // Neither a string nor a `Vec` can fail.
    let _ = serde_json::to_writer(out, text);
}

/// Any value.
pub(crate) fn value(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.extend_from_slice(b"null"),
        ValueRef::Bool(true) => out.extend_from_slice(b"true"),
        ValueRef::Bool(false) => out.extend_from_slice(b"false"),
        ValueRef::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        ValueRef::Float(number) => {
            let _ = serde_json::to_writer(out, &number);
        }
        ValueRef::Text(text) => string(out, text),
        ValueRef::List(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                comma(out, index);
                self::value(out, item.as_ref());
            }
            out.push(b']');
        }
        ValueRef::Map(fields) => {
            out.push(b'{');
            for (index, (name, below)) in fields.iter().enumerate() {
                comma(out, index);
                field(out, name, below.as_ref());
            }
            out.push(b'}');
        }
    }
}

/// `"name":value`.
pub(crate) fn field(out: &mut Vec<u8>, name: &str, below: ValueRef<'_>) {
    string(out, name);
    out.push(b':');
    value(out, below);
}

/// What parts an item from the one before it.
pub(crate) fn comma(out: &mut Vec<u8>, index: usize) {
    if index > 0 {
        out.push(b',');
    }
}
