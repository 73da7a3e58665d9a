//! Several requests on one connection, the second of which is not what it seems.

use graylane_testkit::strict;

use crate::stage::Stage;

const FIRST: &str = "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";

#[test]
fn an_ambiguous_request_behind_a_clean_one_is_refused_and_the_clean_one_answered() {
    let stage = Stage::new();
    let seconds = [
        "POST /case HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /case HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "POST /case HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /case HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /case HTTP/1.1\r\n\r\n",
        "GET /case HTTP/1.1\nHost: a\n\n",
        "GET /case HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n",
        "GET http://b/case HTTP/1.1\r\nHost: a\r\n\r\n",
        "x\r\n\r\n",
        " GET /case HTTP/1.1\r\nHost: a\r\n\r\n",
        "\0",
    ];

    for second in seconds {
        let outcome = stage.play(format!("{FIRST}{second}"));

        let statuses: Vec<_> = outcome.answers.iter().map(|answer| answer.status).collect();
        let targets: Vec<_> = outcome.seen.iter().map(|seen| seen.target.as_str()).collect();
        assert_eq!(
            (statuses, targets),
            (vec![200, 400], vec!["/first"]),
            "{second:?}"
        );
        assert!(
            !outcome.after && outcome.answers[1].closes,
            "{second:?}: {outcome:?}"
        );
    }
}

#[test]
fn many_pipelined_requests_are_forwarded_each_once_and_in_order() {
    let stage = Stage::new();
    let mut bytes = String::new();
    for number in 0..100 {
        let chunked = "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
        let framed = if number % 2 == 0 {
            chunked
        } else {
            "Content-Length: 2\r\n\r\nab"
        };
        bytes.push_str(&format!("POST /{number} HTTP/1.1\r\nHost: a\r\n{framed}"));
    }

    let outcome = stage.play(bytes);

    let targets: Vec<_> = outcome.seen.iter().map(|seen| seen.target.clone()).collect();
    let expected: Vec<_> = (0..100).map(|number| format!("/{number}")).collect();
    let bodies = outcome.seen.iter().all(|seen| seen.body == b"ab");
    assert_eq!(targets, expected);
    assert!(
        bodies && outcome.after && outcome.answers.len() == 101,
        "{outcome:?}"
    );
}

#[test]
fn nothing_behind_the_last_request_of_a_connection_is_read() {
    let stage = Stage::new();

    for last in [
        "GET /case HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /case HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /case HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: keep-alive, CLOSE\r\n\r\n",
    ] {
        let outcome = stage.play(last);

        let targets: Vec<_> = outcome.seen.iter().map(|seen| seen.target.as_str()).collect();
        assert_eq!((targets, outcome.after), (vec!["/case"], false), "{last:?}");
        assert_eq!(outcome.answers.len(), 1, "{last:?}: {outcome:?}");
    }
}

#[test]
fn bytes_behind_an_upgrade_that_is_not_granted_are_the_next_request() {
    let stage = Stage::new();
    let upgrades = [
        "Connection: Upgrade\r\nUpgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        "Connection: upgrade\r\nUpgrade: foo/2, websocket\r\n",
        "Upgrade: websocket\r\n",
    ];

    for lines in upgrades {
        let body = if lines.contains("Length") { "abc" } else { "" };
        let outcome = stage.play(format!("GET /case HTTP/1.1\r\nHost: a\r\n{lines}\r\n{body}"));

        // Refusing what was sent before the answer is known is right as well (RFC 9110, section 7.8).
        let verdict = outcome
            .refused(&[400])
            .or_else(|_| outcome.forwarded("/case", body.as_bytes()));
        assert_eq!(verdict, Ok(()), "{lines:?}");
    }
}

#[test]
fn a_request_is_the_same_however_its_bytes_are_cut() {
    let stage = Stage::new();
    let bytes = b"POST /case HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Stays: 1\r\n\r\n";

    for end in 1..bytes.len() {
        let mut client = stage.gateway.client();
        client.send(&bytes[..end]);
        client.send(&bytes[end..]);
        assert_eq!(client.response().status, 200, "{end}");
    }

    let seen = stage.recorder.requests();
    assert_eq!(seen.len(), bytes.len() - 1);
    let same = |request: &strict::Request| request.target == "/case" && request.body == b"abc";
    assert!(seen.iter().all(same), "{seen:?}");
}

#[test]
fn an_ambiguous_request_is_refused_however_its_bytes_are_cut() {
    let stage = Stage::new();
    let bytes =
        b"POST /case HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n";

    for end in 1..bytes.len() {
        let mut client = stage.gateway.client();
        client.send(&bytes[..end]);
        // The head may be refused already.
        let _ = client.wire().send(&bytes[end..]);
        assert_eq!(client.response().status, 400, "{end}");
        client.until_closed();
    }

    assert!(stage.recorder.streams().is_empty());
}
