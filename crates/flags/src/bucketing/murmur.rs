/// MurmurHash3 x86 32 bit with seed 0, over bytes that come in pieces, so that nothing is copied together first.
///
/// Source: Austin Appleby, SMHasher, `MurmurHash3.cpp`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Murmur {
    /// Up to three bytes that do not make a block yet, the first one lowest; one more where the last is held back.
    pending: u64,
    /// How many bits of `pending` are taken: 0, 8, 16 or 24, or 32 where a byte is held back.
    bits: u32,
    hash: u32,
    length: u32,
}

const C1: u32 = 0xcc9e_2d51;
const C2: u32 = 0x1b87_3593;

impl Murmur {
    pub(crate) const fn new() -> Self {
        Self {
            pending: 0,
            bits: 0,
            hash: 0,
            length: 0,
        }
    }

    /// Hashes more bytes.
    #[inline(always)]
    pub(crate) fn push(self, bytes: &[u8]) -> Self {
        let Self {
            mut pending,
            mut bits,
            mut hash,
            length,
        } = self;
        let mut rest = bytes;
        while let Some((word, more)) = rest.split_first_chunk::<4>() {
            // The word, shifted behind what is pending, fills a block and leaves as much pending as there was.
            pending |= u64::from(u32::from_le_bytes(*word)) << bits;
            hash = mix(hash, pending as u32);
            pending >>= 32;
            rest = more;
        }
        pending |= tail(bytes, rest) << bits;
        bits += 8 * rest.len() as u32;
        if bits >= 32 {
            hash = mix(hash, pending as u32);
            pending >>= 32;
            bits -= 32;
        }
        Self {
            pending,
            bits,
            hash,
            length: length.wrapping_add(bytes.len() as u32),
        }
    }

    /// Hashes a byte that more bits may be set of, once. It is the last one before that.
    pub(crate) fn hold(self, byte: u8) -> Self {
        Self {
            pending: self.pending | u64::from(byte) << self.bits,
            bits: self.bits + 8,
            hash: self.hash,
            length: self.length.wrapping_add(1),
        }
    }

    /// Sets more bits of the byte that is held back.
    #[inline(always)]
    pub(crate) fn amended(self, more: u8) -> Self {
        Self {
            pending: self.pending | u64::from(more) << (self.bits - 8),
            ..self
        }
    }

    #[inline(always)]
    pub(crate) fn finish(self) -> u32 {
        // Without pending bytes this mixes in a zero, which changes nothing: no jump is needed.
        let mut hash = self.hash ^ scramble(self.pending as u32) ^ self.length;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85eb_ca6b);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xc2b2_ae35);
        hash ^ (hash >> 16)
    }
}

/// The last bytes that fill no word, the first one lowest.
#[inline(always)]
fn tail(bytes: &[u8], rest: &[u8]) -> u64 {
    match bytes.last_chunk::<4>() {
        // Of the last four bytes the rest are the highest.
        Some(last) => u64::from(u32::from_le_bytes(*last)) >> (32 - 8 * rest.len()),
        None => rest
            .iter()
            .rev()
            .fold(0, |tail, byte| tail << 8 | u64::from(*byte)),
    }
}

#[inline(always)]
fn scramble(block: u32) -> u32 {
    block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2)
}

#[inline(always)]
fn mix(hash: u32, block: u32) -> u32 {
    (hash ^ scramble(block))
        .rotate_left(13)
        .wrapping_mul(5)
        .wrapping_add(0xe654_6b64)
}
