//! Whatever a rule says: it compiles or is refused with a place, its evaluation ends, and the explanation agrees.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod flagd;
mod values;

use graylane_flags::{Bucketing, Context, FlagSet, Operand, Options, Split, Value, ValueRef};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

struct Somebody {
    key: Option<String>,
    fields: Value,
}

impl Context for Somebody {
    fn targeting_key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        self.fields.as_ref().child(name)
    }

    fn unix_seconds(&self) -> u64 {
        u64::MAX
    }
}

const OPERATORS: [&str; 39] = [
    "var",
    "missing",
    "missing_some",
    "if",
    "==",
    "===",
    "!=",
    "!==",
    ">",
    ">=",
    "%",
    "/",
    "map",
    "filter",
    "all",
    "none",
    "some",
    "in",
    "substr",
    "<",
    "<=",
    "reduce",
    "*",
    "!",
    "!!",
    "or",
    "and",
    "+",
    "-",
    "max",
    "min",
    "merge",
    "cat",
    "starts_with",
    "ends_with",
    "sem_ver",
    "fractional",
    "unknown",
    "$ref",
];

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-3_i64..4).prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        prop::sample::select(vec![
            "",
            "a",
            "b",
            "a.b",
            "b.0",
            "current",
            "accumulator",
            "on",
            "off",
            "1.2.3",
            ">=",
            "^",
            "targetingKey",
            "$flagd.timestamp",
            "$flagd.flagKey",
            "$flagd",
            "é",
        ])
        .prop_map(Json::from),
        ".{0,3}".prop_map(Json::from),
    ]
}

fn rule() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(8, 60, 5, |inner| {
        let operands = prop::collection::vec(inner.clone(), 0..5);
        prop_oneof![
            8 => (prop::sample::select(OPERATORS.to_vec()), operands.clone())
                .prop_map(|(operator, operands)| json!({ operator: operands })),
            2 => (prop::sample::select(OPERATORS.to_vec()), inner).prop_map(|(operator, one)| json!({ operator: one })),
            2 => operands.prop_map(Json::from),
        ]
    })
}

fn fields() -> impl Strategy<Value = Json> {
    let value = leaf().prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|map| map.into_iter().collect()),
        ]
    });
    prop::collection::btree_map("[abc]", value, 0..4).prop_map(|map| map.into_iter().collect())
}

fn result_of(rule: &Operand) -> Option<Value> {
    match rule {
        Operand::Condition(condition) => condition.result.clone(),
        Operand::Constant(value) | Operand::Variable { value, .. } => Some(value.clone()),
        Operand::Skipped => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn every_rule_ends_and_is_explained_as_it_is_evaluated(
        rule in rule(),
        fields in fields(),
        key in prop::option::of(".{0,9}"),
        bucketing in prop::sample::select(vec![Bucketing::V1, Bucketing::V2, Bucketing::V3]),
        gray: bool,
    ) {
        // Only an object is a whole rule.
        let rule = if rule.is_object() { rule } else { json!({"if": [true, rule]}) };
        let document = json!({"flags": {"f": {
            "variants": {"on": true, "off": false, "true": true}, "defaultVariant": "off", "targeting": rule,
        }}});
        let mut definitions = flagd::definitions(&document, bucketing);
        if gray {
            definitions.flags[0].split = Some(Split { on: 1, off: 0, by: Some("a".into()), share: 5, of: 10 });
        }
        let options = Options { gray_on: true };
        let set = FlagSet::compile_as_flagd(&definitions, options).unwrap();
        let id = set.find("f").unwrap();
        let context = Somebody { key, fields: values::of(&fields) };

        let answer = set.evaluate(id, &context);
        let explanation = set.explain(id, &context);
        let strict = FlagSet::compile(&definitions, options);

        match &answer {
            Ok(resolution) => {
                prop_assert_eq!(explanation.answer.variant.as_deref(), resolution.variant.map(|(_, name)| name));
                prop_assert_eq!(explanation.answer.reason, Some(resolution.reason.as_str()));
                prop_assert_eq!(&explanation.answer.error, &None);
            }
            Err(error) => prop_assert_eq!(explanation.answer.error, Some(error.to_string())),
        }
        // The rule's own result says the same as the answer.
        if let Some(rule) = &explanation.rule {
            let named = match result_of(rule) {
                Some(Value::Text(name)) => Some(name.to_string()),
                Some(Value::Bool(value)) => Some(value.to_string()),
                _ => None,
            };
            let known = named.filter(|name| ["on", "off", "true"].contains(&name.as_str()));
            prop_assert_eq!(known.is_some(), explanation.answer.reason == Some("TARGETING_MATCH"));
            if known.is_some() {
                prop_assert_eq!(known, explanation.answer.variant);
            }
        }
        // What the schema allows, answers the same either way.
        prop_assert_eq!(strict.is_err(), !definitions.flags[0].mistakes().is_empty());
        if let Ok(strict) = strict {
            prop_assert_eq!(strict.evaluate(id, &context), answer);
        }
        serde_json::to_string(&set.explain(id, &context)).unwrap();
    }
}
