//! The fields that a gateway must know, found without lower-casing a name.

macro_rules! known {
    ($($(#[$attribute:meta])* $variant:ident $name:literal;)*) => {
        /// A field that a gateway must know.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Known {
            /// Any other.
            Other,
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Known {
            const ALL: &[(Self, &'static str)] = &[(Self::Other, ""), $((Self::$variant, $name)),*];
        }
    };
}

known! {
    Connection "connection";
    KeepAlive "keep-alive";
    ProxyConnection "proxy-connection";
    Te "te";
    TransferEncoding "transfer-encoding";
    Upgrade "upgrade";
    Expect "expect";
    ContentLength "content-length";
    GrayVersion "x-gray-version";
    Forwarded "forwarded";
    ForwardedFor "x-forwarded-for";
    ForwardedHost "x-forwarded-host";
    ForwardedProto "x-forwarded-proto";
    Traceparent "traceparent";
    Tracestate "tracestate";
    ProxyAuthorization "proxy-authorization";
    ProxyAuthenticate "proxy-authenticate";
    Host "host";
    Cookie "cookie";
    SetCookie "set-cookie";
    ContentType "content-type";
    ContentEncoding "content-encoding";
    ContentRange "content-range";
    GrpcTimeout "grpc-timeout";
    Trailer "trailer";
    GraylaneFault "x-graylane-fault";
    Http2Settings "http2-settings";
    Authorization "authorization";
    CacheControl "cache-control";
    MaxForwards "max-forwards";
    Date "date";
    Age "age";
    GraySignature "x-gray-signature";
    GrayFallback "x-gray-fallback";
    GrayMirror "x-gray-mirror";
    GrayMock "x-gray-mock";
    Baggage "baggage";
    MseTag "x-mse-tag";
    AsmPreferTag "x-asm-prefer-tag";
    OpenSergoTraffic "x-opensergo-traffic";
    NdVersion "n-d-version";
    DubboTag "dubbo.tag";
    VersionTag "x_version_tag";
    SermantVersion "x-sermant-version";
}

const COUNT: usize = Known::ALL.len();
const _: () = assert!(COUNT <= 64, "a set of them has 64 bits");

impl Known {
    /// The field of this name, in whatever case it is written. A name is a token; of other bytes the
    /// answer means nothing.
    #[inline]
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let Some(ends) = Ends::of(name) else {
            return Self::Other;
        };
        let candidate = BY_SLOT[ends.slot(MULTIPLIER)];
        if WORDS[candidate as usize].has(ends, name) {
            candidate
        } else {
            Self::Other
        }
    }

    /// The name, in lower case; empty for [`Known::Other`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

/// A set of known fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Set(u64);

impl Set {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// The set of these fields.
    #[must_use]
    pub const fn of(fields: &[Known]) -> Self {
        let (mut bits, mut at) = (0, 0);
        while at < fields.len() {
            bits |= 1 << fields[at] as u8;
            at += 1;
        }
        Self(bits)
    }

    /// Whether the field is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, field: Known) -> bool {
        self.0 >> field as u8 & 1 != 0
    }

    /// What is in this set or in the other.
    #[inline]
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any field is in both sets.
    #[inline]
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// The first and the last bytes of a name, folded: eight each, or four, which may be the same ones.
#[derive(Clone, Copy)]
struct Ends {
    first: u64,
    last: u64,
}

/// Makes a lower-case letter of an upper-case one. Else it makes only of control characters what a word may have: of the
/// other bytes of a token `~` of `^` and DEL of `_`.
const FOLD: u64 = u64::MAX / 255 * 0x20;

impl Ends {
    #[inline]
    const fn of(name: &[u8]) -> Option<Self> {
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            return Some(Self {
                first: u64::from_le_bytes(*first) | FOLD,
                last: u64::from_le_bytes(*last) | FOLD,
            });
        }
        if let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) {
            return Some(Self {
                first: u32::from_le_bytes(*first) as u64 | FOLD,
                last: u32::from_le_bytes(*last) as u64 | FOLD,
            });
        }
        match *name {
            [a, b] => Some(Self::short([a, b, 0])),
            [a, b, c] => Some(Self::short([a, b, c])),
            _ => None,
        }
    }

    const fn short([a, b, c]: [u8; 3]) -> Self {
        Self {
            first: u32::from_le_bytes([a, b, c, 0]) as u64 | FOLD,
            last: FOLD,
        }
    }

    #[inline]
    const fn slot(&self, multiplier: u64) -> usize {
        let mixed = self.first ^ self.last.rotate_left(25);
        (mixed.wrapping_mul(multiplier) >> (u64::BITS - SLOT_BITS)) as usize
    }
}

/// What lies between the ends of a name of more than 16 bytes, folded.
#[inline]
const fn middle(name: &[u8]) -> u64 {
    match name {
        [_, _, _, _, _, _, _, _, rest @ ..] => match rest.first_chunk() {
            Some(middle) => u64::from_le_bytes(*middle) | FOLD,
            None => 0,
        },
        _ => 0,
    }
}

/// A word that is compared without case, as a whole and not byte by byte.
#[derive(Clone, Copy)]
pub(crate) struct Word {
    ends: Ends,
    middle: u64,
    length: usize,
}

impl Word {
    /// A word of 2 to 24 lower-case letters, digits, `-`, `.` and `_`. An underscore folds to DEL, which no token has.
    pub(crate) const fn of(word: &[u8]) -> Self {
        assert!(word.len() <= 24, "two ends and a middle are not all of it");
        match Ends::of(word) {
            Some(ends) => Self {
                ends,
                middle: middle(word),
                length: word.len(),
            },
            None => panic!("a word is too short"),
        }
    }

    /// Whether this is the word. Control characters but for tabulators must not be in it.
    #[inline]
    pub(crate) fn is(&self, other: &[u8]) -> bool {
        other.len() == self.length && Ends::of(other).is_some_and(|ends| self.has(ends, other))
    }

    #[inline]
    fn has(&self, ends: Ends, other: &[u8]) -> bool {
        self.ends.first == ends.first
            && self.ends.last == ends.last
            && self.length == other.len()
            && (self.length <= 16 || self.middle == middle(other))
    }
}

/// By the number of the field; that of the first one is nobody's.
static WORDS: [Word; COUNT] = words();

const fn words() -> [Word; COUNT] {
    let nobody = Word {
        ends: Ends { first: 0, last: 0 },
        middle: 0,
        length: 0,
    };
    let (mut words, mut at) = ([nobody; COUNT], 1);
    while at < COUNT {
        words[at] = Word::of(Known::ALL[at].1.as_bytes());
        at += 1;
    }
    words
}

const SLOT_BITS: u32 = 8;
const SLOTS: usize = 1 << SLOT_BITS;

/// Which known field a name can only be, by its slot.
static BY_SLOT: [Known; SLOTS] = match by_slot(MULTIPLIER) {
    Some(by_slot) => by_slot,
    None => panic!("two names in one slot"),
};

/// Gives each name a slot of its own. Looked for at compile time, so that a field can be added by its name alone.
const MULTIPLIER: u64 = {
    let mut multiplier = 0x9e37_79b9_7f4a_7c15_u64;
    while by_slot(multiplier).is_none() {
        multiplier = multiplier.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(2);
    }
    multiplier
};

const fn by_slot(multiplier: u64) -> Option<[Known; SLOTS]> {
    let words = words();
    let (mut by_slot, mut at) = ([Known::Other; SLOTS], 1);
    while at < COUNT {
        let slot = words[at].ends.slot(multiplier);
        if by_slot[slot] as u8 != 0 {
            return None;
        }
        by_slot[slot] = Known::ALL[at].0;
        at += 1;
    }
    Some(by_slot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_in_any_case_and_only_by_its_whole_name() {
        for &(known, name) in &Known::ALL[1..] {
            let upper = name.to_ascii_uppercase();
            let longer = format!("{name}s");
            let mut near = name.as_bytes().to_vec();

            assert_eq!(Known::of(name.as_bytes()), known, "{name}");
            assert_eq!(Known::of(upper.as_bytes()), known, "{name}");
            assert_eq!(Known::of(longer.as_bytes()), Known::Other, "{name}");
            assert_ne!(Known::of(&name.as_bytes()[1..]), known, "{name}");
            for at in 0..near.len() {
                // Every other byte that a token may have, in every place.
                for byte in (0..=u8::MAX).filter(|&byte| crate::bytes::is_token(byte)) {
                    near[at] = byte;
                    let is_it = near.eq_ignore_ascii_case(name.as_bytes());
                    assert_eq!(Known::of(&near) == known, is_it, "{name} {near:?}");
                }
                near[at] = name.as_bytes()[at];
            }
            assert_eq!(known.name(), name);
            // Its ends alone, without what they have in common.
            let bytes = name.as_bytes();
            if let (true, Some(first), Some(last)) = (
                bytes.len() < 16,
                bytes.first_chunk::<8>(),
                bytes.last_chunk::<8>(),
            ) {
                assert_eq!(Known::of(&[*first, *last].concat()), Known::Other, "{name}");
            }
        }
        assert_eq!(Known::of(b""), Known::Other);
        assert_eq!(Known::of(b"x"), Known::Other);
        assert_eq!(Known::Other.name(), "");
    }

    #[test]
    fn a_set_holds_what_it_is_made_of() {
        let set = Set::of(&[Known::Te, Known::Age]);

        assert!(set.contains(Known::Te) && set.contains(Known::Age) && !set.contains(Known::Host));
        assert!(
            set.intersects(Set::of(&[Known::Host, Known::Age])) && !set.intersects(Set::of(&[Known::Host]))
        );
        assert!(set.union(Set::of(&[Known::Host])).contains(Known::Host));
        assert!(!Set::EMPTY.intersects(set) && Set::default() == Set::EMPTY);
    }
}
