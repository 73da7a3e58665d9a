use std::cmp::Ordering;

/// A semantic version as flagd reads them: a leading `v` is allowed, minor and patch may be missing, build metadata is
/// ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version<'t> {
    numbers: [u64; 3],
    /// What follows the `-`; empty in a release.
    prerelease: &'t str,
}

/// The second operand of `sem_ver`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    SameMajor,
    SameMinor,
}

impl Relation {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::AtMost),
        (">", Self::Greater),
        (">=", Self::AtLeast),
        ("^", Self::SameMajor),
        ("~", Self::SameMinor),
    ];

    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(other, _)| *other == word)
            .map(|(_, relation)| *relation)
    }

    pub(crate) fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, relation)| *relation == self)
            .map_or("=", |(word, _)| word)
    }

    #[inline]
    pub(crate) fn holds(self, a: &Version<'_>, b: &Version<'_>) -> bool {
        match self {
            Self::Equal => a.order(b).is_eq(),
            Self::NotEqual => a.order(b).is_ne(),
            Self::Less => a.order(b).is_lt(),
            Self::AtMost => a.order(b).is_le(),
            Self::Greater => a.order(b).is_gt(),
            Self::AtLeast => a.order(b).is_ge(),
            Self::SameMajor => a.numbers[0] == b.numbers[0],
            Self::SameMinor => a.numbers[..2] == b.numbers[..2],
        }
    }
}

impl<'t> Version<'t> {
    pub(crate) fn new(numbers: [u64; 3], prerelease: &'t str) -> Self {
        Self { numbers, prerelease }
    }

    pub(crate) fn numbers(&self) -> [u64; 3] {
        self.numbers
    }

    pub(crate) fn prerelease(&self) -> &'t str {
        self.prerelease
    }

    pub(crate) fn parse(text: &'t str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut bytes = text.as_bytes();
        let mut numbers = [0; 3];
        for (index, number) in numbers.iter_mut().enumerate() {
            if index > 0 {
                match bytes {
                    [b'.', rest @ ..] => bytes = rest,
                    _ => break,
                }
            }
            *number = leading_number(&mut bytes)?;
        }
        if bytes.is_empty() {
            return Some(Self::new(numbers, ""));
        }
        Self::after_numbers(text, bytes.len(), numbers)
    }

    fn after_numbers(text: &'t str, left: usize, numbers: [u64; 3]) -> Option<Self> {
        let (core, rest) = text.split_at(text.len() - left);
        let (prerelease, build) = match rest.split_once('+') {
            Some((before, build)) => (before, Some(build)),
            None => (rest, None),
        };
        // Only a full version may go on.
        let full = core.bytes().filter(|byte| *byte == b'.').count() == 2;
        let sound = full
            && build.is_none_or(|build| build.split('.').all(is_word))
            && (prerelease.is_empty()
                || prerelease.strip_prefix('-')?.split('.').all(|word| {
                    is_word(word) && !(is_number(word) && word.len() > 1 && word.starts_with('0'))
                }));
        sound.then(|| Self::new(numbers, prerelease.strip_prefix('-').unwrap_or("")))
    }

    #[inline]
    fn order(&self, other: &Self) -> Ordering {
        match self.numbers.cmp(&other.numbers) {
            Ordering::Equal if self.prerelease.is_empty() && other.prerelease.is_empty() => Ordering::Equal,
            Ordering::Equal => order_prereleases(self.prerelease, other.prerelease),
            order => order,
        }
    }
}

/// Takes the digits from the front: at least one, no leading zero, at most what fits 64 bits.
fn leading_number(bytes: &mut &[u8]) -> Option<u64> {
    let (first, mut rest) = bytes.split_first()?;
    let mut number = u64::from(first.wrapping_sub(b'0'));
    if number > 9 {
        return None;
    }
    while let Some((byte, after)) = rest.split_first() {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            break;
        }
        if number == 0 {
            return None;
        }
        number = number.checked_mul(10)?.checked_add(digit)?;
        rest = after;
    }
    *bytes = rest;
    Some(number)
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// SemVer 2.0, 11: a release comes after its prereleases; numbers by value and before words, words by their bytes.
fn order_prereleases(a: &str, b: &str) -> Ordering {
    if a.is_empty() || b.is_empty() {
        return a.is_empty().cmp(&b.is_empty());
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => match (is_number(a), is_number(b)) {
                // Without leading zeros the longer one is the greater one.
                (true, true) => (a.len(), a).cmp(&(b.len(), b)),
                (true, false) => Ordering::Less,
                (false, true) => Ordering::Greater,
                (false, false) => a.cmp(b),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}
