use crate::CompiledFlag;
use crate::operator::same;

/// Flags by key: open addressing with a table at most half full, so that most keys are found at once.
///
/// The hash is not one that withstands chosen keys: who chooses them writes the flag file, and one who only asks for keys
/// cannot make a table.
#[derive(Debug)]
pub(super) struct Names {
    slots: Box<[Slot]>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    flag: u32,
}

const EMPTY: u32 = u32::MAX;

impl Default for Names {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl Names {
    /// At most 2^30 flags.
    pub(super) fn new(flags: &[CompiledFlag]) -> Self {
        let size = (flags.len() * 2).next_power_of_two();
        let empty = Slot { hash: 0, flag: EMPTY };
        let mut slots = vec![empty; size].into_boxed_slice();
        for (index, flag) in flags.iter().enumerate() {
            let hash = hash(flag.key());
            let mut place = hash as usize & (size - 1);
            while slots[place].flag != EMPTY {
                place = (place + 1) & (size - 1);
            }
            slots[place] = Slot {
                hash,
                flag: index as u32,
            };
        }
        Self { slots }
    }

    #[inline(always)]
    pub(super) fn find(&self, key: &str, flags: &[CompiledFlag]) -> Option<crate::FlagId> {
        let hash = hash(key);
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        // Ends, because at least half of the slots are empty.
        loop {
            let slot = self.slots.get(place)?;
            // An empty slot names no flag.
            let flag = flags.get(slot.flag as usize)?;
            if slot.hash == hash && same(flag.key(), key) {
                return Some(crate::FlagId(slot.flag));
            }
            place = (place + 1) & mask;
        }
    }
}

/// Eight bytes at a time, each folded in by a multiplication of which both halves count; the last ones overlap those
/// before.
#[inline(always)]
pub(super) fn hash(key: &str) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const OTHER: u64 = 0xd6e8_feb8_6659_fd93;
    let bytes = key.as_bytes();
    let fold = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    };
    let start = bytes.len() as u64 ^ OTHER;
    let hash = match (
        bytes.last_chunk::<8>(),
        bytes.first_chunk::<4>(),
        bytes.last_chunk::<4>(),
    ) {
        (Some(last), ..) => {
            let (words, _) = bytes.as_chunks::<8>();
            let start = words
                .iter()
                .fold(start, |hash, word| fold(hash, u64::from_le_bytes(*word)));
            fold(start, u64::from_le_bytes(*last))
        }
        (None, Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            fold(start, u64::from(first) << 32 | u64::from(last))
        }
        _ => {
            let word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
            fold(start, word)
        }
    };
    (hash ^ hash >> 32) as u32
}
