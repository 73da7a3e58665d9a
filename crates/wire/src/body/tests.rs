use proptest::prelude::*;

use super::*;
use crate::SizeLine;

/// What a reader made of its input.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    data: Vec<u8>,
    trailers: Vec<u8>,
    /// How much of the input was of the body.
    length: usize,
    is_ended: bool,
}

/// Reads input that comes in pieces of the given size, and takes at most so many bytes at once.
fn read(framing: Framing, input: &[u8], piece: usize, most: usize) -> Result<Read, Malformed> {
    let (mut body, mut read, mut there) = (Body::new(framing), Read::default(), 0);
    loop {
        let rest = &input[read.length..there];
        let n = match body.step(rest)? {
            Step::Skip(n) => n,
            Step::Data(n) => {
                assert_eq!(body.step(rest), Ok(Step::Data(n)), "nothing is taken by asking");
                let n = n.min(most);
                body.take(n);
                read.data.extend_from_slice(&rest[..n]);
                n
            }
            Step::Trailers(n) => {
                read.trailers.extend_from_slice(&rest[..n]);
                n
            }
            Step::End => {
                read.is_ended = true;
                assert!(body.is_ended() && body.left() == Some(0) && body.close().is_ok());
                return Ok(read);
            }
            Step::More if there == input.len() => {
                assert!(!body.is_ended());
                return Ok(read);
            }
            Step::More => {
                there = (there + piece).min(input.len());
                0
            }
        };
        read.length += n;
    }
}

