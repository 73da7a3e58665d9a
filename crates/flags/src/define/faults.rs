use std::collections::HashSet;

use graylane_diagnostic::{Diagnostic, meant, quote};

/// More than this are not kept: they would be a second copy of the text.
const MOST: usize = 1_000;

/// Words that are compared with a misspelt one, at most: with all of a large file for each mistake in it, the time would
/// grow with the product.
const COMPARED: usize = 500;
/// Words that a hint lists at most.
const LISTED: usize = 8;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    all: Vec<Diagnostic>,
    /// With those that are not kept.
    count: usize,
    /// Where mistakes have been found in what several flags share, so that each is told once.
    shared: HashSet<usize>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Diagnostic) {
        self.count += 1;
        if self.all.len() < MOST {
            self.all.push(fault);
        }
    }

    /// Adds one in something that is looked at several times; false where it is known already.
    pub(super) fn add_once(&mut self, fault: Diagnostic) -> bool {
        let start = fault.span.as_ref().map_or(usize::MAX, |span| span.start);
        let new = self.shared.insert(start);
        if new {
            self.add(fault);
        }
        new
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn into_vec(self) -> Vec<Diagnostic> {
        let more = self.count - self.all.len();
        let more = (more > 0).then(|| Diagnostic::new(format!("{more} more mistakes are not shown")));
        self.all.into_iter().chain(more).collect()
    }

    /// "did you mean `x`?", else which words there are.
    pub(super) fn meant_among<'a>(
        &self,
        word: &str,
        there_is: &str,
        words: impl IntoIterator<Item = &'a str>,
    ) -> String {
        // It would not be kept, and there may be many.
        if self.all.len() >= MOST {
            return String::new();
        }
        let words: Vec<&str> = words.into_iter().take(COMPARED).collect();
        if let Some(near) = meant(word, words.iter().copied()) {
            return format!("did you mean {}?", quote(near));
        }
        match words.len() {
            0 => format!("there is no {there_is}"),
            all if all > LISTED => {
                let listed: Vec<String> = words[..LISTED].iter().map(|word| quote(word)).collect();
                format!("{there_is}: {} and more", listed.join(", "))
            }
            _ => format!("{there_is}: {}", graylane_diagnostic::list(words)),
        }
    }
}
