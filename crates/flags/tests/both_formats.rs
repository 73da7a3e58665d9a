//! A set that is written in both formats is the same set.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use graylane_diagnostic::Source;
use graylane_flags::{Data, Definitions, Node, ReadOptions, Reading, Rule};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

fn read(name: &str, text: &str) -> Reading {
    let source = Source::new(name, text.to_owned());
    let reading = Definitions::read([&source], ReadOptions::default());
    reading
        .map_err(|faults| format!("{}\n{text}", faults.render(&source)))
        .unwrap()
}

/// Without places, which differ.
fn plain(mut reading: Reading) -> String {
    for flag in &mut reading.definitions.flags {
        flag.span = 0..0;
        flag.targeting = flag.targeting.take().map(|rule| {
            let mut node = rule.to_node();
            forget(&mut node);
            Rule::from(&node)
        });
    }
    format!("{reading:#?}")
}

fn forget(node: &mut Node) {
    node.span = 0..0;
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(forget),
        Data::Map(fields) => {
            for (key, node) in fields {
                key.span = 0..0;
                forget(node);
            }
        }
        _ => {}
    }
}

/// Any JSON without null as an inline value of TOML.
fn toml(json: &Json) -> String {
    match json {
        Json::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{} = {}", text(key), toml(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Json::String(string) => text(string),
        other => other.to_string(),
    }
}

/// A basic string of TOML has the escapes of JSON, and wants one more.
fn text(string: &str) -> String {
    serde_json::to_string(string)
        .unwrap()
        .replace('\u{7f}', "\\u007f")
}

/// The file in TOML's words, the rules as TOML or as JSON in a string.
fn as_toml(document: &Json, rules_in_strings: bool) -> String {
    let rule = |rule: &Json| match rules_in_strings {
        true => text(&rule.to_string()),
        false => toml(rule),
    };
    let mut out = String::new();
    let mut metadata = document["metadata"].as_object().unwrap().clone();
    for setting in ["bucketing", "revision"] {
        if let Some(value) = metadata.remove(setting) {
            out += &format!("{setting} = {}\n", toml(&value));
        }
    }
    out += &format!("metadata = {}\nflags = {{}}\n", toml(&Json::Object(metadata)));
    let flags = document["flags"].as_object().unwrap();
    if !flags.is_empty() {
        out = out.replace("flags = {}\n", "");
    }
    out += "[evaluators]\n";
    for (name, evaluator) in document["$evaluators"].as_object().unwrap() {
        out += &format!("{} = {}\n", text(name), rule(evaluator));
    }
    for (key, flag) in flags {
        out += &format!("[flags.{}]\n", text(key));
        for (key, value) in flag.as_object().unwrap() {
            out += &match key.as_str() {
                "defaultVariant" => format!("default = {}\n", toml(value)),
                "targeting" => format!("targeting = {}\n", rule(value)),
                _ => format!("{key} = {}\n", toml(value)),
            };
        }
    }
    out
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Json::from),
        any::<String>().prop_map(Json::from),
    ]
}

fn rule() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        scalar(),
        any::<String>().prop_map(|name| json!({"var": name})),
        Just(json!({"$ref": "e"})),
    ];
    let rule = leaf.prop_recursive(3, 20, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|items| json!({"and": items})),
            (inner.clone(), inner).prop_map(|(one, other)| json!({"==": [one, other]})),
        ]
    });
    rule.prop_map(|condition| json!({"if": [condition, "a"]}))
}

