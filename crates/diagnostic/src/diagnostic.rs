use std::fmt::Write as _;
use std::ops::Range;

use serde::Serialize;

use crate::{Source, Texts};

/// One mistake in a text: what is wrong, what to do about it, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Diagnostic {
    /// A lower-case fragment.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
    /// The bytes of the text at fault, where that is known.
    pub span: Option<Range<usize>>,
}

impl Diagnostic {
    /// A mistake without hint and place.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span: None,
        }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// For people: message, file, line, the line itself with the place marked, hint. Ends with a line feed.
    pub fn render(&self, texts: &dyn Texts) -> String {
        let source = self.source(texts);
        let mut out = format!("error: {}\n", printable(&self.message));
        match &self.span {
            Some(span) => render_place(&mut out, source, span),
            None => writeln!(out, " --> {}", printable(source.name())).unwrap_or_default(),
        }
        if let Some(hint) = &self.hint {
            writeln!(out, "hint: {}", printable(hint)).unwrap_or_default();
        }
        out
    }

    /// For programs.
    pub fn report(&self, texts: &dyn Texts) -> Report {
        let source = self.source(texts);
        let place = self.span.as_ref().map(|span| source.place(span.start));
        Report {
            file: source.name().to_owned(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }

    fn source<'t>(&self, texts: &'t dyn Texts) -> &'t Source {
        texts.source_of(self.span.as_ref().map(|span| span.start))
    }
}

/// The characters of a line that are shown at most.
const WIDTH: usize = 100;
/// The characters before the place that are kept of a longer line.
const BEFORE: usize = 30;

// Writing to a `String` cannot fail; `unwrap_or_default` says so without a panic.
fn render_place(out: &mut String, source: &Source, span: &Range<usize>) {
    let (line, column) = source.place(span.start);
    let (text, part) = source.shown(span);
    let from = text[..part.start].chars().count();
    let marked = text[part].chars().count().max(1);
    let total = text.chars().count();
    let window = if total <= WIDTH {
        0..total
    } else {
        let start = from.saturating_sub(BEFORE).min(total - WIDTH + 1);
        start..(start + WIDTH).min(total)
    };
    let shown: String = text
        .chars()
        .skip(window.start)
        .take(window.len())
        .map(one_column)
        .collect();
    let head = if window.start > 0 { "…" } else { "" };
    let tail = if window.end < total { "…" } else { "" };
    let blank = " ".repeat(head.chars().count() + from - window.start);
    let carets = "^".repeat(marked.min((window.end.max(from + 1)) - from));
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    write!(
        out,
        " --> {name}:{line}:{column}\n{gutter} |\n{number} | {head}{shown}{tail}\n{gutter} | {blank}{carets}\n",
        name = printable(source.name()),
    )
    .unwrap_or_default();
}

/// A character of the excerpt in exactly one column, and without power over a terminal.
fn one_column(c: char) -> char {
    match c {
        '\t' => ' ',
        c if is_hidden(c) => '\u{fffd}',
        c => c,
    }
}

/// Control characters and those that reorder a line.
fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text with everything escaped that could change what a terminal shows.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// What a machine reads of a [`Diagnostic`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column in characters, from 1.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// All mistakes that were found in texts that are read together, in file order; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// More are not kept: whoever has so many wants to see the first ones.
    pub const MAX: usize = 100;

    /// Puts mistakes into file order, those without a place last; `None` where there are none.
    pub fn collect(mut all: Vec<Diagnostic>) -> Option<Self> {
        all.sort_by_key(|one| one.span.as_ref().map_or(usize::MAX, |span| span.start));
        all.truncate(Self::MAX);
        (!all.is_empty()).then_some(Self(all))
    }

    /// The mistakes.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// For people: each mistake, parted by empty lines.
    pub fn render(&self, texts: &dyn Texts) -> String {
        let all: Vec<String> = self.iter().map(|one| one.render(texts)).collect();
        all.join("\n")
    }

    /// For programs.
    pub fn reports(&self, texts: &dyn Texts) -> Vec<Report> {
        self.iter().map(|one| one.report(texts)).collect()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl std::fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never empty, by `collect` and `from`.
        write!(f, "{}", self.0[0])?;
        match self.0.len() {
            1 => Ok(()),
            all => write!(f, " (and {} more)", all - 1),
        }
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests;
