use graylane_diagnostic::{Source, Sources};

use crate::{Definitions, Node, ReadOptions, Rule, read_json};

fn read(text: &str) -> Node {
    read_json(&Source::new("a.json", text.to_owned())).unwrap()
}

#[test]
fn a_tree_comes_back_from_its_tape_as_it_was() {
    for text in [
        "null",
        "{}",
        "[[], {}, [[1, -2.5e3]], \"\"]",
        r#"{"a": {"b": [true, "\u00e4", {"c": null}]}, "\n": "x", "d": 18446744073709551616}"#,
    ] {
        let node = read(text);

        let again = Rule::from(&node).to_node();

        assert_eq!(again, node, "{text}");
    }
}

#[test]
fn places_behind_other_files_are_kept() {
    let mut sources = Sources::new(Source::new("long.json", " ".repeat(70_000)));
    let node = read_json(sources.add(Source::new("a.json", "  [1, {\"a\": 2}]".to_owned()))).unwrap();

    let again = Rule::from(&node).to_node();

    assert_eq!(node.span, 70_003..70_016);
    assert_eq!(again, node);
}

#[test]
fn only_a_rule_in_which_it_stands_refers() {
    let text = r#"{"$evaluators": {"staff": {"==": [1, 1]}}, "flags": {
        "a": {"state": "on", "variants": {"x": 1}, "targeting": {"if": [{"$ref": "staff"}, "x"]}},
        "b": {"state": "on", "variants": {"x": 1}, "targeting": {"if": [{"\u0024ref": "staff"}, "x"]}},
        "c": {"state": "on", "variants": {"x": 1}, "targeting": {"if": [{"==": [1, 1]}, "x"]}}}}"#;
    let source = Source::new("a.json", text.to_owned());

    let reading = Definitions::read([&source], ReadOptions::default()).unwrap();

    let [a, b, c] = [0, 1, 2].map(|flag| reading.definitions.flags[flag].targeting.clone().unwrap());
    assert!(a.says_same(&c) && b.says_same(&c));
    assert_eq!(
        [a, b, c].map(|rule| rule.view().written().is_some()),
        [false, false, true]
    );
}
