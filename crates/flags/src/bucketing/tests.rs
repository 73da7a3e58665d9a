use super::*;
use crate::operator::Datum;
use crate::{Value, ValueRef};

/// The hash of bytes, and the bytes that a value is to be encoded as.
fn hash(bytes: &[u8]) -> u32 {
    Murmur::new().push(bytes).finish()
}

#[test]
fn murmur3_gives_what_the_original_gives() {
    let inputs = [
        "",
        "a",
        "ab",
        "abc",
        "abcd",
        "hello",
        "foo",
        "The quick brown fox jumps over the lazy dog",
    ];

    let hashes = inputs.map(|input| hash(input.as_bytes()));

    // SMHasher's, with seed 0.
    let known = [
        0,
        0x3c25_69b2,
        0x9bbf_d75f,
        0xb3dd_93fa,
        0x43ed_676a,
        0x248b_fa47,
        0xf6a5_c420,
        0x2e4f_f723,
    ];
    assert_eq!(hashes, known);
}

#[test]
fn pieces_hash_as_the_whole() {
    let text = "0123456789abcdefghi";

    let apart = |first: usize, second: usize| {
        let (a, rest) = text.split_at(first);
        let (b, c) = rest.split_at(second);
        [a, b, c]
            .iter()
            .fold(Murmur::new(), |hash, piece| hash.push(piece.as_bytes()))
            .finish()
    };

    for first in 0..=text.len() {
        for second in 0..=text.len() - first {
            assert_eq!(apart(first, second), hash(text.as_bytes()), "{first} {second}");
        }
    }
}

#[test]
fn values_are_encoded_as_rfc_8949_says() {
    // Appendix A of the RFC; the numbers after them by flagd's rule that integral floats are integers.
    let integers: [(i64, &[u8]); 9] = [
        (0, &[0x00]),
        (23, &[0x17]),
        (24, &[0x18, 0x18]),
        (1000, &[0x19, 0x03, 0xe8]),
        (1_000_000, &[0x1a, 0x00, 0x0f, 0x42, 0x40]),
        (
            1_000_000_000_000,
            &[0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00],
        ),
        (-1, &[0x20]),
        (-100, &[0x38, 0x63]),
        (-1000, &[0x39, 0x03, 0xe7]),
    ];
    let floats: [(f64, &[u8]); 10] = [
        (1.1, &[0xfb, 0x3f, 0xf1, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a]),
        (1.5, &[0xf9, 0x3e, 0x00]),
        (5.960_464_477_539_063e-8, &[0xf9, 0x00, 0x01]),
        (0.000_061_035_156_25, &[0xf9, 0x04, 0x00]),
        (3.402_823_466_385_288_6e38, &[0xfa, 0x7f, 0x7f, 0xff, 0xff]),
        (1.0e300, &[0xfb, 0x7e, 0x37, 0xe4, 0x3c, 0x88, 0x00, 0x75, 0x9c]),
        (-4.1, &[0xfb, 0xc0, 0x10, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66]),
        (1.0, &[0x01]),
        (-0.0, &[0x00]),
        (
            18_446_744_073_709_549_568.0,
            &[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf8, 0x00],
        ),
    ];
    let texts: [(&str, &[u8]); 3] = [("", &[0x60]), ("IETF", b"\x64IETF"), ("\u{fc}", b"\x62\xc3\xbc")];

    let agree = |value: Datum<'_>, bytes: &[u8]| assert_eq!(hash_of(value), Ok(hash(bytes)), "{value:?}");

    integers
        .iter()
        .for_each(|(value, bytes)| agree(Datum::Integer(*value), bytes));
    floats
        .iter()
        .for_each(|(value, bytes)| agree(Datum::Float(*value), bytes));
    texts
        .iter()
        .for_each(|(value, bytes)| agree(Datum::Text(value), bytes));
    agree(Datum::Bool(false), &[0xf4]);
    agree(Datum::Bool(true), &[0xf5]);
}

#[test]
fn the_fields_of_an_object_are_hashed_by_the_length_of_their_names_then_by_their_bytes() {
    let fields = |names: [&str; 3]| -> Vec<(Box<str>, Value)> {
        names
            .iter()
            .map(|name| ((*name).into(), Value::List([Value::Null].into())))
            .collect()
    };
    let (one, other) = (fields(["aa", "b", "a"]), fields(["a", "aa", "b"]));

    let hashes = [&one, &other].map(|fields| hash_of(ValueRef::Map(fields).into()));

    let encoded = b"\xa3\x61a\x81\xf6\x61b\x81\xf6\x62aa\x81\xf6";
    assert_eq!(hashes, [Ok(hash(encoded)); 2]);
}

#[test]
fn texts_of_every_length_have_the_head_that_cbor_wants() {
    for length in [0, 1, 22, 23, 24, 25, 255, 256, 70_000] {
        let text = "x".repeat(length);
        let mut head = match length {
            0..24 => vec![0x60 | length as u8],
            24..256 => vec![0x78, length as u8],
            256..65_536 => [&[0x79][..], &(length as u16).to_be_bytes()].concat(),
            _ => [&[0x7a][..], &(length as u32).to_be_bytes()].concat(),
        };
        let hashed = hash_of_text(Bucketing::V3, &text);
        let keyed = Seed::new(Bucketing::V3, "flag").hash(&text);

        head.extend(text.as_bytes());

        assert_eq!(hashed, hash(&head), "{length}");
        assert_eq!(keyed, hash(&[b"\x82\x64flag", &*head].concat()), "{length}");
    }
}

#[test]
fn a_value_that_is_too_deep_or_too_large_has_no_hash() {
    let deep = (0..40).fold(Value::Null, |inner, _| Value::List([inner].into()));
    let large: Vec<(Box<str>, Value)> = (0..300)
        .map(|name| (name.to_string().into(), Value::Null))
        .collect();

    let hashes = [deep.as_ref().into(), ValueRef::Map(&large).into()].map(hash_of);

    assert!(hashes.iter().all(Result::is_err));
}

#[test]
fn the_first_generation_compares_as_the_floats_of_flagd_do() {
    let arms: [&[u32]; 4] = [&[25, 25, 25, 25], &[1, 1, 1], &[0, 7, 0, 3], &[1, 2_147_483_646]];
    let edges = [
        0,
        1,
        2,
        0x7fff_fffe,
        0x7fff_ffff,
        0x8000_0000,
        0x8000_0001,
        u32::MAX,
    ];
    let hashes: Vec<u32> = (0..5000).map(|number| hash(&u32::to_be_bytes(number))).collect();

    for weights in arms {
        let total = weights.iter().sum();
        let mut ends = Ends::new(Bucketing::V1, total);
        let untils: Vec<u32> = weights.iter().map(|weight| ends.after(*weight)).collect();
        // The sums, and the hashes around each of them.
        let sums = weights.iter().scan(0.0, |sum, weight| {
            *sum += 100.0 * f64::from(*weight) / f64::from(total);
            Some(*sum)
        });
        let sums: Vec<f64> = sums.collect();
        let around = untils
            .iter()
            .flat_map(|until| [until.saturating_sub(1), *until, until + 1]);
        for hash in around.chain(edges).chain(hashes.iter().copied()) {
            let percent = f64::from(hash.cast_signed()).abs() / f64::from(i32::MAX) * 100.0;
            let wanted = sums.iter().position(|sum| percent < *sum);

            let bucket = Bucketing::V1.bucket(hash, ends.buckets());

            let drawn = untils.iter().position(|until| bucket < *until);
            assert_eq!(drawn, wanted, "{hash} of {weights:?}");
        }
    }
}
