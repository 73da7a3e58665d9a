//! A body: the first byte says how it ends, the next ones how it comes and how much of it is taken at once. It is the same
//! however it comes, its trailers are refused or read, and its chunks are those that another parser sees.
#![no_main]

use graylane_wire::{Body, Framing, Malformed, SizeLine, Step, Table, parse_trailers};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    data: Vec<u8>,
    trailers: Vec<u8>,
    length: usize,
    is_ended: bool,
}

fn read(framing: Framing, input: &[u8], piece: usize, most: usize) -> Result<Read, Malformed> {
    let (mut body, mut read, mut there) = (Body::new(framing), Read::default(), 0);
    loop {
        let rest = &input[read.length..there];
        let left = body.left();
        let n = match body.step(rest)? {
            Step::Skip(n) => {
                assert!(n > 0);
                n
            }
            Step::Data(n) => {
                assert!(n > 0 && n <= rest.len() && left.is_none_or(|left| n as u64 <= left));
                let n = n.min(most);
                body.take(n);
                assert_eq!(body.left(), left.map(|left| left - n as u64));
                read.data.extend_from_slice(&rest[..n]);
                n
            }
            Step::Trailers(n) => {
                assert!(body.is_ended());
                read.trailers.extend_from_slice(&rest[..n]);
                n
            }
            Step::End => {
                read.is_ended = true;
                assert!(body.is_ended() && body.close().is_ok());
                return Ok(read);
            }
            Step::More if there == input.len() => {
                assert!(!body.is_ended());
                assert_eq!(body.close().is_ok(), framing == Framing::UntilClose);
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

/// The data of a chunked body, and where its trailers begin.
fn theirs(input: &[u8]) -> (Vec<u8>, usize) {
    let (mut data, mut at) = (Vec::new(), 0);
    loop {
        let Ok(httparse::Status::Complete((line, size))) = httparse::parse_chunk_size(&input[at..]) else {
            panic!("no chunk at {at}");
        };
        at += line;
        let size = usize::try_from(size).expect("a size that was there");
        if size == 0 {
            return (data, at);
        }
        data.extend_from_slice(&input[at..at + size]);
        at += size;
        assert_eq!(&input[at..at + 2], b"\r\n");
        at += 2;
    }
}

fuzz_target!(|input: &[u8]| {
    let [kind, piece, most, input @ ..] = input else {
        return;
    };
    let framing = match kind {
        0..=3 => Framing::UntilClose,
        4..=7 => Framing::Empty,
        8..=63 => Framing::Length(u64::from(*kind)),
        _ => Framing::Chunked,
    };
    let whole = read(framing, input, input.len().max(1), usize::MAX);

    assert_eq!(
        read(framing, input, usize::from(*piece) + 1, usize::from(*most) + 1),
        whole
    );
    let Ok(whole) = whole else {
        assert_eq!(framing, Framing::Chunked, "only chunks have a form");
        return;
    };
    if framing != Framing::Chunked {
        assert_eq!(whole.data, &input[..whole.length]);
    } else if whole.is_ended {
        let (data, end) = theirs(input);
        assert_eq!((&data, end), (&whole.data, whole.length - whole.trailers.len()));
        assert!(whole.trailers == b"\r\n" || whole.trailers.ends_with(b"\r\n\r\n"));
        let mut table = Table::new();
        if let Ok(fields) = parse_trailers(&whole.trailers, &mut table) {
            let mut copy = Vec::new();
            fields.copy_to(&mut copy, |_| true);
            copy.extend_from_slice(b"\r\n");
            assert_eq!(copy, whole.trailers);
        }

        let mut again = Vec::new();
        for chunk in data.chunks(usize::from(*most) + 1) {
            again.extend_from_slice(SizeLine::new(chunk.len()).as_bytes());
            again.extend_from_slice(chunk);
            again.extend_from_slice(b"\r\n");
        }
        again.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(
            read(framing, &again, 7, usize::MAX).map(|read| read.data),
            Ok(data)
        );
    }
});
