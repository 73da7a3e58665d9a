use graylane_core::Weight;
use graylane_diagnostic::{Diagnostic, cut, quote};

use crate::Number;
use crate::tape::{Seen, View};

/// What `state` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stated {
    Enabled,
    Disabled,
    /// For that share.
    Gray(Weight),
}

const HINT: &str =
    "`enabled`, `disabled`, or `gray-N` with N from 0 to 100, such as \"gray-30\" or \"gray-0.5\"";

/// Reads `ENABLED`, `disabled`, `gray-30`, and the words of a switch: true, "on", 1.
pub(super) fn read(node: View<'_>) -> Result<Stated, Diagnostic> {
    let stated = match node.data() {
        Seen::Bool(true) | Seen::Number(Number::Integer(1)) => Ok(Stated::Enabled),
        Seen::Bool(false) | Seen::Number(Number::Integer(0)) => Ok(Stated::Disabled),
        Seen::Text(text) => word(text),
        Seen::Number(_) => Err(Diagnostic::new("`state` takes of the numbers only 0 and 1").hint(HINT)),
        _ => Err(Diagnostic::new(format!("`state` takes a string, not {}", node.kind())).hint(HINT)),
    };
    stated.map_err(|fault| fault.at(node.span()))
}

fn word(text: &str) -> Result<Stated, Diagnostic> {
    // Nearly every flag says so.
    if text.eq_ignore_ascii_case("enabled") {
        return Ok(Stated::Enabled);
    }
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "true" | "on" | "1" => return Ok(Stated::Enabled),
        "disabled" | "false" | "off" | "0" => return Ok(Stated::Disabled),
        _ => {}
    }
    let Some(number) = lower.strip_prefix("gray-") else {
        let hint = match lower.strip_prefix("grey-").or_else(|| lower.strip_prefix("gray")) {
            Some(number) if percent(number.trim_start_matches([' ', '_', '='])).is_ok() => {
                format!(
                    "did you mean `gray-{}`?",
                    number.trim_start_matches([' ', '_', '='])
                )
            }
            _ => graylane_diagnostic::meant(text, ["enabled", "disabled"]).map_or_else(
                || HINT.to_owned(),
                |near| format!("did you mean {}?", quote(near)),
            ),
        };
        return Err(Diagnostic::new(format!("{} is no state", quote(text))).hint(hint));
    };
    percent(number).map(Stated::Gray).map_err(|wrong| {
        let (message, hint) = match wrong {
            Wrong::NotANumber => ("is no state", HINT),
            Wrong::OutOfRange => ("is out of range", "a percentage goes from 0 to 100"),
            Wrong::TooFine => ("is too fine", "a percentage has steps of 0.001"),
        };
        Diagnostic::new(format!("`{}` {message}", cut(text))).hint(hint)
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    NotANumber,
    OutOfRange,
    TooFine,
}

/// Reads `30`, `0.5` or `33.333` digit by digit, so that no step is ever rounded to another.
fn percent(text: &str) -> Result<Weight, Wrong> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(rest) {
        let negative = text.strip_prefix('-').is_some_and(digits);
        return Err(if negative {
            Wrong::OutOfRange
        } else {
            Wrong::NotANumber
        });
    }
    let (whole, rest) = (whole.trim_start_matches('0'), rest.trim_end_matches('0'));
    if whole.len() > 3 {
        return Err(Wrong::OutOfRange);
    }
    // Of at most three digits, or none.
    let whole: u32 = whole.parse().unwrap_or(0);
    if whole > 100 || (whole == 100 && !rest.is_empty()) {
        return Err(Wrong::OutOfRange);
    }
    if rest.len() > 3 {
        return Err(Wrong::TooFine);
    }
    let digits = rest.bytes().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    Weight::from_steps(whole * 1_000 + thousandths).map_err(|_| Wrong::OutOfRange)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_read_digit_by_digit() {
        for (text, steps) in [
            ("0", 0),
            ("5", 5_000),
            ("007", 7_000),
            ("0.001", 1),
            ("0.1", 100),
            ("33.333", 33_333),
            ("33.3330000", 33_333),
            ("99.999", 99_999),
            ("100", 100_000),
            ("100.000", 100_000),
        ] {
            assert_eq!(percent(text).map(Weight::steps), Ok(steps), "{text}");
        }
        for (text, wrong) in [
            ("", Wrong::NotANumber),
            (".5", Wrong::NotANumber),
            ("5.", Wrong::NotANumber),
            ("1e1", Wrong::NotANumber),
            ("+5", Wrong::NotANumber),
            ("inf", Wrong::NotANumber),
            ("--5", Wrong::NotANumber),
            ("-5", Wrong::OutOfRange),
            ("100.001", Wrong::OutOfRange),
            ("101", Wrong::OutOfRange),
            ("99999999999999999999", Wrong::OutOfRange),
            ("30.0000001", Wrong::TooFine),
        ] {
            assert_eq!(percent(text), Err(wrong), "{text}");
        }
    }
}
