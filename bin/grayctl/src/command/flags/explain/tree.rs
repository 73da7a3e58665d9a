//! An explanation as text: what the gateway and the evaluator tell as the same JSON.

use std::fmt::Write as _;

use graylane_diagnostic::printable;
use serde_json::Value;

use crate::command::flags::view::spaced;

/// The answer first, then how it came about.
pub(super) fn text(explanation: &Value) -> String {
    let mut text = format!(
        "{}: {}\n",
        printable(explanation["flag"].as_str().unwrap_or("?")),
        answer(&explanation["answer"])
    );
    for waiting in items(&explanation["prerequisites"]) {
        let wanted: Vec<String> = items(&waiting["wanted"]).iter().map(name).collect();
        let holds = if waiting["holds"] == true {
            "holds"
        } else {
            "does not hold"
        };
        _ = writeln!(
            text,
            "\nprerequisite {} is {}: {holds}\n  {}",
            name(&waiting["flag"]),
            wanted.join(" or "),
            answer(&waiting["answer"])
        );
    }
    if !explanation["rule"].is_null() {
        text.push_str("\nrule\n");
        operand(&mut text, &explanation["rule"], 1);
    }
    if !explanation["split"].is_null() {
        text.push_str("\nsplit\n");
        draw(&mut text, &explanation["split"], 1);
    }
    text
}

fn answer(answer: &Value) -> String {
    if let Some(error) = answer["error"].as_str() {
        return format!("no answer, because {}", printable(error));
    }
    let reason = answer["reason"].as_str().unwrap_or("?");
    match answer["variant"].as_str() {
        Some(variant) => format!(
            "variant {}, value {}, reason {reason}",
            printable(variant),
            printable(&spaced(&answer["value"]))
        ),
        None => format!("left to the default in the code, reason {reason}"),
    }
}

/// The depth of a rule is bounded, so the recursion is.
fn operand(text: &mut String, operand: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    if let Some(value) = operand.get("constant") {
        _ = writeln!(text, "{indent}{}", printable(&spaced(value)));
    } else if let Some(variable) = operand.get("variable") {
        let value = &variable["value"];
        let value = if value.is_null() {
            "missing".to_owned()
        } else {
            printable(&spaced(value))
        };
        _ = writeln!(text, "{indent}{} is {value}", name(&variable["name"]));
    } else if let Some(condition) = operand.get("condition") {
        let result = &condition["result"];
        let result = if result.is_null() {
            "null".to_owned()
        } else {
            printable(&spaced(result))
        };
        let operator = condition["operator"].as_str().unwrap_or("?");
        _ = writeln!(text, "{indent}{operator} -> {result}");
        for one in items(&condition["operands"]) {
            self::operand(text, one, depth + 1);
        }
        if !condition["draw"].is_null() {
            draw(text, &condition["draw"], depth + 1);
        }
    } else {
        _ = writeln!(text, "{indent}(not asked)");
    }
}

fn draw(text: &mut String, draw: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    let bucketing = draw["bucketing"].as_str().unwrap_or("?");
    let of = draw["of"].as_u64().unwrap_or(0);
    let bucket = draw["bucket"].as_u64();
    match (draw["hash"].as_u64(), bucket) {
        (None, _) => _ = writeln!(text, "{indent}{bucketing}: there is nothing to hash"),
        (Some(hash), None) => {
            _ = writeln!(
                text,
                "{indent}{bucketing}: hash {hash:#010x}, but the weights cannot be drawn from"
            );
        }
        (Some(hash), Some(bucket)) => {
            _ = writeln!(
                text,
                "{indent}{bucketing}: hash {hash:#010x}, bucket {bucket} of {of}"
            );
        }
    }
    for range in items(&draw["ranges"]) {
        let (from, until) = (
            range["from"].as_u64().unwrap_or(0),
            range["until"].as_u64().unwrap_or(0),
        );
        let variant = range["variant"]
            .as_str()
            .map_or_else(|| "(default)".to_owned(), printable);
        let here = bucket.is_some_and(|bucket| (from..until).contains(&bucket));
        let mark = if here { ">" } else { " " };
        if from == until {
            _ = writeln!(text, "{indent}{mark} nobody: {variant}");
        } else {
            _ = writeln!(text, "{indent}{mark} {from} to {}: {variant}", until - 1);
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn name(value: &Value) -> String {
    value.as_str().map_or_else(|| "?".to_owned(), printable)
}
