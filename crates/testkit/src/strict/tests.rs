use super::*;

fn wrong(bytes: &str) -> &'static str {
    match request(bytes.as_bytes()) {
        Reading::Wrong(what) => what,
        other => panic!("{bytes:?} is taken as {other:?}"),
    }
}

#[test]
fn a_stream_is_read_request_by_request() {
    let bytes = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcPOST /b HTTP/1.1\r\nHost: y\r\n\
        Transfer-Encoding: chunked\r\n\r\n2;e=1\r\nab\r\n1\r\nc\r\n0\r\nT: 1\r\n\r\nGET /c HT";

    let read = stream(bytes);

    let bodies: Vec<_> = read
        .requests
        .iter()
        .map(|request| (request.target.as_str(), request.host(), request.body.as_slice()))
        .collect();
    assert_eq!(
        bodies,
        [("/a", "x".into(), &b"abc"[..]), ("/b", "y".into(), &b"abc"[..])]
    );
    assert_eq!(read.requests[1].trailers, [("T".into(), b"1".to_vec())]);
    assert_eq!((bytes.len() - read.end, read.wrong), (9, None));
}

#[test]
fn every_cut_of_a_request_is_a_part_of_one() {
    let bytes =
        b"POST /b HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nT: 1\r\n\r\n";

    for end in 0..bytes.len() {
        assert_eq!(request(&bytes[..end]), Reading::Part, "{end}");
    }
    assert!(matches!(request(bytes), Reading::Whole(_)));
}

#[test]
fn what_two_readers_could_take_differently_is_wrong() {
    for head in [
        "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
    ] {
        wrong(head);
    }
    for fields in [
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
    ] {
        wrong(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n"));
    }
    wrong("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
}

#[test]
fn chunks_end_where_they_say() {
    for chunks in [
        "3\r\nabcd\r\n",
        "3\nabc\r\n",
        "3\r\nabc\n",
        "0x3\r\nabc\r\n",
        "+3\r\nabc\r\n",
        " 3\r\nabc\r\n",
        "\r\n",
        "00000000000000003\r\nabc\r\n",
        "3;a\nb\r\nabc\r\n",
        "3 a\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "0\r\na\r\n\r\n",
        "0\n\n",
    ] {
        wrong(&format!(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"
        ));
    }
}

#[test]
fn a_request_tells_whether_it_is_the_last() {
    let last =
        |line: &str, fields: &str| match request(format!("{line}\r\nHost: a\r\n{fields}\r\n").as_bytes()) {
            Reading::Whole(request) => request.is_last(),
            other => panic!("{other:?}"),
        };

    assert!(!last("GET / HTTP/1.1", ""));
    assert!(last("GET / HTTP/1.1", "Connection: x, Close\r\n"));
    assert!(last("GET / HTTP/1.0", ""));
    assert!(!last("GET / HTTP/1.0", "Connection: keep-alive\r\n"));
}
