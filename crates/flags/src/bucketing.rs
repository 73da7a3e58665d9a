mod cbor;
mod ends;
mod float;
mod murmur;

pub(crate) use cbor::hash_of;
pub(crate) use ends::Ends;
pub(crate) use murmur::Murmur;

/// How a targeting key becomes a bucket. Another one redraws nearly every cohort, so a flag set names the one it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bucketing {
    /// `flagd-v1`: the hash of the bytes of a string, as floating-point percent (flagd before March 2026, written in Go;
    /// providers in other languages differed from it). For cohorts that were drawn so and are to stay.
    V1,
    /// `flagd-v2`: the same hash, whole-numbered buckets (flagd from March 2026).
    V2,
    /// `flagd-v3`: the hash of the deterministic CBOR encoding of any value, buckets as before (flagd from October 2026).
    #[default]
    V3,
}

impl Bucketing {
    /// The word for it in files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "flagd-v1",
            Self::V2 => "flagd-v2",
            Self::V3 => "flagd-v3",
        }
    }

    /// The bucket of a hash among those of [`Ends`], from 0; `of` is how many they are.
    #[inline(always)]
    pub(crate) fn bucket(self, hash: u32, of: u32) -> u32 {
        match self {
            Self::V1 => float::bucket(hash),
            Self::V2 | Self::V3 => part_of(hash, of),
        }
    }
}

/// The bucket of a hash for all but the first generation.
#[inline(always)]
pub(crate) fn part_of(hash: u32, of: u32) -> u32 {
    // Below `of`, because the hash is below 2^32.
    ((u64::from(hash) * u64::from(of)) >> 32) as u32
}

/// The hash of a flag's key, waiting for the targeting key: what `fractional` without a value to bucket by and gray
/// flags hash. The flag's part is hashed once, when the flag is compiled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed {
    /// For V3 with the first byte of the next text, which will be told its length.
    after_flag: Murmur,
    bucketing: Bucketing,
}

impl Seed {
    /// V1 and V2 hash the two keys one after the other, V3 the CBOR array of both.
    pub(crate) fn new(bucketing: Bucketing, flag: &str) -> Self {
        let after_flag = match bucketing {
            Bucketing::V1 | Bucketing::V2 => Murmur::new().push(flag.as_bytes()),
            Bucketing::V3 => {
                cbor::push_text(Murmur::new().push(&[cbor::ARRAY_OF_TWO]), flag).hold(cbor::TEXT)
            }
        };
        Self {
            after_flag,
            bucketing,
        }
    }

    #[inline(always)]
    pub(crate) fn hash(&self, targeting_key: &str) -> u32 {
        let start = match self.bucketing {
            Bucketing::V1 | Bucketing::V2 => self.after_flag,
            // Targeting keys are short: that byte alone says so. The rest is apart, so that nothing is kept for it.
            Bucketing::V3 if targeting_key.len() < 24 => self.after_flag.amended(targeting_key.len() as u8),
            Bucketing::V3 => return self.hash_long(targeting_key),
        };
        start.push(targeting_key.as_bytes()).finish()
    }

    #[inline(never)]
    fn hash_long(&self, targeting_key: &str) -> u32 {
        let mut space = [0; 8];
        let (first, more) = cbor::argument(targeting_key.len() as u64, &mut space);
        self.after_flag
            .amended(first)
            .push(more)
            .push(targeting_key.as_bytes())
            .finish()
    }
}

/// The hash of a string alone: a value to bucket by.
#[inline]
pub(crate) fn hash_of_text(bucketing: Bucketing, text: &str) -> u32 {
    match bucketing {
        Bucketing::V1 | Bucketing::V2 => Murmur::new().push(text.as_bytes()),
        Bucketing::V3 => cbor::push_text(Murmur::new(), text),
    }
    .finish()
}

#[cfg(test)]
mod tests;
