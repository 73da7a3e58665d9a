use std::ops::Range;

/// Where the bytes of a text stand on the line of offsets of all texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// One after another from here.
    From(usize),
    /// Somewhere in here: a text within a string that has escapes.
    Within(Range<usize>),
}

impl Place {
    pub(crate) fn of(&self, local: Range<usize>) -> Range<usize> {
        match self {
            Self::From(base) => base + local.start..base + local.end,
            Self::Within(all) => all.clone(),
        }
    }
}