/// Body, trailers and end of a chunked body; `Err(None)` where it has not ended.
fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, Vec<u8>, usize), Option<Malformed>> {
    let read = read(Framing::Chunked, input, piece, usize::MAX).map_err(Some)?;
    let ended = (read.data, read.trailers, read.length);
    read.is_ended.then_some(ended).ok_or(None)
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
    fn pieces_make_no_difference(
        input in "([1-9a-f];?[a-z=\"\\\\ ]{0,6}\r\n[x-z]{0,3}\r?\n?){0,4}(0\r\n([A-Z]: [a-z]{0,3}\r?\n){0,2}\r\n)?rest",
        length in 0..40_u64,
        piece in 1..9_usize,
        most in 1..5_usize,
    ) {
        for framing in [Framing::Chunked, Framing::Length(length), Framing::UntilClose, Framing::Empty] {
            let whole = read(framing, input.as_bytes(), input.len(), usize::MAX);
            let pieces = read(framing, input.as_bytes(), piece, most);

            prop_assert_eq!(&pieces, &whole);
        }
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
    // RFC 9112, section 7.1.
    for wire in [
        &b"\n"[..],
        b"3\r\r\nabc\r\n0\r\n\r\n",
        b"3\rabc",
        b"3\r\nabcx\n0\r\n\r\n",
        b"3\r\nabc\rx0\r\n\r\n",
        b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        b"3;a=\"\r\n\"\r\nabc\r\n0\r\n\r\n",
        b"3;a=\"\\\r\n\"\r\nabc\r\n0\r\n\r\n",
        b"3;a=\"\n\"\r\nabc\r\n0\r\n\r\n",
        b"3;a\0\r\nabc",
        b"3;a=\"\0\"\r\nabc",
        b"3;\r\nabc",
        b"3;a=\r\nabc",
        b"3;a \r\nabc",
        b"3;a=b \r\nabc",
        b"3;a b\r\nabc",
        b"3;a=b=c\r\nabc",
        b"3;a=\"b\"c\r\nabc",
        b"3;\xe9\r\nabc",
        b"3 ;a\r\nabc",
        b" 3\r\nabc",
        b"\t3\r\nabc",
        b"-3\r\nabc",
        b"3_0\r\nabc",
        b"3,\r\nabc",
        b"g\r\nabc",
        b"8000000000000000\r\nabc",
        b"ffffffffffffffff\r\nabc",
        b"00000000000000003\r\nabc",
        b"0\n\r\n",
        b"0\r\n\n",
        b"0\r\n\rx",
        b"0\r\nA: b\n\r\n",
        b"0\r\nA: b\rc\r\n\r\n",
        b"0\r\nA: \0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
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
        for piece in [1, 64] {
            assert_eq!(
                decode(wire, piece),
                Err(Some(Malformed)),
                "{:?}",
                String::from_utf8_lossy(wire)
            );
        }
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

/// RFC 9112, section 7.1.1.
#[test]
fn extensions_are_read_over_in_all_their_forms() {
    for extension in [
        ";a",
        ";a=b",
        ";a;b;c=d",
        ";a=\"\"",
        ";a=\"b;c\td \\\" \u{e9}\";e",
        "; a = b ; c",
        "; \ta\t =\t\"b\" ;c",
    ] {
        let wire = format!("3{extension}\r\nabc\r\n0{extension}\r\n\r\n");

        let (body, _, end) = decode(wire.as_bytes(), 1).unwrap();

        assert_eq!((&body[..], end), (&b"abc"[..], wire.len()), "{extension}");
    }
}

#[test]
fn the_largest_chunk_has_63_bits() {
    let mut body = Body::new(Framing::Chunked);

    let size = body.step(b"7fffffffffffffff\r\nab");

    assert_eq!(size, Ok(Step::Skip(18)));
    assert_eq!(body.step(b"ab"), Ok(Step::Data(2)));
    assert_eq!(body.left(), None, "there may be more chunks");
}

/// CVE-2023-39326.
#[test]
fn a_body_is_not_made_of_extensions() {
    let chunk = |data: usize, extension: usize| {
        let data = "x".repeat(data);
        format!("{:x};{}\r\n{data}\r\n", data.len(), "e".repeat(extension))
    };

    assert!(decode(chunk(1, 1_024 - 1).as_bytes(), 64).is_err_and(|error| error.is_none()));
    assert_eq!(decode(chunk(1, 1_024).as_bytes(), 64), Err(Some(Malformed)));
    let few_data = chunk(1, 100).repeat(200);
    assert_eq!(decode(few_data.as_bytes(), 64), Err(Some(Malformed)));
    let as_many_data = chunk(101, 100).repeat(2_000);
    assert_eq!(decode(as_many_data.as_bytes(), 4_096), Err(None));
}

#[test]
fn a_body_with_a_length_ends_after_it() {
    let mut body = Body::new(Framing::Length(5));
    assert_eq!((body.left(), body.is_ended()), (Some(5), false));
    assert_eq!(body.step(b""), Ok(Step::More));
    assert_eq!(body.step(b"abc"), Ok(Step::Data(3)));

    body.take(2);

    assert_eq!(body.left(), Some(3));
    assert_eq!(body.step(b"cdefg"), Ok(Step::Data(3)));
    body.take(3);
    assert_eq!((body.step(b"fg"), body.left()), (Ok(Step::End), Some(0)));
    assert!(body.is_ended());
}

#[test]
fn no_body_has_ended_from_the_start() {
    for framing in [Framing::Empty, Framing::Length(0)] {
        let mut body = Body::new(framing);

        assert!(body.is_ended());
        assert_eq!((body.step(b"GET"), body.left()), (Ok(Step::End), Some(0)));
    }
}

/// RFC 9112, section 8.
#[test]
fn only_a_body_that_ends_with_the_connection_may_be_ended_by_it() {
    let mut body = Body::new(Framing::UntilClose);
    assert_eq!(body.step(b"ab"), Ok(Step::Data(2)));
    body.take(2);
    assert_eq!((body.left(), body.is_ended()), (None, false));
    assert_eq!((body.close(), body.is_ended()), (Ok(()), true));

    for (framing, input) in [
        (Framing::Length(3), &b"ab"[..]),
        (Framing::Chunked, b""),
        (Framing::Chunked, b"3\r\n"),
        (Framing::Chunked, b"0\r\n"),
    ] {
        let mut body = Body::new(framing);
        let _ = body.step(input).unwrap();

        assert_eq!(body.close(), Err(Malformed));
        assert_eq!(body.step(b"0\r\n\r\n"), Err(Malformed), "and stays so");
    }
}

#[test]
fn what_was_malformed_once_stays_so() {
    let mut body = Body::new(Framing::Chunked);

    assert_eq!(body.step(b"x"), Err(Malformed));

    assert_eq!(body.step(b"0\r\n\r\n"), Err(Malformed));
    assert!(!body.is_ended());
}

/// A trailer section that drips in is looked at once, and refused as soon as it can be.
#[test]
fn trailers_are_looked_at_as_they_come() {
    let section = |bytes: &[u8]| {
        let mut body = Body::new(Framing::Chunked);
        assert_eq!(body.step(b"0\r\n"), Ok(Step::Skip(3)));
        for there in 0..=bytes.len() {
            match body.step(&bytes[..there]) {
                Ok(Step::More) => {}
                other => return (there, other),
            }
        }
        (bytes.len(), Ok(Step::More))
    };

    assert_eq!(section(b"\r\nrest"), (2, Ok(Step::Trailers(2))));
    assert_eq!(section(b"A: b\r\n\r\nrest"), (8, Ok(Step::Trailers(8))));
    assert_eq!(section(b"A: b\nrest"), (5, Err(Malformed)));
    let most = [b"A: ", &[b'x'; MAX_TRAILERS - 7][..], b"\r\n\r\n"].concat();
    assert_eq!(section(&most), (MAX_TRAILERS, Ok(Step::Trailers(MAX_TRAILERS))));
    let more = [b"A: ", &[b'x'; MAX_TRAILERS - 6][..], b"\r\n\r\n"].concat();
    assert_eq!(section(&more), (MAX_TRAILERS, Err(Malformed)));
}
