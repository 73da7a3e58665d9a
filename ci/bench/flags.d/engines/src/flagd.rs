//! The official evaluation engine of flagd for Rust, called as its provider calls it.

use std::collections::HashMap;

use flagd_evaluation_engine::{FlagParser, Operator};
use open_feature::{EvaluationContext, EvaluationContextFieldValue};

use crate::shapes::{KEY, Shape, users};
use crate::turns::Mode;

pub fn run(shape: Shape, mode: Mode) {
    let flags = FlagParser::parse_string(&shape.document())
        .expect("the document parses")
        .flags;
    let operator = Operator::new();
    let contexts: Vec<EvaluationContext> = users()
        .into_iter()
        .map(|user| EvaluationContext {
            targeting_key: Some(user.id),
            custom_fields: HashMap::from([
                ("country".to_owned(), text(user.country)),
                ("version".to_owned(), text(&user.version)),
                ("email".to_owned(), text(&user.email)),
            ]),
        })
        .collect();
    mode.run(|number| {
        let flag = &flags[KEY];
        let targeting = flag.get_targeting();
        let chosen = if targeting.is_empty() || targeting == "{}" {
            None
        } else {
            operator
                .apply(KEY, &targeting, &contexts[number])
                .expect("the rule holds")
        };
        let variant = chosen.as_deref().unwrap_or(&flag.default_variant);
        flag.variants[variant] == true
    });
}

fn text(value: &str) -> EvaluationContextFieldValue {
    EvaluationContextFieldValue::String(value.to_owned())
}
