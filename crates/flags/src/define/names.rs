use std::sync::Arc;

/// The names of variants that were read last, most of which come again: `on` and `off` of all flags are one string each.
#[derive(Debug, Default)]
pub(super) struct Names {
    recent: Vec<Arc<str>>,
    /// The one that the next new name takes the place of.
    oldest: usize,
}

/// Few enough to look them up one after another.
const KEPT: usize = 8;

impl Names {
    pub(super) fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.recent.iter().find(|known| ***known == *name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        if self.recent.len() < KEPT {
            self.recent.push(Arc::clone(&new));
        } else {
            self.recent[self.oldest] = Arc::clone(&new);
            self.oldest = (self.oldest + 1) % KEPT;
        }
        new
    }
}
