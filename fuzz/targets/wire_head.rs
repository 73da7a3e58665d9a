//! A head, of a request or an answer: the first byte says of which, the second where it is cut. What is taken is
//! unambiguous, is the same however it comes, and is what another parser reads in it.
#![no_main]

use graylane_wire::{
    Fields, Framing, Known, Limits, Refusal, Request, Response, Table, Version, parse_request, parse_response,
};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    head: 2_048,
    fields: 64,
};

/// Where the parts of a head stand in it, and what they mean.
type Said = Result<Option<(String, usize)>, Refusal>;

fn of_request(head: Result<Option<Request<'_>>, Refusal>) -> Said {
    Ok(head?.map(|head| (format!("{head:?} {:?}", lines(head.fields)), head.length)))
}

fn of_answer(head: Result<Option<Response<'_>>, Refusal>) -> Said {
    Ok(head?.map(|head| (format!("{head:?} {:?}", lines(head.fields)), head.length)))
}

fn lines(fields: Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let lines = fields.iter();
    lines
        .map(|line| (line.name.to_vec(), line.value.to_vec()))
        .collect()
}

fn whole(input: &[u8], mode: u8, scanned: &mut usize, table: &mut Table) -> Said {
    match mode & 1 {
        0 => of_request(parse_request(input, LIMITS, scanned, table)),
        _ => of_answer(parse_response(input, LIMITS, scanned, mode & 2 != 0, table)),
    }
}

fn in_pieces(input: &[u8], mode: u8, piece: usize) -> Said {
    let (mut scanned, mut table, mut there) = (0, Table::new(), 0);
    loop {
        there = (there + piece).min(input.len());
        match whole(&input[..there], mode, &mut scanned, &mut table) {
            Ok(None) if there < input.len() => {}
            other => return other,
        }
    }
}

/// What holds for the fields of every head that is taken.
fn check_fields(fields: Fields<'_>, theirs: &[httparse::Header<'_>], head: &[u8]) {
    assert!(head.ends_with(b"\r\n\r\n"));
    assert!(
        head.iter()
            .all(|&byte| byte >= b' ' && byte != 0x7f || b"\t\r\n".contains(&byte))
    );
    assert!(
        head.split(|&byte| byte == b'\n')
            .all(|line| line.is_empty() || line.ends_with(b"\r"))
    );
    assert_eq!(fields.len(), theirs.len());
    for (ours, theirs) in fields.iter().zip(theirs) {
        assert_eq!(ours.name, theirs.name.as_bytes());
        assert_eq!(ours.value, theirs.value.trim_ascii());
        let known = ours.known.name();
        assert!(known.is_empty() || ours.name.eq_ignore_ascii_case(known.as_bytes()));
        assert!(fields.get(&theirs.name.to_ascii_lowercase()).is_some());
        let twins = theirs_named(fields, ours.name);
        assert!(ours.known == Known::Other || fields.has_one(ours.known) == (twins == 1));
        assert!(ours.known == Known::Other || fields.all(ours.known).count() == twins);
        for item in fields.items(ours.known) {
            assert!(!item.is_empty());
        }
    }
    let (mut all, mut none) = (Vec::new(), Vec::new());
    fields.copy_to(&mut all, |_| true);
    fields.copy_to(&mut none, |_| false);
    assert!(head[..head.len() - 2].ends_with(&all) && none.is_empty());
    if fields.has(Known::ContentLength) {
        let length = fields.only(Known::ContentLength).expect("one length");
        assert!(length.iter().all(u8::is_ascii_digit));
    }
}

fn theirs_named(fields: Fields<'_>, name: &[u8]) -> usize {
    fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(name))
        .count()
}

fn check_request(input: &[u8]) {
    let mut table = Table::new();
    let Ok(Some(request)) = parse_request(input, LIMITS, &mut 0, &mut table) else {
        return;
    };
    let head = &input[..request.length];
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut theirs = httparse::Request::new(&mut fields);
    assert_eq!(theirs.parse(input), Ok(httparse::Status::Complete(head.len())));
    assert_eq!(theirs.method, Some(request.method));
    assert_eq!(theirs.version == Some(1), request.version == Version::Http11);
    check_fields(request.fields, theirs.headers, head);
    let target = theirs.path.expect("a target");
    assert!(target == request.target || target.len() > request.target.len() && target.contains("://"));
    assert!(request.path.starts_with('/') || request.path == "*" && request.method == "OPTIONS");
    assert!(
        request
            .target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
    );
    let query = request.query.map_or(String::new(), |query| format!("?{query}"));
    assert_eq!(format!("{}{query}", request.path), request.target);
    assert!(request.fields.has_one(Known::Host) && request.authority.starts_with(request.host));
    match request.framing {
        Framing::Chunked => assert!(!request.fields.has(Known::ContentLength)),
        Framing::Length(_) | Framing::Empty => assert!(!request.fields.has(Known::TransferEncoding)),
        Framing::UntilClose => panic!("a request ends before the connection"),
    }

    // What goes on is a head as well, and says the same.
    let mut again = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    request.fields.copy_to(&mut again, |_| true);
    again.extend_from_slice(b"\r\n");
    let limits = Limits {
        head: 4_096,
        ..LIMITS
    };
    let mut table = Table::new();
    let next = parse_request(&again, limits, &mut 0, &mut table)
        .ok()
        .flatten()
        .expect("a head");
    assert_eq!(
        (next.method, next.target, next.host),
        (request.method, request.target, request.host)
    );
    assert_eq!(
        (next.framing, lines(next.fields)),
        (request.framing, lines(request.fields))
    );
}

fn check_answer(input: &[u8], to_head: bool) {
    let mut table = Table::new();
    let Ok(Some(answer)) = parse_response(input, LIMITS, &mut 0, to_head, &mut table) else {
        return;
    };
    let head = &input[..answer.length];
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let mut theirs = httparse::Response::new(&mut fields);
    assert_eq!(theirs.parse(input), Ok(httparse::Status::Complete(head.len())));
    assert_eq!(theirs.code, Some(answer.status));
    assert_eq!(theirs.version == Some(1), answer.version == Version::Http11);
    assert!(!answer.reason.is_ascii() || theirs.reason.map(str::as_bytes) == Some(answer.reason));
    check_fields(answer.fields, theirs.headers, head);
    assert!((100..=999).contains(&answer.status));
    let has_both = answer.fields.has(Known::ContentLength) && answer.fields.has(Known::TransferEncoding);
    assert!(!answer.persistent || !has_both && answer.framing != Framing::UntilClose);
    assert!(!to_head || answer.framing == Framing::Empty);
}

fuzz_target!(|input: &[u8]| {
    let [mode, piece, head @ ..] = input else {
        return;
    };
    let said = whole(head, *mode, &mut 0, &mut Table::new());

    let pieces = in_pieces(head, *mode, usize::from(*piece) + 1);
    // In pieces, what is wrong with a word may show only once the head is complete.
    let is_whole = head.windows(4).any(|end| end == b"\r\n\r\n");
    assert!(
        pieces == said || pieces == Ok(None) && said.is_err() && !is_whole,
        "{pieces:?} {said:?}"
    );
    match said {
        Ok(None) => {
            // Nothing that looks like a whole head is waited for.
            assert!(head.len() < LIMITS.head && !is_whole);
        }
        Ok(Some(_)) if mode & 1 == 0 => check_request(head),
        Ok(Some(_)) => check_answer(head, mode & 2 != 0),
        Err(refusal) => assert!((400..=505).contains(&refusal.status()) && !refusal.to_string().is_empty()),
    }
});
