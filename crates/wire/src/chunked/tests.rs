use proptest::prelude::*;

use super::*;

/// Decodes input that comes in pieces of the given size; gives body and trailers, or what went wrong.
fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>, usize), Option<Malformed>> {
    let mut decoder = Decoder::default();
    let (mut body, mut trailers, mut at, mut there) = (Vec::new(), Vec::new(), 0, 0);
    loop {
        match decoder.step(&input[at..there]).map_err(Some)? {
            Step::Framing(n) => at += n,
            Step::Data(n) => {
                body.extend_from_slice(&input[at..at + n]);
                at += n;
            }
            Step::Trailers(n) => {
                trailers.extend_from_slice(&input[at..at + n]);
                at += n;
            }
            Step::End => return Ok((body, trailers, at)),
            Step::More if there == input.len() => return Err(None),
            Step::More => there = (there + piece).min(input.len()),
        }
    }
}

fn encode(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut wire = Vec::new();
    for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
        wire.extend_from_slice(SizeLine::new(chunk.len()).as_bytes());
        wire.extend_from_slice(chunk);
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b"0\r\n\r\n");
    wire
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_however_it_is_cut(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
        piece in 1..64_usize,
        rest in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut wire = encode(&chunks);
        let length = wire.len();
        wire.extend(rest);

        let (body, trailers, end) = decode(&wire, piece).unwrap();

        prop_assert_eq!(body, chunks.concat());
        prop_assert_eq!(trailers, b"\r\n");
        prop_assert_eq!(end, length, "nothing after the body is touched");
    }

    #[test]
    fn no_input_makes_it_panic_or_loop(input in prop::collection::vec(any::<u8>(), 0..200), piece in 1..9_usize) {
        let _ = decode(&input, piece);
    }

    #[test]
    fn nearly_right_input_neither(input in "[0-9a-f;\r\nx]{0,60}", piece in 1..9_usize) {
        let _ = decode(input.as_bytes(), piece);
    }
}

#[test]
fn extensions_are_read_over_and_trailers_handed_out() {
    let wire = b"3;name=\"value\"\r\nabc\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\nrest";

    let (body, trailers, end) = decode(wire, 1).unwrap();

    assert_eq!(body, b"abc");
    assert_eq!(trailers, b"X-Sum: 1\r\nY: 2\r\n\r\n");
    assert_eq!(&wire[end..], b"rest");
}

#[test]
fn framing_that_two_readers_could_read_differently_is_refused() {
    for wire in [
        &b"3\nabc\r\n0\r\n\r\n"[..],
        b"3;a\nb\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"\r\nabc",
        b";a\r\n",
        b"3\r\nabcd\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"10000000000000003\r\nabc",
    ] {
        assert_eq!(
            decode(wire, 64),
            Err(Some(Malformed)),
            "{:?}",
            String::from_utf8_lossy(wire)
        );
    }
}

#[test]
fn what_has_no_end_is_bounded() {
    let extension = [b"3;".as_slice(), &vec![b'x'; 2_000]].concat();
    let trailers = [b"0\r\n".as_slice(), &b"a: b\r\n".repeat(4_000)].concat();

    assert_eq!(decode(&extension, 64), Err(Some(Malformed)));
    assert_eq!(decode(&trailers, 64), Err(Some(Malformed)));
}

#[test]
fn half_a_body_asks_for_more() {
    for wire in [
        &b""[..],
        b"3",
        b"3\r\nab",
        b"3\r\nabc\r\n",
        b"0\r\n",
        b"0\r\nX: 1\r\n",
    ] {
        assert_eq!(decode(wire, 64), Err(None), "{:?}", String::from_utf8_lossy(wire));
    }
}
