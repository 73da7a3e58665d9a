use std::fmt::Write as _;

use crate::operator::Datum;

/// Text that is written into a given space.
#[derive(Debug)]
pub(crate) struct Written<'b> {
    space: &'b mut [u8],
    length: usize,
}

impl<'b> Written<'b> {
    pub(crate) fn new(space: &'b mut [u8]) -> Self {
        Self { space, length: 0 }
    }

    /// The text and the space after it.
    pub(crate) fn finish(self) -> (&'b str, &'b mut [u8]) {
        let (text, rest) = self.space.split_at_mut(self.length);
        // Only whole strings are written, so it is valid.
        (std::str::from_utf8(text).unwrap_or_default(), rest)
    }
}

impl std::fmt::Write for Written<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        let place = self.space.get_mut(self.length..end).ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Writes a value as JavaScript's `String` does, but `null` as nothing, as `cat` wants it.
pub(crate) fn write_text(to: &mut Written<'_>, value: Datum<'_>) -> std::fmt::Result {
    match value {
        Datum::Null => Ok(()),
        Datum::Bool(value) => to.write_str(if value { "true" } else { "false" }),
        Datum::Integer(value) => write!(to, "{value}"),
        Datum::Float(value) => write_float(to, value),
        Datum::Text(text) => to.write_str(text),
        Datum::Map(_) => to.write_str("[object Object]"),
        Datum::List(_) | Datum::Made(_) => {
            for (index, item) in value.items().enumerate() {
                if index > 0 {
                    to.write_str(",")?;
                }
                // Deeper lists are written flat by JavaScript too; a list in a list in a list is nobody's text.
                match item {
                    Datum::List(_) | Datum::Made(_) => return Err(std::fmt::Error),
                    item => write_text(to, item)?,
                }
            }
            Ok(())
        }
    }
}

fn write_float(to: &mut Written<'_>, value: f64) -> std::fmt::Result {
    let size = value.abs();
    if value.is_nan() {
        to.write_str("NaN")
    } else if value.is_infinite() {
        to.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else if value == 0.0 {
        to.write_str("0")
    } else if (1e-6..1e21).contains(&size) {
        write!(to, "{value}")
    } else {
        // JavaScript writes `1e+21` and `1e-7`, Rust `1e21` and `1e-7`.
        let mut space = [0; 32];
        let mut plain = Written::new(&mut space);
        write!(plain, "{value:e}")?;
        match plain.finish().0.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => write!(to, "{digits}e+{power}"),
            Some((digits, power)) => write!(to, "{digits}e{power}"),
            None => Err(std::fmt::Error),
        }
    }
}

/// `substr`: from a character on, counted from the end where it is negative; `length` is how many, or where it is
/// negative, how many to leave out at the end.
pub(crate) fn part(text: &str, start: i64, length: Option<i64>) -> &str {
    let start = if start < 0 {
        let all = text.chars().count() as i64;
        all.saturating_add(start).max(0)
    } else {
        start
    };
    let rest = &text[offset(text, start)..];
    match length {
        None => rest,
        Some(length) if length < 0 => {
            let left = (rest.chars().count() as i64).saturating_add(length).max(0);
            &rest[..offset(rest, left)]
        }
        Some(length) => &rest[..offset(rest, length)],
    }
}

/// Where the character of that number starts, or the end.
fn offset(text: &str, character: i64) -> usize {
    usize::try_from(character)
        .ok()
        .and_then(|character| text.char_indices().nth(character))
        .map_or(text.len(), |(offset, _)| offset)
}
