//! How a value is written into a body, so that it stays a value.

/// What a body is, as far as the writing of values depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    /// HTML or XML.
    Markup,
    Plain,
    /// Any other: nobody knows how a value is written into it.
    Other,
}

impl Media {
    /// Of a `Content-Type`.
    pub(crate) fn of(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        match &*essence {
            "application/json" => Self::Json,
            "text/html" | "text/xml" | "application/xml" => Self::Markup,
            "text/plain" => Self::Plain,
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") => Self::Markup,
            _ => Self::Other,
        }
    }
}

/// How one value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Within a string of JSON.
    JsonText,
    /// Where JSON has a value: a number as it is, anything else as a string.
    JsonValue,
    /// As text of HTML or XML, or within the quotes of an attribute.
    Markup,
    /// As it is, but for what controls a terminal.
    Plain,
}

impl How {
    /// Appends a value.
    pub(crate) fn write(self, value: &str, out: &mut String) {
        match self {
            Self::JsonText => value.chars().for_each(|c| json(c, out)),
            Self::JsonValue if is_number(value) => out.push_str(value),
            Self::JsonValue => {
                out.push('"');
                value.chars().for_each(|c| json(c, out));
                out.push('"');
            }
            Self::Markup => value.chars().for_each(|c| markup(c, out)),
            Self::Plain => out.extend(value.chars().map(visible)),
        }
    }
}

/// Not only what JSON asks for: a page may have the answer in a script, where `<` could end it.
fn json(c: char, out: &mut String) {
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        c if c.is_control() || matches!(c, '<' | '>' | '&' | '\'' | '\u{2028}' | '\u{2029}') => {
            // None of these is beyond U+FFFF.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
        c => out.push(c),
    }
}

fn markup(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        '\'' => out.push_str("&#39;"),
        // Neither can stand in XML.
        '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
        c => out.push(visible(c)),
    }
}

fn visible(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

/// By the grammar of JSON (RFC 8259, section 6).
fn is_number(value: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    value.bytes().all(fits) && serde_json::from_str::<serde_json::Number>(value).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(how: How, value: &str) -> String {
        let mut out = String::new();
        how.write(value, &mut out);
        out
    }

    #[test]
    fn a_media_type_is_known_by_its_essence() {
        for (text, media) in [
            ("application/json", Media::Json),
            ("Application/JSON ; charset=utf-8", Media::Json),
            ("application/problem+json", Media::Json),
            ("text/html; charset=utf-8", Media::Markup),
            ("image/svg+xml", Media::Markup),
            ("text/plain", Media::Plain),
            ("text/javascript", Media::Other),
            ("application/jsonp", Media::Other),
            ("", Media::Other),
        ] {
            assert_eq!(Media::of(text), media, "{text}");
        }
    }

    #[test]
    fn only_a_number_of_json_is_written_as_one() {
        for value in ["0", "-1", "12.5", "1e3", "-0.5E-7"] {
            assert_eq!(written(How::JsonValue, value), value);
        }
        for value in [
            "", "01", "+1", ".5", "1.", " 1", "1 ", "1,2", "0x1", "NaN", "1e999", "true", "[1]", "\u{661}",
        ] {
            assert_eq!(written(How::JsonValue, value), format!("\"{value}\""));
        }
    }

    #[test]
    fn hostile_values_stay_values() {
        for (how, value, expected) in [
            (
                How::JsonText,
                "\",\"admin\":true,\"",
                "\\\",\\\"admin\\\":true,\\\"",
            ),
            (
                How::JsonText,
                "</script>\r\n\0\u{2028}",
                "\\u003c/script\\u003e\\u000d\\u000a\\u0000\\u2028",
            ),
            (How::Markup, "\"'><script>&", "&quot;&#39;&gt;&lt;script&gt;&amp;"),
            (How::Markup, "\0\u{ffff}", "\u{fffd}\u{fffd}"),
            (How::Plain, "a\r\n\u{1b}[2Jb", "a\u{fffd}\u{fffd}\u{fffd}[2Jb"),
        ] {
            assert_eq!(written(how, value), expected);
        }
    }

    proptest! {
        #[test]
        fn any_value_can_be_had_back_from_json(value in any::<String>()) {
            let inside = format!("\"{}\"", written(How::JsonText, &value));
            let alone = written(How::JsonValue, &value);

            prop_assert_eq!(&serde_json::from_str::<String>(&inside).unwrap(), &value);
            match serde_json::from_str::<serde_json::Value>(&alone).unwrap() {
                serde_json::Value::String(text) => prop_assert_eq!(text, value),
                other => prop_assert!(other.is_number()),
            }
        }

        #[test]
        fn no_value_makes_markup(value in any::<String>()) {
            let written = written(How::Markup, &value);

            prop_assert!(!written.contains(['<', '>', '"', '\'']));
            prop_assert!(!written.chars().any(char::is_control));
        }
    }
}
