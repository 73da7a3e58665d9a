use proptest::prelude::*;

use super::*;
use crate::Set;

/// Text that is a head but for a byte here or there.
fn nearly_a_head() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("Host: a".to_owned()),
        Just("Content-Length: 3".to_owned()),
        Just("Transfer-Encoding: chunked".to_owned()),
        Just("Connection: close".to_owned()),
        "[A-Za-z-]{1,20}:[ \t]?[ -~]{0,40}",
        "[A-Za-z-]{1,30}: [ -~\t\u{80}-\u{ff}]{0,9}",
    ];
    let head = (
        "(GET|POST|OPTIONS) (/[a-z%2?]{0,12}|\\*|http://a/?) HTTP/1\\.[01]",
        prop::collection::vec(line, 0..6),
    );
    let flaw = (
        any::<prop::sample::Index>(),
        prop_oneof![Just(b'\n'), Just(b'\r'), Just(b' '), any::<u8>()],
    );
    (head, prop::option::of(flaw)).prop_map(|((start, lines), flaw)| {
        let mut head = format!("{start}\r\nHost: a\r\n{}\r\n\r\nGET", lines.join("\r\n")).into_bytes();
        if let Some((at, byte)) = flaw {
            let at = at.index(head.len() - 3);
            head[at] = byte;
        }
        head
    })
}

/// All that a request says, to be compared.
fn said(head: Result<Option<Request<'_>>, Refusal>) -> String {
    match head {
        Ok(Some(request)) => {
            let fields: Vec<_> = request.fields.iter().collect();
            format!("{request:?} {fields:?}")
        }
        other => format!("{:?}", other.map(|_| ())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn pieces_make_no_difference(head in nearly_a_head(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5)) {
        let mut table = Table::new();
        let whole = said(parse_request(&head, LIMITS, &mut 0, &mut table));
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(head.len())).collect();
        cuts.sort_unstable();
        cuts.push(head.len());

        let (mut scanned, mut found) = (0, String::new());
        for there in cuts {
            found = match parse_request(&head[..there], LIMITS, &mut scanned, &mut table) {
                Ok(None) => continue,
                other => said(other),
            };
            break;
        }

        prop_assert_eq!(found, whole);
    }

    #[test]
    fn what_is_taken_httparse_takes_too(head in nearly_a_head()) {
        let mut table = Table::new();
        if let Ok(Some(request)) = parse_request(&head, LIMITS, &mut 0, &mut table) {
            let mut fields = [httparse::EMPTY_HEADER; 32];
            let mut theirs = httparse::Request::new(&mut fields);

            let length = theirs.parse(&head).unwrap().unwrap();

            prop_assert_eq!(length, request.length);
            prop_assert_eq!(theirs.method, Some(request.method));
            prop_assert!(theirs.path.unwrap().ends_with(request.target) || request.target == "*" || request.target == "/");
            prop_assert_eq!(theirs.version == Some(1), request.version == Version::Http11);
            prop_assert_eq!(theirs.headers.len(), request.fields.len());
            for (theirs, ours) in theirs.headers.iter().zip(request.fields.iter()) {
                prop_assert_eq!(theirs.name.as_bytes(), ours.name);
                // It leaves whitespace behind a value in some cases, and never any before it.
                prop_assert_eq!(theirs.value.trim_ascii_end(), ours.value);
            }
        }
    }

    #[test]
    fn what_is_composed_is_parsed(
        method in "[A-Z]{1,10}",
        path in "/[a-zA-Z0-9/._~-]{0,40}",
        query in prop::option::of("[a-z=&%+]{0,20}"),
        fields in prop::collection::vec(("x-[a-z0-9]{1,20}", "([!-~]([ -~]{0,30}[!-~])?)?"), 0..8),
        host in "[a-z0-9.-]{1,20}",
    ) {
        prop_assume!(method != "CONNECT");
        let target = query.as_ref().map_or(path.clone(), |query| format!("{path}?{query}"));
        let mut head = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        crate::write_field(&mut head, "host", host.as_bytes());
        for (name, value) in &fields {
            crate::write_field(&mut head, name, value.as_bytes());
        }
        head.extend_from_slice(b"\r\n");

        let mut table = Table::new();
        let request = parse_request(&head, LIMITS, &mut 0, &mut table).unwrap().unwrap();

        prop_assert_eq!(request.method, method);
        prop_assert_eq!(request.target, target);
        prop_assert_eq!(request.path, path);
        prop_assert_eq!(request.query, query.as_deref());
        prop_assert_eq!(request.host, host);
        prop_assert_eq!(request.length, head.len());
        let read: Vec<_> = request.fields.iter().skip(1).map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
        let written: Vec<_> = fields.into_iter().map(|(name, value)| (name.into_bytes(), value.into_bytes())).collect();
        prop_assert_eq!(read, written);
        prop_assert!(!request.fields.has_any(Set::of(&[Known::Connection, Known::ContentLength])));
    }

    #[test]
    fn no_bytes_make_it_panic(input in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_request(&input, LIMITS, &mut 0, &mut Table::new());
    }
}
