/// Which endpoints of a lane an exchange has asked, by their places in it: none is asked twice. Without memory of its own for
/// the first 64.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    first: u64,
    more: Vec<u64>,
}

impl Asked {
    /// Notes one.
    pub(crate) fn note(&mut self, index: usize) {
        let (word, bit) = (index / 64, 1 << (index % 64));
        match word.checked_sub(1) {
            None => self.first |= bit,
            Some(word) => {
                if word >= self.more.len() {
                    self.more.resize(word + 1, 0);
                }
                self.more[word] |= bit;
            }
        }
    }

    /// Whether it was asked.
    pub(crate) fn has(&self, index: usize) -> bool {
        let word = match (index / 64).checked_sub(1) {
            None => self.first,
            Some(word) => self.more.get(word).copied().unwrap_or_default(),
        };
        word >> (index % 64) & 1 != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_has_what_was_noted_and_nothing_else(noted in proptest::collection::btree_set(0_usize..1_000, 0..50)) {
            let mut asked = Asked::default();

            noted.iter().for_each(|index| asked.note(*index));

            for index in 0..1_100 {
                prop_assert_eq!(asked.has(index), noted.contains(&index));
            }
        }
    }
}
