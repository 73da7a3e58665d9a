//! Whatever stands in a file, reading it ends, with definitions that hold or with mistakes that have a place.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use graylane_diagnostic::{Diagnostics, Source};
use graylane_flags::{
    Data, Definitions, FlagSet, MAX_DEPTH, Node, Options, ReadOptions, read_json, read_toml,
};
use proptest::prelude::*;

/// Bytes that make up flags, so that more than the first one is looked at.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "=",
        "\"",
        "'",
        "\\",
        "\\u",
        "d83d",
        ".",
        "-",
        "e",
        "\n",
        " ",
        "#",
        "0",
        "9",
        "1e5",
        "true",
        "null",
        "nan",
        "1979-05-27",
        "\"flags\"",
        "flags",
        "[flags.a]\n",
        "\"a\":",
        "a",
        "\"state\":",
        "state",
        "\"gray-3\"",
        "\"ENABLED\"",
        "\"variants\":",
        "variants",
        "{\"on\": true}",
        "{ on = true, off = false }",
        "\"targeting\":",
        "targeting",
        "{\"$ref\": \"a\"}",
        "\"$evaluators\":",
        "prerequisites",
        "[{ flag = \"a\" }]",
        "\"metadata\":",
        "revision",
        "hash_mod",
        "{ mod = 9, threshold = 3 }",
        "'''",
        "\"\"\"",
        "\u{0}",
        "灰",
        "\u{202e}",
        "\r\n",
        "{\"flags\": {\"a\": ",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn bytes() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![pieces(), bytes(), any::<String>()]
}

/// Each place lies in the text, and the mistakes can be shown.
fn shown(source: &Source, faults: &Diagnostics) {
    for fault in faults {
        let span = fault.span.clone().unwrap();
        assert!(
            span.start <= span.end && span.end <= source.text().len(),
            "{fault:?}"
        );
    }
    assert!(faults.render(source).starts_with("error: "));
}

/// How deep the tree is; each place lies in the one around it, and is the bytes of the value.
fn depth(source: &Source, node: &Node) -> usize {
    assert!(source.text().get(node.span.clone()).is_some(), "{:?}", node.span);
    let below = |node: &Node| depth(source, node) + 1;
    match &node.data {
        Data::List(items) => items.iter().map(below).max().unwrap_or(1),
        Data::Map(fields) => fields.iter().map(|(_, node)| below(node)).max().unwrap_or(1),
        _ => 0,
    }
}

/// The same value, as JSON.
fn write(node: &Node, out: &mut String) {
    use std::fmt::Write as _;
    match &node.data {
        Data::Null => out.push_str("null"),
        Data::Bool(value) => write!(out, "{value}").unwrap(),
        Data::Number(graylane_flags::Number::Integer(number)) => write!(out, "{number}").unwrap(),
        Data::Number(graylane_flags::Number::Float(number)) => write!(out, "{number:?}").unwrap(),
        Data::Text(text) => out.push_str(&serde_json::to_string(text).unwrap()),
        Data::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write(item, out);
            }
            out.push(']');
        }
        Data::Map(fields) => {
            out.push('{');
            for (index, (key, node)) in fields.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                write!(out, "{}:", serde_json::to_string(&key.name).unwrap()).unwrap();
                write(node, out);
            }
            out.push('}');
        }
    }
}

fn json_text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(|value| format!("{value:?}")),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    scalar.prop_recursive(5, 60, 6, |inner| {
        let fields = prop::collection::hash_map(any::<String>(), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner, 0..6).prop_map(|items| format!("[ {} ]", items.join(" ,\n"))),
            fields.prop_map(|fields| {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(key, value)| format!("{}: {value}", serde_json::to_string(key).unwrap()))
                    .collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in text()) {
        for (name, read) in [("a.json", read_json as fn(&Source) -> Result<Node, Diagnostics>), ("a.toml", read_toml)] {
            let source = Source::new(name, text.clone());
            match read(&source) {
                Ok(node) => prop_assert!(depth(&source, &node) <= MAX_DEPTH),
                Err(faults) => shown(&source, &faults),
            }
        }
    }

    #[test]
    fn any_text_gives_definitions_or_mistakes(text in text(), quarantine: bool, as_flagd: bool) {
        for name in ["a.json", "a.toml"] {
            let source = Source::new(name, text.clone());
            match Definitions::read([&source], ReadOptions { quarantine, as_flagd }) {
                Ok(reading) => {
                    let set = FlagSet::compile_as_flagd(&reading.definitions, Options::default()).unwrap();
                    prop_assert_eq!(set.len(), reading.definitions.flags.len());
                }
                Err(faults) => shown(&source, &faults),
            }
        }
    }

    #[test]
    fn what_serde_json_refuses_is_refused(text in text()) {
        let source = Source::new("a.json", text);

        // The other way round this reader is stricter: no key stands twice, and half of a surrogate is none.
        if serde_json::from_str::<serde_json::Value>(source.text()).is_err() {
            prop_assert!(read_json(&source).is_err());
        }
    }

    #[test]
    fn json_is_read_as_it_was_meant(text in json_text()) {
        let source = Source::new("a.json", text.clone());

        let node = read_json(&source).map_err(|faults| faults.render(&source)).unwrap();

        let mut written = String::new();
        write(&node, &mut written);
        let ours: serde_json::Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(ours, serde_json::from_str::<serde_json::Value>(&text).unwrap());
    }
}

#[test]
fn the_work_grows_with_the_text_and_not_faster() {
    // Texts that make a naive reader start again and again: in quadratic time this would not end.
    let size = 1 << 18;
    let lines = |line: fn(usize) -> String| (0..size / 8).map(line).collect::<String>();
    for (name, text) in [
        ("a.json", "[".repeat(size)),
        ("a.json", "\"\\".repeat(size)),
        ("a.json", "{\"a\":".repeat(size)),
        ("a.json", format!("[{}", "1,".repeat(size))),
        ("a.json", format!("\"{}", "\\n".repeat(size))),
        ("a.json", format!("{}1", " \n".repeat(size))),
        ("a.json", format!("[{}]", "9".repeat(size))),
        (
            "a.json",
            format!("{{\"flags\": {{\"a\": {}", "{\"state\":".repeat(size)),
        ),
        (
            "a.json",
            format!("{{{}\"k0\": 1}}", lines(|line| format!("\"k{line}\": 1,"))),
        ),
        ("a.toml", "[".repeat(size)),
        ("a.toml", "\"".repeat(size)),
        ("a.toml", "=\n".repeat(size)),
        ("a.toml", "[[a]]\n".repeat(size / 8)),
        ("a.toml", "[a.b]\n".repeat(size / 8)),
        ("a.toml", lines(|line| format!("[a.k{line}]\n"))),
        ("a.toml", lines(|line| format!("k{line} = 1\n"))),
        ("a.toml", lines(|line| format!("k.k{line}.x = 1\n"))),
        ("a.toml", format!("a = [{}", "1, ".repeat(size))),
        ("a.toml", format!("a = \"{}", "\\n".repeat(size))),
        ("a.toml", lines(|line| format!("k{line} = 1979-05-27\n"))),
    ] {
        let source = Source::new(name, text);

        assert!(Definitions::read([&source], ReadOptions::default()).is_err());
    }
}
