use crate::hash::{Hash, Head};
use crate::line::{BadLine, Link, Own, link};

/// What is wrong at a place of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not the form of an entry.
    #[error("the line is not an entry")]
    Form,
    /// Longer than any entry.
    #[error("the line is longer than any entry")]
    TooLong,
    /// Its bytes do not lead to its hash.
    #[error("the entry was changed: its bytes do not lead to its hash")]
    Changed,
    /// Numbers are missing.
    #[error("entries are missing: {first} to {last}")]
    Removed {
        /// The first of the missing.
        first: u64,
        /// The last of the missing.
        last: u64,
    },
    /// A number that was there before.
    #[error("the entry stands in the wrong place, or twice: {expected} should follow")]
    Reordered {
        /// The number that should stand here.
        expected: u64,
    },
    /// The right number, but it does not follow from the entry before.
    #[error("the entry does not follow from the one before: one of them was inserted or written anew")]
    Unlinked,
    /// Parts of one call do not follow each other.
    #[error("the entries of one call do not belong together")]
    Parts,
    /// The end is not whole.
    #[error("the end is torn: {bytes} bytes after the last whole call")]
    Torn {
        /// How many bytes stand behind the last whole call.
        bytes: u64,
    },
    /// A file is not there.
    #[error("a file is missing: it ended with entry {last}")]
    FileMissing {
        /// The number of the entry with which the missing file, or the last of several, ended.
        last: u64,
    },
    /// The name of a file does not fit to its first entry.
    #[error("the name says that the file begins with entry {named}")]
    Misnamed {
        /// What the name says.
        named: u64,
    },
    /// The entry is not the one that was noted.
    #[error("the entry is not the noted one: the log was written anew, from here or before")]
    NotTheHead,
    /// The log ends before the entry that was noted.
    #[error("the end was cut off: entry {noted} was noted")]
    CutOff {
        /// The number that was noted.
        noted: u64,
    },
}

/// Checks line after line that each follows from the one before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain {
    /// The entry before; `None` where the next line is believed about what came before it.
    head: Option<Head>,
    /// Part and parts of the call under way.
    open: Option<(u64, u64)>,
}

impl Chain {
    /// A chain whose first entry follows `head`; or, with `None`, one that begins anywhere.
    pub(crate) const fn after(head: Option<Head>) -> Self {
        Self { head, open: None }
    }

    pub(crate) const fn head(&self) -> Option<Head> {
        self.head
    }

    /// No call is under way.
    pub(crate) const fn is_whole(&self) -> bool {
        self.open.is_none()
    }

    /// Takes the next line, or says what is wrong with it, and which number it claims.
    pub(crate) fn take(&mut self, line: &[u8]) -> Result<Link, (Fault, Option<u64>)> {
        let link = link(line).map_err(|bad| match bad {
            BadLine::Form => (Fault::Form, None),
            BadLine::Hash(seq) => (Fault::Changed, seq),
        })?;
        let seq = link.head.seq;
        let fault = |fault| Err((fault, Some(seq)));
        match self.head {
            Some(head) if head.seq + 1 < seq => {
                return fault(match link.own {
                    Own::Rotated => Fault::FileMissing { last: seq - 1 },
                    _ => Fault::Removed {
                        first: head.seq + 1,
                        last: seq - 1,
                    },
                });
            }
            Some(head) if seq <= head.seq => {
                return fault(Fault::Reordered {
                    expected: head.seq + 1,
                });
            }
            Some(head) if head.hash != link.prev => return fault(Fault::Unlinked),
            // Only the first entry of all has nothing before it.
            None if (seq == 1) != (link.prev == Hash::ZERO) => return fault(Fault::Unlinked),
            _ => {}
        }
        let expected = match self.open {
            Some((part, parts)) => (part + 1, parts),
            None => (1, link.parts),
        };
        if (link.part, link.parts) != expected {
            return fault(Fault::Parts);
        }
        self.open = (link.part < link.parts).then_some((link.part, link.parts));
        self.head = Some(link.head);
        Ok(link)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::entry::Entry;
    use crate::line::encode;

    /// The lines of one call, each with its head.
    fn call(actions: &[&'static str], after: Head) -> Vec<Vec<u8>> {
        let entries: Vec<_> = actions
            .iter()
            .map(|action| Cow::Owned(Entry::new(UNIX_EPOCH, *action)))
            .collect();
        let (bytes, _) = encode(&entries, after).unwrap();
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| line[..line.len() - 1].to_vec())
            .collect()
    }

    #[test]
    fn an_entry_that_does_not_follow_from_the_one_before_is_noticed_though_its_own_hash_is_right() {
        let first = call(&["one"], Head::START).remove(0);
        let other = link(&call(&["other"], Head::START)[0]).unwrap().head;
        let second = call(&["two"], other).remove(0);
        let mut chain = Chain::after(Some(Head::START));

        chain.take(&first).unwrap();
        let fault = chain.take(&second).unwrap_err();

        assert_eq!(fault, (Fault::Unlinked, Some(2)));
    }

    #[test]
    fn a_call_that_ends_before_its_last_part_is_noticed() {
        let begun = call(&["one", "two", "three"], Head::START).remove(0);
        let other = call(&["other"], link(&begun).unwrap().head).remove(0);
        let mut chain = Chain::after(Some(Head::START));

        chain.take(&begun).unwrap();
        let whole = chain.is_whole();
        let fault = chain.take(&other).unwrap_err();

        assert!(!whole);
        assert_eq!(fault, (Fault::Parts, Some(2)));
    }
}
