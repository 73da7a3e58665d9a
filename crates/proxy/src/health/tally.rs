/// Whether an endpoint is healthy, by what its checks found one after the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// `None`: it was not checked yet.
    healthy: Option<bool>,
    /// Findings in a row that say otherwise.
    against: u32,
}

impl Tally {
    /// What it is now, where that has changed. The first finding counts at once: who never was well, starts out.
    pub(super) fn note(&mut self, passed: bool, fails: u32, passes: u32) -> Option<bool> {
        let Some(healthy) = self.healthy else {
            self.healthy = Some(passed);
            return self.healthy;
        };
        if healthy == passed {
            self.against = 0;
            return None;
        }
        self.against += 1;
        let needed = if healthy { fails } else { passes };
        if self.against < needed {
            return None;
        }
        self.against = 0;
        self.healthy = Some(passed);
        self.healthy
    }

    pub(super) fn is_checked(self) -> bool {
        self.healthy.is_some()
    }

    /// Findings in a row that say otherwise than what it is.
    pub(super) fn against(self) -> u32 {
        self.against
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_finding_counts_at_once_and_then_so_many_in_a_row() {
        let mut tally = Tally::default();

        let changes = [
            false, true, false, true, true, false, false, true, false, false, false,
        ]
        .map(|passed| tally.note(passed, 3, 2));

        let mut expected = [None; 11];
        expected[0] = Some(false);
        expected[4] = Some(true);
        expected[10] = Some(false);
        assert_eq!(changes, expected);
    }

    /// The same from the whole past: the last change, and how many findings since then end in a row against it.
    fn by_the_book(findings: &[bool], fails: u32, passes: u32) -> Option<bool> {
        let mut healthy = None;
        let mut begin = 0;
        for end in 1..=findings.len() {
            let now = findings[end - 1];
            let row = findings[begin..end].iter().rev().take_while(|one| **one == now);
            let enough = match healthy {
                None => true,
                Some(true) => !now && row.count() as u32 >= fails,
                Some(false) => now && row.count() as u32 >= passes,
            };
            if enough {
                healthy = Some(now);
                begin = end;
            }
        }
        healthy
    }

    proptest! {
        #[test]
        fn it_is_what_the_last_findings_in_a_row_make_it(
            findings in proptest::collection::vec(any::<bool>(), 1..60),
            fails in 1_u32..6,
            passes in 1_u32..6,
        ) {
            let mut tally = Tally::default();
            let mut shown = None;

            for passed in &findings {
                if let Some(change) = tally.note(*passed, fails, passes) {
                    prop_assert_ne!(shown, Some(change), "a change to what it was");
                    shown = Some(change);
                }
            }

            prop_assert_eq!(shown, by_the_book(&findings, fails, passes));
            prop_assert_eq!(shown, tally.healthy);
            prop_assert!(tally.against < fails.max(passes));
        }
    }
}
