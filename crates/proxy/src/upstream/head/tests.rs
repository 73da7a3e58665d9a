use super::*;

fn read(head: &str, asked: &Method) -> Result<Option<Head>, Unreadable> {
    read_head(&mut BytesMut::from(head.as_bytes()), asked, &mut HeaderMap::new())
}

/// How the body of an answer to a GET ends, and whether the link may be kept.
fn framed(lines: &str) -> Result<(String, bool), Unreadable> {
    let head = read(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n"), &Method::GET)?.unwrap();
    let framing = match head.framing {
        Framing::Length(length) => length.to_string(),
        Framing::Chunked(_) => "chunked".to_owned(),
        Framing::Close => "close".to_owned(),
        Framing::Ended => "ended".to_owned(),
    };
    Ok((framing, head.keeps))
}

#[test]
fn a_body_ends_where_its_head_says() {
    let said = |framing: &str, keeps| Ok((framing.to_owned(), keeps));

    assert_eq!(framed("Content-Length: 5\r\n"), said("5", true));
    assert_eq!(framed("Content-Length: 0\r\n"), said("ended", true));
    assert_eq!(
        framed("Content-Length: 5\r\nContent-Length: 5\r\n"),
        said("5", true)
    );
    assert_eq!(framed("Transfer-Encoding: Chunked\r\n"), said("chunked", true));
    assert_eq!(
        framed("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        said("chunked", false)
    );
    assert_eq!(framed(""), said("close", false));
    assert_eq!(
        framed("Content-Length: 5\r\nConnection: Keep-Alive, Close\r\n"),
        said("5", false)
    );
}

#[test]
fn a_head_with_two_readings_is_no_head() {
    for lines in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    ] {
        assert_eq!(framed(lines), Err(Unreadable), "{lines}");
    }
    assert!(read("nonsense\r\n\r\n", &Method::GET).is_err());
    assert!(
        read(
            &format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(MAX_HEAD)),
            &Method::GET
        )
        .is_err()
    );
}

#[test]
fn answers_that_have_no_body_end_with_their_head() {
    for (status, asked) in [
        (200, Method::HEAD),
        (204, Method::GET),
        (304, Method::GET),
        (101, Method::GET),
    ] {
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n");

        let head = read(&head, &asked).unwrap().unwrap();

        assert!(matches!(head.framing, Framing::Ended), "{status}");
        assert_eq!(
            head.response.headers()["content-length"],
            "5",
            "what it would be is still told"
        );
    }
}

#[test]
fn half_a_head_waits_for_the_rest_and_what_follows_stays() {
    let mut inbox = BytesMut::from(&b"HTTP/1.1 200 OK\r\nContent-Le"[..]);
    let mut map = HeaderMap::new();

    assert!(read_head(&mut inbox, &Method::GET, &mut map).unwrap().is_none());
    inbox.extend_from_slice(b"ngth: 5\r\nX: 1\r\nConnection: keep-alive\r\n\r\nhello");
    let head = read_head(&mut inbox, &Method::GET, &mut map).unwrap().unwrap();

    assert_eq!(inbox, "hello");
    assert_eq!(head.response.headers().len(), 2, "hop-by-hop fields end here");
    assert_eq!(head.response.headers()["x"], "1");
}

#[test]
fn an_answer_in_http_1_0_is_not_followed_by_another_request() {
    let head = read(
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n",
        &Method::GET,
    );

    assert!(!head.unwrap().unwrap().keeps);
}
