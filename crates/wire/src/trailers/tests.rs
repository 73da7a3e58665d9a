use super::*;
use crate::Known;

fn refusal(section: &[u8]) -> Option<Refusal> {
    parse_trailers(section, &mut Table::new()).err()
}

/// RFC 9112, section 7.1.2.
#[test]
fn trailers_are_fields_and_an_empty_line() {
    let mut table = Table::new();

    let fields = parse_trailers(b"X-Sum: 1\r\ngrpc-timeout:2\r\n\r\n", &mut table).unwrap();

    assert_eq!(fields.get("x-sum"), Some(&b"1"[..]));
    assert_eq!(fields.only(Known::GrpcTimeout), Some(&b"2"[..]));
    assert!(parse_trailers(b"\r\n", &mut table).unwrap().is_empty());
}

/// RFC 9112, sections 2.2, 5.1 and 5.2.
#[test]
fn trailers_have_the_grammar_of_fields() {
    for (section, found) in [
        (&b""[..], Refusal::TrailerEnd),
        (b"X: 1\r\n", Refusal::TrailerEnd),
        (b"X: 1\r\n\r\nY", Refusal::TrailerEnd),
        (b"\r\n\r\n", Refusal::TrailerEnd),
        (b"X : 1\r\n\r\n", Refusal::SpaceBeforeColon),
        (b"X: 1\r\n Y\r\n\r\n", Refusal::FoldedLine),
        (b"X\r\n\r\n", Refusal::Colon),
        (b"X: 1\n\r\n", Refusal::BareLineFeed),
        (b"X: \0\r\n\r\n", Refusal::Control),
    ] {
        assert_eq!(
            refusal(section),
            Some(found),
            "{:?}",
            String::from_utf8_lossy(section)
        );
    }
}

#[test]
fn trailers_are_bounded() {
    let lines = |count: usize| [&b"a: b\r\n".repeat(count)[..], b"\r\n"].concat();

    assert_eq!(refusal(&lines(MAX_FIELDS)), None);
    assert_eq!(refusal(&lines(MAX_FIELDS + 1)), Some(Refusal::TooManyFields));
    let long = [b"a: ", &[b'b'; MAX_TRAILERS][..], b"\r\n\r\n"].concat();
    assert_eq!(refusal(&long), Some(Refusal::HeadTooLarge));
}
