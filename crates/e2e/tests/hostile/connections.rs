//! How a connection ends: a refusal can be read, and whoever leaves half way leaves nothing half said behind.

use std::time::{Duration, Instant};

use graylane_testkit::{LIMIT, Recorder};

use crate::stage::{Stage, post};

#[test]
fn a_refusal_can_be_read_by_a_client_that_is_still_sending() {
    let stage = Stage::new();
    let more = vec![b'x'; 1 << 20];
    let mut unread = 0;

    for _ in 0..20 {
        let mut client = stage.gateway.client();
        client.send(post(
            "Content-Length: 9000000\r\nTransfer-Encoding: chunked\r\n",
            "",
        ));
        // What comes after a refusal is read over, so that no reset takes the answer away (RFC 9112, section 9.6).
        let _ = client.wire().send(&more);
        let status = client.try_response(false).map_or(0, |response| response.status);
        client.finish();
        // An end, and not a reset, which some systems let overtake the answer.
        let ended = matches!(client.wire().some(), Ok(rest) if rest.is_empty());
        unread += u32::from((status, ended) != (400, true));
    }

    assert_eq!((unread, stage.recorder.streams().len()), (0, 0));
}

#[test]
fn a_refused_client_that_never_stops_sending_is_cut_off() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();
    let since = Instant::now();

    client.send(post(
        "Content-Length: 9000000\r\nTransfer-Encoding: chunked\r\n",
        "",
    ));
    let piece = vec![b'x'; 1 << 16];
    while client.wire().send(&piece).is_ok() {
        assert!(
            since.elapsed() < LIMIT,
            "the gateway reads on and on after a refusal"
        );
    }

    assert_eq!(stage.recorder.streams().len(), 0);
}

#[test]
fn a_client_that_has_finished_sending_is_answered_or_taken_to_have_left() {
    let stage = Stage::new();
    let mut client = stage.gateway.client();

    client.send(post("Content-Length: 3\r\n", "abc"));
    client.finish();
    let response = client.try_response(false);

    // Either way the end is told at once, and what had begun is whole at the upstream or broken off.
    assert!(response.is_err() || response.is_ok_and(|response| response.status == 200));
    assert_eq!(client.until_closed(), b"");
    let next = stage.play("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(next.wrong.is_empty() && next.after, "{next:?}");
}

#[test]
fn a_client_that_leaves_within_a_request_leaves_no_whole_one_behind() {
    let stage = Stage::new();
    let parts = [
        "POST /case HTTP/1.1\r\nHost: a\r\nContent-Le".to_owned(),
        post("Content-Length: 5\r\n", "abc"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nab"),
    ];

    for part in parts {
        // Nothing is waited for but the end: half of a request that stays open would be given up by time.
        let mut client = stage.gateway.client();
        client.send(&part);
        client.finish();
        client.set_limit(Duration::from_secs(10));
        client.until_closed();
        drop(client);

        let outcome = stage.play("GET /next HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(outcome.seen.len(), 1, "{part:?}: {outcome:?}");
        assert!(outcome.wrong.is_empty(), "{part:?}: {outcome:?}");
    }
}

#[test]
fn bytes_that_are_not_http_get_no_further() {
    let stage = Stage::new();
    let starts: [&[u8]; 10] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\x80\x2e\x01\x00\x02",
        b"\0\0\0\0\0\0\0\0",
        b"\xff\xff\xff\xff",
        b"SSH-2.0-x\r\n",
        b"EHLO a\r\n",
        b"{\"a\":1}\r\n\r\n",
        b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
        b"\r\n\r\n\x00\r\nQUIT\n!\x11\x20\x01",
        b"<policy-file-request/>\0",
    ];

    for start in starts {
        let mut client = stage.gateway.client();
        let _ = client.wire().send(start);
        let _ = client.wire().send(b"\r\n\r\n");
        let rest = client.until_closed();

        assert!(
            rest.is_empty() || rest.starts_with(b"HTTP/1.1 4"),
            "{start:?}: {}",
            String::from_utf8_lossy(&rest)
        );
    }
    assert_eq!(stage.recorder.streams().len(), 0);
}

#[test]
fn the_upstream_of_this_suite_keeps_what_a_careless_gateway_would_send() {
    // The suite itself: what it must find is found where it is sent without a gateway in between.
    let recorder = Recorder::start();
    let mut client = graylane_testkit::Client::connect(recorder.address());

    client.send(post(
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\n",
    ));
    client.until_closed();

    assert_eq!(recorder.read()[0].wrong, Some("a length and a transfer coding"));
}
