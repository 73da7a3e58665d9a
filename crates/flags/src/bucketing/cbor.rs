//! Deterministic CBOR (RFC 8949, 4.2.1) of a value, straight into the hash.

use crate::bucketing::Murmur;
use crate::operator::Datum;

/// The head of an array with two items.
pub(super) const ARRAY_OF_TWO: u8 = 0x82;

const UNSIGNED: u8 = 0x00;
const NEGATIVE: u8 = 0x20;
/// The head of a text; its lowest bits say how long it is.
pub(super) const TEXT: u8 = 0x60;

const ARRAY: u8 = 0x80;
const MAP: u8 = 0xa0;

/// Deeper values are not hashed, so that a context cannot exhaust the stack.
const DEEPEST: u32 = 32;
/// Larger maps are not hashed: their keys are put in order without memory, at a cost that grows with the square.
const LARGEST: usize = 256;

/// A value that is nested too deep, or a map with too many fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotHashable;

/// The hash of a value's encoding.
pub(crate) fn hash_of(value: Datum<'_>) -> Result<u32, NotHashable> {
    push(Murmur::new(), value, DEEPEST).map(Murmur::finish)
}

pub(super) fn push_text(hash: Murmur, text: &str) -> Murmur {
    push_head(hash, TEXT, text.len() as u64).push(text.as_bytes())
}

/// A number as the head of a value has it: what stands in the first byte, and the bytes after that.
pub(super) fn argument(number: u64, space: &mut [u8; 8]) -> (u8, &[u8]) {
    *space = number.to_be_bytes();
    let (first, length) = match number {
        0..24 => (number as u8, 0),
        24..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    (first, &space[8 - length..])
}

#[inline(never)]
fn push_head(hash: Murmur, major: u8, number: u64) -> Murmur {
    let mut space = [0; 8];
    let (first, more) = argument(number, &mut space);
    hash.push(&[major | first]).push(more)
}

fn push(hash: Murmur, value: Datum<'_>, depth: u32) -> Result<Murmur, NotHashable> {
    let depth = depth.checked_sub(1).ok_or(NotHashable)?;
    Ok(match value {
        Datum::Null => hash.push(&[0xf6]),
        Datum::Bool(value) => hash.push(&[0xf4 | u8::from(value)]),
        Datum::Integer(value) => push_integer(hash, i128::from(value)),
        Datum::Float(value) => push_float(hash, value),
        Datum::Text(text) => push_text(hash, text),
        Datum::Map(fields) => {
            let mut hash = push_head(hash, MAP, fields.len() as u64);
            if fields.len() > LARGEST {
                return Err(NotHashable);
            }
            // The order of the encoded keys is that of their lengths, then of their bytes. The next one is looked for
            // each time, because there is nowhere to put an order.
            let mut last: Option<&str> = None;
            for _ in fields {
                let next = fields
                    .iter()
                    .filter(|(key, _)| last.is_none_or(|last| before(last, key)))
                    .min_by(|(a, _), (b, _)| (a.len(), a.as_bytes()).cmp(&(b.len(), b.as_bytes())));
                let Some((key, value)) = next else { break };
                hash = push(push_text(hash, key), value.as_ref().into(), depth)?;
                last = Some(key);
            }
            hash
        }
        list @ (Datum::List(_) | Datum::Made(_)) => {
            let items = list.items();
            let mut hash = push_head(hash, ARRAY, items.len() as u64);
            for item in items {
                hash = push(hash, item, depth)?;
            }
            hash
        }
    })
}

fn before(a: &str, b: &str) -> bool {
    (a.len(), a.as_bytes()) < (b.len(), b.as_bytes())
}

fn push_integer(hash: Murmur, value: i128) -> Murmur {
    if value < 0 {
        push_head(hash, NEGATIVE, (-1 - value) as u64)
    } else {
        push_head(hash, UNSIGNED, value as u64)
    }
}

/// Integral numbers are integers where they fit, the others the shortest float that is exact.
fn push_float(hash: Murmur, value: f64) -> Murmur {
    const LOWEST: f64 = -9_223_372_036_854_775_808.0;
    const ABOVE: f64 = 18_446_744_073_709_551_616.0;
    if value.fract() == 0.0 && (LOWEST..ABOVE).contains(&value) {
        return push_integer(hash, value as i128);
    }
    let single = value as f32;
    if f64::from(single).to_bits() != value.to_bits() {
        return hash.push(&[0xfb]).push(&value.to_be_bytes());
    }
    match half(single) {
        Some(half) => hash.push(&[0xf9]).push(&half.to_be_bytes()),
        None => hash.push(&[0xfa]).push(&single.to_be_bytes()),
    }
}

/// The same number with 16 bits, where that is exact.
fn half(value: f32) -> Option<u16> {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let exponent = (bits >> 23 & 0xff) as i32 - 127;
    let fraction = bits & 0x007f_ffff;
    match exponent {
        // Infinity.
        128 if fraction == 0 => Some(sign | 0x7c00),
        -14..=15 if fraction & 0x1fff == 0 => {
            Some(sign | ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16)
        }
        // A subnormal half: the leading one moves into the fraction.
        -24..=-15 => {
            let whole = fraction | 0x0080_0000;
            let shift = (-exponent - 1) as u32;
            (whole & ((1 << shift) - 1) == 0).then_some(sign | (whole >> shift) as u16)
        }
        _ => None,
    }
}
