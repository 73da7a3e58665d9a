use std::ops::Range;

/// A text with the name of where it came from: a file, an environment variable, a flag of the command line.
#[derive(Debug, Clone)]
pub struct Source {
    /// The offset of its first byte; 0 unless it stands among [`Sources`].
    base: usize,
    name: String,
    text: String,
    /// Where each line starts, so that a place is found without reading the whole text again.
    lines: Vec<usize>,
    /// What is not shown, in order and apart.
    hidden: Vec<Range<usize>>,
}

impl Source {
    /// A text; `name` is how messages call its file. A byte order mark at its start is dropped.
    pub fn new(name: impl Into<String>, mut text: String) -> Self {
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            base: 0,
            name: name.into(),
            lines: std::iter::once(0).chain(ends).collect(),
            text,
            hidden: Vec::new(),
        }
    }

    /// Hides these bytes of the text, in order and without overlap, from whoever reads a message: a secret stands there.
    pub fn hide(&mut self, bytes: Vec<Range<usize>>) {
        self.hidden = bytes;
    }

    /// The offset of its first byte, see [`Sources`].
    pub fn base(&self) -> usize {
        self.base
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line of a byte, counted from 1, without its column: that costs as much as the line is long, and a file may be one line.
    pub fn line(&self, offset: usize) -> usize {
        self.line_of(offset.saturating_sub(self.base)) + 1
    }

    /// The line and the column of a byte, both counted from 1, the column in characters. An offset past the end means
    /// the end; one within a character means that character.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset.saturating_sub(self.base));
        let line = self.line_of(offset);
        let column = self.text[self.lines[line]..offset].chars().count();
        (line + 1, column + 1)
    }

    /// The line on which a span starts, without its end, and the part of the span on that line, as bytes of the line.
    pub fn excerpt(&self, span: &Range<usize>) -> (&str, Range<usize>) {
        let (_, line, part) = self.line_at(span);
        (line, part)
    }

    /// The same line as people may see it: each hidden byte is a star.
    pub(crate) fn shown(&self, span: &Range<usize>) -> (String, Range<usize>) {
        let (start, line, part) = self.line_at(span);
        let mut shown = line.to_owned();
        let first = self.hidden.partition_point(|hidden| hidden.end <= start);
        let here = self.hidden[first..]
            .iter()
            .take_while(|hidden| hidden.start < start + line.len());
        for hidden in here {
            let from = line.floor_char_boundary(hidden.start.saturating_sub(start));
            let until = line.ceil_char_boundary(hidden.end - start);
            shown.replace_range(from..until, &"*".repeat(until - from));
        }
        (shown, part)
    }

    /// Where the line starts on which a span starts, the line, and the part of the span on it.
    fn line_at(&self, span: &Range<usize>) -> (usize, &str, Range<usize>) {
        let start = self
            .text
            .floor_char_boundary(span.start.saturating_sub(self.base));
        let index = self.line_of(start);
        let line_start = self.lines[index];
        let line_end = self.lines.get(index + 1).copied().unwrap_or(self.text.len());
        let line = self.text[line_start..line_end].trim_end_matches(['\n', '\r']);
        let from = (start - line_start).min(line.len());
        let end = span.end.saturating_sub(self.base);
        let until = end.saturating_sub(line_start).clamp(from, line.len());
        (line_start, line, from..line.ceil_char_boundary(until))
    }

    fn line_of(&self, offset: usize) -> usize {
        // The first line starts at 0, so at least one start is not past any offset.
        self.lines.partition_point(|start| *start <= offset) - 1
    }
}

/// Where the text of a span is found: a [`Source`] alone, or among [`Sources`].
pub trait Texts {
    /// The text that has this offset; `None` asks for the one that a mistake without a place is about.
    fn source_of(&self, offset: Option<usize>) -> &Source;
}

impl Texts for Source {
    fn source_of(&self, _: Option<usize>) -> &Source {
        self
    }
}

/// Texts that are read together, on one line of offsets: a span belongs to exactly one of them.
#[derive(Debug, Clone)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// The first text, the one that a mistake without a place is about. It keeps the offsets of a text alone.
    pub fn new(first: Source) -> Self {
        Self(vec![Source { base: 0, ..first }])
    }

    /// One more text, after all others. Every span in it must be shifted by its [`Source::base`].
    pub fn add(&mut self, source: Source) -> &Source {
        // One byte lies between two texts, so that the end of one is not the start of the next.
        let base = self.0.last().map_or(0, |last| last.base + last.text.len() + 1);
        self.0.push(Source { base, ..source });
        // Pushed a line above.
        &self.0[self.0.len() - 1]
    }

    /// The texts, in the order that they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.0.iter()
    }
}

impl Texts for Sources {
    fn source_of(&self, offset: Option<usize>) -> &Source {
        let next = self.0.partition_point(|one| one.base <= offset.unwrap_or(0));
        // The first text starts at 0, so at least one start is not past any offset.
        &self.0[next - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_offset_belongs_to_one_of_several_texts() {
        let mut sources = Sources::new(Source::new("a", "x = 1".to_owned()));
        let base = sources.add(Source::new("b", "\ny = 2".to_owned())).base();
        sources.add(Source::new("c", String::new()));

        let at = |offset| {
            let source = sources.source_of(Some(offset));
            (source.name().to_owned(), source.place(offset))
        };

        assert_eq!(base, 6);
        assert_eq!(at(5), ("a".to_owned(), (1, 6)));
        assert_eq!(at(base + 5), ("b".to_owned(), (2, 5)));
        assert_eq!(at(999), ("c".to_owned(), (1, 1)));
        assert_eq!(sources.source_of(Some(7)).excerpt(&(7..8)).0, "y = 2");
        assert_eq!(sources.source_of(None).name(), "a");
    }

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source::new("f", "a = 1\r\nä = \"灰\"\n".to_owned());

        let places = [0, 4, 7, 9, 13, 15, 999].map(|offset| source.place(offset));

        assert_eq!(places, [(1, 1), (1, 5), (2, 1), (2, 2), (2, 6), (2, 6), (3, 1)]);
        assert_eq!([0, 7, 13, 999].map(|offset| source.line(offset)), [1, 2, 2, 3]);
    }

    #[test]
    fn an_excerpt_is_the_first_line_of_a_span_without_its_end() {
        let source = Source::new("f", "a = 1\r\nbody = \"\"\"x\r\ny\"\"\"\r\n".to_owned());

        let (line, part) = source.excerpt(&(14..25));

        assert_eq!((line, part), ("body = \"\"\"x", 7..11));
    }

    #[test]
    fn what_is_hidden_is_shown_as_stars_and_places_stay() {
        let mut source = Source::new("f", "a = 1\nkey = \"灰s3cret\" # x\n".to_owned());
        source.hide(vec![0..1, 12..23]);

        let (line, part) = source.shown(&(12..23));

        assert_eq!((line.as_str(), part), ("key = *********** # x", 6..17));
        assert_eq!(source.shown(&(0..1)).0, "* = 1");
    }

    #[test]
    fn the_empty_text_has_one_place() {
        let source = Source::new("f", String::new());

        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.excerpt(&(3..9)), ("", 0..0));
    }
}
