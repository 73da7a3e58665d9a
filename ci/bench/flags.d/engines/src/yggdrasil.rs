//! unleash-yggdrasil: the same shapes in Unleash's words, a strategy with constraints and a rollout.

use std::collections::HashMap;

use serde_json::{Value, json};
use unleash_yggdrasil::{Context, EngineState, UpdateMessage};

use crate::shapes::{COUNTRIES, DOMAIN, KEY, LEAST_VERSION, Shape, users};
use crate::turns::Mode;

pub fn run(shape: Shape, mode: Mode) {
    let features =
        json!({"version": 2, "features": [{"name": KEY, "enabled": true, "strategies": strategies(shape)}]});
    let engine = EngineState::default();
    let message: UpdateMessage = serde_json::from_value(features).expect("features are in Unleash's form");
    assert!(
        engine.take_state(message).is_none(),
        "no warning about the features"
    );
    let contexts: Vec<Context> = users()
        .into_iter()
        .map(|user| Context {
            user_id: Some(user.id),
            session_id: None,
            environment: None,
            app_name: None,
            current_time: None,
            remote_address: None,
            properties: Some(HashMap::from([
                ("country".to_owned(), user.country.to_owned()),
                ("version".to_owned(), user.version),
                ("email".to_owned(), user.email),
            ])),
        })
        .collect();
    mode.run(|number| engine.is_enabled(KEY, &contexts[number], &None));
}

fn strategies(shape: Shape) -> Value {
    let rollout = json!({"rollout": "30", "stickiness": "userId", "groupId": KEY});
    match shape {
        Shape::Static => json!([{"name": "default"}]),
        Shape::Split => json!([{"name": "flexibleRollout", "parameters": rollout}]),
        Shape::Rule => json!([{"name": "flexibleRollout", "parameters": rollout, "constraints": [
            {"contextName": "country", "operator": "IN", "values": COUNTRIES},
            {"contextName": "version", "operator": "SEMVER_GTE", "value": LEAST_VERSION},
            {"contextName": "email", "operator": "STR_ENDS_WITH", "values": [DOMAIN]},
        ]}]),
    }
}
