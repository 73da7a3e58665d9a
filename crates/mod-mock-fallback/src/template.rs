//! Bodies with placeholders: `{{path.id}}`, `{{query.name}}`, `{{trace}}`.

use std::borrow::Cow;
use std::ops::Range;

use serde::de::IgnoredAny;

use crate::media::{How, Media};

/// Placeholders of one body at most.
const MOST: usize = 256;
/// Bytes of a value at most, before it is escaped; the rest is cut off.
pub(crate) const MAX_VALUE: usize = 1024;

/// Headers that no body gets: whoever can make a page ask the gateway would read them there.
const SECRET: [&str; 7] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "x-gray-signature",
    "x-csrf-token",
];

/// A body, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(Placeholder, How),
}

/// What stands for something of the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// A named segment of the path, by number.
    Path(usize),
    /// The first query parameter of a name.
    Query(Box<str>),
    /// The first header of a name.
    Header(Box<str>),
    Trace,
    Service,
    Lane,
    Fault,
    Method,
}

/// Why a text is no template.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) message: String,
    pub(crate) hint: &'static str,
    /// Where in the text.
    pub(crate) at: Range<usize>,
}

const KNOWN: &str = "there are path.NAME, query.NAME, header.NAME, trace, service, lane, fault and method; \
                     {{{{ stands for {{";

impl Template {
    /// Reads one. `number_of` knows the named segments of the path.
    ///
    /// # Errors
    /// An unknown placeholder, one that is not closed, too many, one where nobody knows how to escape, or no JSON where there
    /// should be.
    pub(crate) fn parse(
        text: &str,
        media: Media,
        number_of: impl Fn(&str) -> Option<usize>,
    ) -> Result<Self, Wrong> {
        let mut template = Self::default();
        let mut json = Json::default();
        let (mut from, mut plain) = (0, String::new());
        while let Some(found) = text[from..].find("{{") {
            plain.push_str(&text[from..from + found]);
            let start = from + found;
            if text[start..].starts_with("{{{{") {
                plain.push_str("{{");
                from = start + 4;
                continue;
            }
            let Some(length) = text[start..].find("}}") else {
                return Err(Wrong {
                    message: "a placeholder is not closed".to_owned(),
                    hint: "write `}}` at its end, or {{{{ for {{",
                    at: start..start + 2,
                });
            };
            let at = start..start + length + 2;
            let wrong = |message: String, hint| Wrong {
                message,
                hint,
                at: at.clone(),
            };
            let word = text[start + 2..at.end - 2].trim();
            let placeholder =
                Placeholder::parse(word, &number_of).map_err(|message| wrong(message, KNOWN))?;
            json.read(&plain);
            let how = match media {
                Media::Json if json.in_text => How::JsonText,
                Media::Json => How::JsonValue,
                Media::Markup => How::Markup,
                Media::Plain => How::Plain,
                Media::Other => {
                    return Err(wrong(
                        "nobody knows how a value is written into this media type".to_owned(),
                        "values can be written into JSON, HTML, XML and text/plain: set the content-type, or leave them out",
                    ));
                }
            };
            if !plain.is_empty() {
                template.0.push(Piece::Text(std::mem::take(&mut plain)));
            }
            template.0.push(Piece::Value(placeholder, how));
            if template.0.len() > 2 * MOST {
                return Err(wrong(
                    format!("more than {MOST} placeholders"),
                    "a mock is a small answer",
                ));
            }
            from = at.end;
        }
        plain.push_str(&text[from..]);
        if !plain.is_empty() {
            template.0.push(Piece::Text(plain));
        }
        if media == Media::Json && !template.0.is_empty() {
            template.check_json(text)?;
        }
        Ok(template)
    }

    /// With a number in each place, and with a word in each, the body must be JSON: then it is JSON with any value. A number
    /// alone would pass within another one, and a word alone as the name of a member.
    fn check_json(&self, text: &str) -> Result<(), Wrong> {
        for sample in ["0", "x"] {
            let body = self.render(|_, _| sample.into());
            if let Err(error) = serde_json::from_str::<IgnoredAny>(&body) {
                let why = error.to_string();
                let why = why.split(" at line ").next().unwrap_or_default();
                return Err(Wrong {
                    message: format!("the body is not JSON: {why}"),
                    hint: "the content-type says JSON; a placeholder may stand within quotes, or where a value does",
                    at: 0..text.len(),
                });
            }
        }
        Ok(())
    }

    /// Whether there is no body.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Writes the body.
    pub(crate) fn render<'v>(&self, value: impl Fn(&Placeholder, How) -> Cow<'v, str>) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(placeholder, how) => {
                    let value = value(placeholder, *how);
                    how.write(&value[..value.floor_char_boundary(MAX_VALUE)], &mut out);
                }
            }
        }
        out
    }
}

impl Placeholder {
    fn parse(word: &str, number_of: impl Fn(&str) -> Option<usize>) -> Result<Self, String> {
        let quoted = graylane_diagnostic::quote(word);
        let unknown = || format!("{quoted} is no placeholder");
        Ok(match word.split_once('.') {
            None => match word {
                "trace" => Self::Trace,
                "service" => Self::Service,
                "lane" => Self::Lane,
                "fault" => Self::Fault,
                "method" => Self::Method,
                _ => return Err(unknown()),
            },
            Some((_, "")) => return Err(unknown()),
            Some(("path", name)) => {
                Self::Path(number_of(name).ok_or_else(|| format!("{quoted} is not named in the path"))?)
            }
            Some(("query", name)) => Self::Query(name.into()),
            Some(("header", name)) => {
                let name = name.to_ascii_lowercase();
                if SECRET.contains(&&*name) {
                    return Err(format!("{quoted} is a secret of the client"));
                }
                Self::Header(name.into())
            }
            Some(_) => return Err(unknown()),
        })
    }
}

/// Whether a place in JSON lies within a string. Of what is no JSON it says anything.
#[derive(Default)]
struct Json {
    in_text: bool,
    escaped: bool,
}

impl Json {
    fn read(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                _ if self.escaped => self.escaped = false,
                '\\' if self.in_text => self.escaped = true,
                '"' => self.in_text = !self.in_text,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests;