fn metadata() -> impl Strategy<Value = Map<String, Json>> {
    prop::collection::hash_map("[a-z]{1,3}", scalar(), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn variants() -> impl Strategy<Value = Json> {
    let name = "[a-c]|灰|x y|\"q\"";
    let of = |value: BoxedStrategy<Json>| prop::collection::hash_map(name, value, 1..4);
    let object = metadata().prop_map(|fields| json!({ "inner": fields, "list": [fields] }));
    prop_oneof![
        of(any::<bool>().prop_map(Json::from).boxed()),
        of(any::<i64>().prop_map(Json::from).boxed()),
        of(any::<String>().prop_map(Json::from).boxed()),
        of(object.boxed()),
    ]
    .prop_map(|variants| Json::Object(variants.into_iter().collect()))
}

fn state() -> impl Strategy<Value = Json> {
    prop::sample::select(vec![
        json!("ENABLED"),
        json!("disabled"),
        json!(true),
        json!(0),
        json!("on"),
        json!("FALSE"),
    ])
}

fn flag() -> impl Strategy<Value = Map<String, Json>> {
    let plain = (state(), variants(), any::<prop::sample::Index>(), any::<bool>()).prop_map(
        |(state, variants, default, has_default)| {
            let names: Vec<&String> = variants.as_object().unwrap().keys().collect();
            let name = default.get(&names).to_string();
            let mut flag = json!({"state": state, "variants": variants});
            if has_default {
                flag["defaultVariant"] = name.into();
            }
            flag
        },
    );
    let gray = (0..=100_000_u32)
        .prop_map(|steps| json!({"state": format!("gray-{}.{:03}", steps / 1000, steps % 1000)}));
    let hashed = (0..=100_u32)
        .prop_map(|part| json!({"state": "on", "hash_mod": {"mod": 100, "key": "uid", "threshold": part}}));
    let base = prop_oneof![3 => plain, 1 => gray, 1 => hashed];
    (base, prop::option::of(rule()), prop::option::of(metadata())).prop_map(|(flag, rule, metadata)| {
        let Json::Object(mut flag) = flag else {
            unreachable!()
        };
        flag.extend(rule.map(|rule| ("targeting".to_owned(), rule)));
        flag.extend(metadata.map(|metadata| ("metadata".to_owned(), metadata.into())));
        flag
    })
}

fn document() -> impl Strategy<Value = Json> {
    let flags = prop::collection::vec(
        (".{1,8}", flag(), any::<prop::sample::Index>(), any::<bool>()),
        0..6,
    );
    let bucketing = prop::option::of(prop::sample::select(vec!["flagd-v1", "flagd-v2", "flagd-v3"]));
    let revision = prop::option::of(0..=i64::MAX);
    (flags, metadata(), bucketing, revision).prop_map(|(flags, mut metadata, bucketing, revision)| {
        let mut all = Map::new();
        for (key, mut flag, other, wants) in flags {
            // Only flags that were there before, so that there is no circle; none of them is written again.
            if all.contains_key(&key) {
                continue;
            }
            if wants && !all.is_empty() {
                let flags: Vec<(&String, &Json)> = all.iter().collect();
                let (other, wanted) = other.get(&flags);
                let variant = match &wanted["variants"] {
                    Json::Object(variants) => variants.keys().next().unwrap().clone(),
                    _ => "on".to_owned(),
                };
                flag.insert(
                    "prerequisites".into(),
                    json!([{"flag": other, "variants": [variant]}]),
                );
            }
            all.insert(key, flag.into());
        }
        metadata.extend(bucketing.map(|name| ("bucketing".to_owned(), name.into())));
        metadata.extend(revision.map(|number| ("revision".to_owned(), number.into())));
        json!({"flags": all, "metadata": metadata, "$evaluators": {"e": {"in": ["x", {"var": "y"}]}}})
    })
}

proptest! {
    #[test]
    fn both_formats_give_the_same_set(document in document(), rules_in_strings: bool) {
        let json = read("a.json", &document.to_string());
        let pretty = read("a.json", &serde_json::to_string_pretty(&document).unwrap());
        let toml = read("a.toml", &as_toml(&document, rules_in_strings));

        let json = plain(json);
        prop_assert_eq!(&json, &plain(pretty));
        prop_assert_eq!(&json, &plain(toml));
    }
}
