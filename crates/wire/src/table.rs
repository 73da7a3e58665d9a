use crate::known::{Known, Set};

/// Memory for where the lines of a head stand, reused from head to head.
#[derive(Debug)]
pub struct Table {
    pub(crate) lines: Vec<Line>,
    /// The known fields of which there is a line, and those of which there is more than one. [`Known::Other`] is in neither.
    pub(crate) some: Set,
    pub(crate) several: Set,
    /// Which line is the first of a known field, where there is one.
    pub(crate) first: [u16; 64],
    /// Where the empty line begins.
    pub(crate) end: u32,
}

/// Where a field line stands. It ends where the next one begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) value: u32,
    pub(crate) value_end: u32,
    pub(crate) name_length: u16,
    pub(crate) known: Known,
}

impl Table {
    /// An empty table, which owns no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lines: Vec::new(),
            some: Set::EMPTY,
            several: Set::EMPTY,
            first: [0; 64],
            end: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.lines.clear();
        (self.some, self.several) = (Set::EMPTY, Set::EMPTY);
        self.end = 0;
    }

    #[inline]
    pub(crate) fn push(&mut self, line: Line) {
        if line.known != Known::Other {
            self.count(line.known);
        }
        self.lines.push(line);
    }

    #[inline]
    fn count(&mut self, known: Known) {
        let field = Set::of(&[known]);
        if self.some.intersects(field) {
            self.several = self.several.union(field);
        } else {
            self.first[known as usize] = self.lines.len() as u16;
            self.some = self.some.union(field);
        }
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}
