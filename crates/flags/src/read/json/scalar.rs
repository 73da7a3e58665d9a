//! Strings, numbers and words.

use graylane_diagnostic::{Diagnostic, quote};

use super::Reader;
use crate::Number;

impl Reader<'_> {
    /// A string; its opening quote is next.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let first = start + 1;
        let bytes = self.text.as_bytes().get(first..).unwrap_or_default();
        let length = plain(bytes);
        self.at = first + length;
        // Most have no escapes.
        if bytes.get(length) == Some(&b'"') {
            self.at += 1;
            if bytes[0] == b'$' {
                self.tape.may_refer();
            }
            self.tape.part(start..self.at, first..first + length);
            return Ok(());
        }
        self.decoded(start)
    }

    /// A string with escapes, or a mistake: what is next is no part of it as it stands.
    #[cold]
    fn decoded(&mut self, start: usize) -> Result<(), Diagnostic> {
        let mut copied = start + 1;
        let mut decoded = String::new();
        loop {
            self.at += plain(self.text.as_bytes().get(self.at..).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    decoded.push_str(&self.text[copied..self.at]);
                    self.at += 1;
                    self.tape.text(start..self.at, &decoded);
                    return Ok(());
                }
                Some(b'\\') => {
                    decoded.push_str(&self.text[copied..self.at]);
                    decoded.push(self.escape()?);
                    copied = self.at;
                }
                Some(byte @ 0..=0x1f) => {
                    let fault = Diagnostic::new("a line break or control character stands within a string");
                    let written = match byte {
                        b'\n' => "\\n".to_owned(),
                        b'\r' => "\\r".to_owned(),
                        b'\t' => "\\t".to_owned(),
                        other => format!("\\u{other:04x}"),
                    };
                    let hint = format!("write it as {written}; or is the quote at the end missing?");
                    return Err(self.fault(fault.hint(hint), start..self.at));
                }
                // Everything else is plain, so this is the end of the text.
                _ => {
                    let fault = Diagnostic::new("the string has no end");
                    let fault = fault.hint("it ends with a double quote: \"");
                    return Err(self.fault(fault, start..self.at));
                }
            }
        }
    }

    /// An escape; its backslash is next.
    fn escape(&mut self) -> Result<char, Diagnostic> {
        let start = self.at;
        self.at += 1;
        let character = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(start),
            _ => {
                let end = start + 1 + self.text[start + 1..].chars().next().map_or(0, char::len_utf8);
                let fault = Diagnostic::new(format!("{} is no escape", quote(&self.text[start..end])));
                let fault = fault.hint(
                    "a backslash is written twice: \\\\; else JSON has \\\" \\/ \\b \\f \\n \\r \\t \\u00e4",
                );
                return Err(self.fault(fault, start..end));
            }
        };
        self.at += 1;
        Ok(character)
    }

    /// A code point, or the two halves of one; its `u` is next, and `start` is its backslash.
    fn unicode(&mut self, start: usize) -> Result<char, Diagnostic> {
        let high = self.four_digits(start)?;
        let low = match high {
            0xd800..=0xdbff if self.text[self.at..].starts_with("\\u") => {
                let second = self.at;
                self.at += 1;
                Some(self.four_digits(second)?)
            }
            _ => None,
        };
        let code = match low {
            Some(low @ 0xdc00..=0xdfff) => 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00),
            // A high half with something else behind it is as alone as one at the end.
            Some(_) => high,
            None => high,
        };
        char::from_u32(code).ok_or_else(|| {
            let fault = Diagnostic::new(format!(
                "{} is half a character",
                quote(&self.text[start..start + 6])
            ));
            let fault = fault.hint(
                "beyond \\uffff a character is a pair, such as \\ud83d\\ude00, or stands there as it is",
            );
            self.fault(fault, start..start + 6)
        })
    }

    /// Four hexadecimal digits; the `u` before them is next.
    fn four_digits(&mut self, start: usize) -> Result<u32, Diagnostic> {
        let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0, |value, digit| {
                Some(value * 16 + char::from(*digit).to_digit(16)?)
            })
        });
        let Some(value) = value else {
            let fault = Diagnostic::new("four hexadecimal digits should follow `\\u`");
            return Err(self.fault(fault.hint("such as \\u00e4"), start..start + 2));
        };
        self.at += 5;
        Ok(value)
    }

    /// A number; its sign or first digit is next.
    #[inline]
    pub(super) fn number(&mut self) -> Result<Number, Diagnostic> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let first = self.at;
        let (digits, value) = self.digits();
        let mut whole = true;
        let mut good = digits > 0 && (digits == 1 || self.text.as_bytes()[first] != b'0');
        if self.peek() == Some(b'.') {
            self.at += 1;
            whole = false;
            good &= self.digits().0 > 0;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            whole = false;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            good &= self.digits().0 > 0;
        }
        // Whatever else hangs on it belongs to it: `1_000`, `12px`, `-Infinity`, `1.2.3`.
        let number = self.at;
        while self
            .peek()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte))
        {
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        if !good || number != self.at {
            let fault = Diagnostic::new(format!("{} is not a number", quote(text)));
            return Err(self.fault(fault.hint(not_a_number(text)), start..self.at));
        }
        // So many digits fit.
        if whole && digits < 18 {
            let sign = if first > start { -1 } else { 1 };
            return Ok(Number::Integer(sign * value));
        }
        if whole && let Ok(integer) = text.parse() {
            return Ok(Number::Integer(integer));
        }
        match text.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(Number::Float(float)),
            _ => {
                let fault = Diagnostic::new(format!("{} is too large", quote(text)));
                Err(self.fault(
                    fault.hint("numbers go up to 1.7976931348623157e308"),
                    start..self.at,
                ))
            }
        }
    }

    /// Reads digits, and says how many, and what number they are where they are few.
    fn digits(&mut self) -> (usize, i64) {
        let start = self.at;
        let mut value: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        (self.at - start, value)
    }

    /// `true`, `false` or `null`.
    pub(super) fn word(&mut self) -> Result<(), Diagnostic> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
        self.at += match rest {
            [b't', b'r', b'u', b'e', ..] => 4,
            [b'f', b'a', b'l', b's', b'e', ..] => 5,
            _ => 0,
        };
        while self.peek().is_some_and(|byte| is_part(&byte)) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        let span = start..self.at;
        let hint = match word {
            "true" | "false" => {
                self.tape.bool(span, word == "true");
                return Ok(());
            }
            "null" => {
                self.tape.null(span);
                return Ok(());
            }
            "NaN" | "Infinity" | "nan" | "inf" => "JSON has finite numbers only; what is not known is null",
            "undefined" | "None" | "nil" => "write null, or leave the key out",
            "True" | "TRUE" | "yes" | "on" => "write true",
            "False" | "FALSE" | "no" | "off" => "write false",
            _ => "a string stands in double quotes: \"",
        };
        let fault = Diagnostic::new(format!("{} is not JSON", quote(word)));
        Err(self.fault(fault.hint(hint), start..self.at))
    }
}

/// How many bytes come before the first quote, backslash or control character.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let (words, last) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let (quote, backslash) = (word ^ (ONES * b'"' as u64), word ^ (ONES * b'\\' as u64));
        // The high bit of each byte that is 0, or below 0x20. A borrow can only set bits behind the first such byte.
        let found = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        if found & HIGHS != 0 {
            return number * 8 + (found & HIGHS).trailing_zeros() as usize / 8;
        }
    }
    let until = last
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    words.len() * 8 + until.unwrap_or(last.len())
}

fn not_a_number(text: &str) -> &'static str {
    let digits = text.trim_start_matches('-');
    match digits.as_bytes() {
        [b'I' | b'N' | b'i' | b'n', ..] => "JSON has finite numbers only; what is not known is null",
        [b'0', b'x' | b'X' | b'o' | b'b', ..] => "JSON has decimal numbers only",
        [b'0', b'0'..=b'9', ..] => "a number does not start with 0; as a string it stands in double quotes",
        _ if digits.contains('_') => "JSON has no `_` between digits",
        _ if digits.ends_with('.') => "digits follow the dot: 1.0",
        _ => "such as 5, -0.5 or 1e6; a string stands in double quotes",
    }
}
