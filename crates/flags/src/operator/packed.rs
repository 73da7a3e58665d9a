use crate::operator::Relation;

/// A plain version, such as `2.14.3`: its numbers side by side, so that versions compare as numbers do. Others, with a
/// prerelease, build metadata, a leading `v` or a number beyond [`LARGEST`], are left to [`crate::operator::Version`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packed(u64);

/// The bits of one number.
const BITS: u32 = 21;
const LARGEST: u64 = (1 << BITS) - 1;
/// So many digits fit 64 bits whatever they are.
const LONGEST: usize = 19;

impl Packed {
    #[inline(always)]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() > LONGEST {
            return None;
        }
        let digit = |byte: u8| u64::from(byte.wrapping_sub(b'0'));
        // Most versions are no longer, and need no loop.
        if let [a, b'.', b, b'.', c] = bytes {
            let (a, b, c) = (digit(*a), digit(*b), digit(*c));
            return (a <= 9 && b <= 9 && c <= 9).then_some(Self(a << (2 * BITS) | b << BITS | c));
        }
        let mut bytes = bytes.iter();
        let mut packed = 0;
        let mut shift = 3 * BITS;
        loop {
            shift -= BITS;
            let mut value = digit(*bytes.next()?);
            if value > 9 {
                return None;
            }
            let after = loop {
                match bytes.next() {
                    // No digit follows a leading zero.
                    Some(byte) if digit(*byte) <= 9 && value != 0 => value = value * 10 + digit(*byte),
                    after => break after,
                }
            };
            if value > LARGEST {
                return None;
            }
            packed |= value << shift;
            match after {
                None => return Some(Self(packed)),
                Some(b'.') if shift > 0 => {}
                Some(_) => return None,
            }
        }
    }
}

/// The versions that stand in a relation to one: those of a range, or all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    first: u64,
    /// How many follow the first.
    more: u64,
    within: bool,
}

impl Range {
    pub(crate) fn new(relation: Relation, Packed(version): Packed) -> Self {
        // The last version whose numbers from that bit on are the same.
        let last = |bits: u32| version | ((1 << bits) - 1);
        let first = |bits: u32| version & !((1 << bits) - 1);
        let (first, last, within) = match relation {
            Relation::Equal => (version, version, true),
            Relation::NotEqual => (version, version, false),
            Relation::Less => (version, u64::MAX, false),
            Relation::AtMost => (0, version, true),
            Relation::Greater => (0, version, false),
            Relation::AtLeast => (version, u64::MAX, true),
            Relation::SameMajor => (first(2 * BITS), last(2 * BITS), true),
            Relation::SameMinor => (first(BITS), last(BITS), true),
        };
        Self {
            first,
            more: last - first,
            within,
        }
    }

    #[inline(always)]
    pub(crate) fn holds(&self, Packed(version): Packed) -> bool {
        (version.wrapping_sub(self.first) <= self.more) == self.within
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Version;

    #[test]
    fn plain_versions_compare_as_they_do_in_full() {
        let plain = [
            "0.0.0", "0.0.9", "1.2.3", "1.2.10", "1.20.3", "2.1.0", "9.9.9", "10.0.0", "1.2",
        ];

        for (a, b) in plain.iter().flat_map(|a| plain.map(|b| (*a, b))) {
            for (_, relation) in Relation::ALL {
                let range = Range::new(relation, Packed::parse(b).unwrap());
                let holds = range.holds(Packed::parse(a).unwrap());

                let in_full = relation.holds(&Version::parse(a).unwrap(), &Version::parse(b).unwrap());
                assert_eq!(holds, in_full, "{a} {relation:?} {b}");
            }
        }
    }

    #[test]
    fn other_versions_are_not_packed() {
        for text in [
            "", "1.2.", "1..3", "a.2.3", "1.:.3", "1.2./", "01.2.3", "v1.2.3", "1.2.3-a",
        ] {
            assert_eq!(Packed::parse(text), None, "{text}");
        }
    }
}
