//! Who was passed over in a lane, for when everybody else has failed.

use super::asked::Asked;

/// Who was not asked, though there.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// Whom a module has refused, by their places in the lane.
    refused: Asked,
    /// Who is left of them and of those that never had their turn, once it is their turn.
    left: Option<Vec<usize>>,
}

impl Passed {
    /// Notes one whom a module has refused.
    pub(super) fn refused(&mut self, index: usize) {
        self.refused.note(index);
    }

    /// Whether only those are left who were passed over.
    pub(super) fn is_last_resort(&self) -> bool {
        self.left.is_some()
    }

    /// One is asked after all: its standing has changed meanwhile.
    pub(super) fn has_its_turn(&mut self, index: usize) {
        if let Some(left) = &mut self.left {
            left.retain(|one| *one != index);
        }
    }

    /// The next of them, in an order of chance; each once. So many endpoints are there, and these had their turn.
    pub(super) fn next(&mut self, endpoints: usize, turns: &Asked, random: u64) -> Option<usize> {
        let refused = &self.refused;
        let left = self.left.get_or_insert_with(|| {
            let passed = |index: &usize| !turns.has(*index) || refused.has(*index);
            (0..endpoints).filter(passed).collect()
        });
        let drawn = (random as usize).checked_rem(left.len())?;
        Some(left.swap_remove(drawn))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn each_who_was_passed_over_comes_once_and_nobody_else(
            endpoints in 0_usize..200,
            turns in proptest::collection::btree_set(0_usize..200, 0..100),
            refused in proptest::collection::btree_set(0_usize..200, 0..100),
            randoms in proptest::collection::vec(any::<u64>(), 201),
        ) {
            let mut asked = Asked::default();
            let mut passed = Passed::default();
            for index in &turns {
                asked.note(*index);
            }
            // Whoever is refused has had a turn.
            let refused: BTreeSet<usize> = refused.intersection(&turns).copied().collect();
            for index in &refused {
                passed.refused(*index);
            }

            let came: Vec<usize> = randoms.iter().map_while(|random| passed.next(endpoints, &asked, *random)).collect();

            let expected: BTreeSet<usize> = (0..endpoints)
                .filter(|index| !turns.contains(index) || refused.contains(index))
                .collect();
            prop_assert_eq!(came.len(), expected.len());
            prop_assert_eq!(came.into_iter().collect::<BTreeSet<_>>(), expected);
        }
    }
}
