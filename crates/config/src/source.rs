use std::ops::Range;

/// A configuration text with the name of the file that it came from.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    text: String,
    /// Where each line starts, so that a place is found without reading the whole text again.
    lines: Vec<usize>,
}

impl Source {
    /// A text; `name` is how messages call its file. A byte order mark at its start is dropped.
    pub fn new(name: impl Into<String>, mut text: String) -> Self {
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self {
            name: name.into(),
            lines: std::iter::once(0).chain(ends).collect(),
            text,
        }
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and the column of a byte, both counted from 1, the column in characters. An offset past the end means
    /// the end; one within a character means that character.
    pub fn place(&self, offset: usize) -> (usize, usize) {
        let offset = self.text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let column = self.text[self.lines[line]..offset].chars().count();
        (line + 1, column + 1)
    }

    /// The line on which a span starts, without its end, and the part of the span on that line, as bytes of the line.
    pub(crate) fn excerpt(&self, span: &Range<usize>) -> (&str, Range<usize>) {
        let start = self.text.floor_char_boundary(span.start);
        let index = self.line_of(start);
        let line_start = self.lines[index];
        let line_end = self.lines.get(index + 1).copied().unwrap_or(self.text.len());
        let line = self.text[line_start..line_end].trim_end_matches(['\n', '\r']);
        let from = (start - line_start).min(line.len());
        let until = span.end.saturating_sub(line_start).clamp(from, line.len());
        (line, from..line.ceil_char_boundary(until))
    }

    fn line_of(&self, offset: usize) -> usize {
        // The first line starts at 0, so at least one start is not past any offset.
        self.lines.partition_point(|start| *start <= offset) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_lines_and_characters_from_one() {
        let source = Source::new("f", "a = 1\r\nä = \"灰\"\n".to_owned());

        let places = [0, 4, 7, 9, 13, 15, 999].map(|offset| source.place(offset));

        assert_eq!(places, [(1, 1), (1, 5), (2, 1), (2, 2), (2, 6), (2, 6), (3, 1)]);
    }

    #[test]
    fn an_excerpt_is_the_first_line_of_a_span_without_its_end() {
        let source = Source::new("f", "a = 1\r\nbody = \"\"\"x\r\ny\"\"\"\r\n".to_owned());

        let (line, part) = source.excerpt(&(14..25));

        assert_eq!((line, part), ("body = \"\"\"x", 7..11));
    }

    #[test]
    fn the_empty_text_has_one_place() {
        let source = Source::new("f", String::new());

        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.excerpt(&(3..9)), ("", 0..0));
    }
}
