use proptest::prelude::*;

use super::*;
use crate::parse_trailers;

const LINES: &[u8] = b"Connection: a, B\r\nX: 1\r\nset-cookie: c\r\nSet-Cookie:d\r\nconnection:  ,\"e, \\\"f\",,g \r\nX: 2\r\n\r\n";

fn with<T>(lines: &[u8], look: impl FnOnce(Fields<'_>) -> T) -> T {
    look(parse_trailers(lines, &mut Table::new()).unwrap())
}

#[test]
fn lines_are_found_by_what_they_are() {
    with(LINES, |fields| {
        assert_eq!((fields.len(), fields.is_empty()), (6, false));
        assert!(fields.has(Known::Connection) && !fields.has_one(Known::Connection));
        assert!(!fields.has(Known::Host) && !fields.has_one(Known::Host));
        assert!(fields.has_any(Set::of(&[Known::Host, Known::SetCookie])));
        assert!(!fields.has_any(Set::of(&[Known::Host, Known::Te])));
        assert_eq!(fields.first(Known::SetCookie), Some(&b"c"[..]));
        assert_eq!(fields.only(Known::SetCookie), None);
        assert_eq!(fields.first(Known::Host), None);
        assert!(fields.all(Known::SetCookie).eq([b"c", b"d"]));
        assert!(fields.all(Known::SetCookie).rev().eq([b"d", b"c"]));
        assert_eq!(fields.all(Known::Host).count(), 0);
        assert_eq!(fields.get("x"), Some(&b"1"[..]));
        assert_eq!(fields.get("y"), None);
    });
    with(b"TE: trailers\r\n\r\n", |fields| {
        assert!(fields.has_one(Known::Te));
        assert_eq!(fields.only(Known::Te), Some(&b"trailers"[..]));
    });
}

/// RFC 9110, sections 5.6.1 and 5.6.4.
#[test]
fn items_of_a_list_are_parted_by_commas_outside_of_quotes() {
    with(LINES, |fields| {
        let items: Vec<&[u8]> = fields.items(Known::Connection).collect();
        assert_eq!(items, [&b"a"[..], b"B", b"\"e, \\\"f\"", b"g"]);
    });
    with(b"TE:\r\nTE: ,, ,\r\n\r\n", |fields| {
        assert_eq!(fields.items(Known::Te).count(), 0);
    });
}

#[test]
fn kept_lines_are_copied_as_they_stand() {
    with(LINES, |fields| {
        let copy = |keep: fn(&Field<'_>) -> bool| {
            let mut out = b"> ".to_vec();
            fields.copy_to(&mut out, keep);
            String::from_utf8(out).unwrap()
        };

        assert_eq!(
            copy(|_| true).as_bytes(),
            [b"> ", &LINES[..LINES.len() - 2]].concat()
        );
        assert_eq!(copy(|_| false), "> ");
        assert_eq!(
            copy(|field| field.known == Known::SetCookie),
            "> set-cookie: c\r\nSet-Cookie:d\r\n"
        );
        assert_eq!(copy(|field| field.name == b"X"), "> X: 1\r\nX: 2\r\n");
    });
}

#[test]
fn a_value_is_not_shown_for_debugging() {
    with(b"Cookie: secret\r\n\r\n", |fields| {
        assert_eq!(format!("{fields:?}"), "[\"Cookie\"]");
    });
}

#[test]
fn a_line_is_written_with_one_space() {
    let mut out = b"> ".to_vec();

    write_field(&mut out, "x-a", b"\xff b");

    assert_eq!(out, b"> x-a: \xff b\r\n");
}

proptest! {
    #[test]
    fn a_copy_holds_exactly_the_kept_lines(
        lines in prop::collection::vec(("([a-c]|te|host)", "[ \t]{0,2}", "[a-z \t]{0,9}", any::<bool>()), 0..9),
    ) {
        let line = |(name, space, value, _): &(String, String, String, bool)| format!("{name}:{space}{value}\r\n");
        let section = lines.iter().map(line).collect::<String>() + "\r\n";
        let mut keeps = lines.iter().map(|line| line.3);
        let expected: String = lines.iter().filter(|line| line.3).map(line).collect();

        let mut out = Vec::new();
        with(section.as_bytes(), |fields| fields.copy_to(&mut out, |_| keeps.next().unwrap()));

        prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
