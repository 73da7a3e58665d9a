//! Requests reach the upstream and answers come back, unchanged in what they mean.

use graylane_testkit::{Client, Gate, Next, Recipe, Upstream};

#[test]
fn a_get_arrives_as_it_was_sent_and_its_answer_comes_back() {
    let upstream = Upstream::start(|turn| {
        turn.fixed_with(207, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-One: 1\r\n", "body")
    });
    let gateway = Recipe::to(upstream.address()).start();

    let response = gateway.client().get(
        "/a%2Fb/./c;d?x=%20&y=[1]&z",
        &[("Accept", "*/*"), ("X-A", "1"), ("X-A", "2")],
    );

    assert_eq!(
        (response.status, response.text().as_str(), response.complete),
        (207, "body", true)
    );
    assert_eq!(response.head.values("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(
        (response.header("x-one"), response.header("content-length")),
        (Some("1"), Some("4"))
    );
    let seen = upstream.only_request().head;
    assert_eq!(seen.first, "GET /a%2Fb/./c;d?x=%20&y=[1]&z HTTP/1.1");
    assert_eq!(
        (seen.value("accept"), seen.values("x-a"), seen.value("host")),
        (Some("*/*"), vec!["1", "2"], Some("test.local"))
    );
    assert!(!seen.has("content-length") && !seen.has("transfer-encoding"));
}

#[test]
fn every_method_is_passed_on() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        client.send(format!(
            "{method} /m HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        ));
        let seen = client.response().json();

        assert_eq!((&seen["method"], &seen["body"]), (&method.into(), &"abc".into()));
    }
}

#[test]
fn a_head_is_answered_without_a_body_and_the_connection_goes_on() {
    let upstream = Upstream::fixed("twelve bytes");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n");
    let response = client.response_to_head();

    assert_eq!(
        (response.status, response.header("content-length")),
        (200, Some("12"))
    );
    assert_eq!(upstream.only_request().head.method(), "HEAD");
    assert_eq!(client.get("/", &[]).text(), "twelve bytes");
}

#[test]
fn answers_that_have_no_body_by_their_status_have_none() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        let status = turn.head.target()[1..].to_owned();
        turn.write(format!("HTTP/1.1 {status} None\r\nETag: \"a\"\r\n\r\n"));
        Next::Keep
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for status in [204, 304] {
        let response = client.get(&format!("/{status}"), &[]);

        assert_eq!(
            (response.status, response.header("etag")),
            (status, Some("\"a\""))
        );
        assert!(!response.head.has("transfer-encoding"), "{:?}", response.head);
    }
}

#[test]
fn a_chunked_body_arrives_whole_and_framed_once() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5\r\nhello\r\n1;ext=\"1\"\r\n \r\n");
    client.send("0005\r\nworld\r\n0\r\n\r\n");
    let seen = client.response().json();

    assert_eq!(
        (&seen["body"], &seen["length"]),
        (&"hello world".into(), &11.into())
    );
    assert_eq!(upstream.faults(), Vec::<String>::new());
}

#[test]
fn a_chunked_answer_arrives_whole() {
    let upstream = Upstream::start(|turn| turn.chunked("X-A: b\r\n", &["one ", "two ", "three"], ""));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    let response = client.get("/", &[]);

    assert_eq!(
        (response.text().as_str(), response.complete),
        ("one two three", true)
    );
    assert_eq!(client.get("/", &[]).header("x-a"), Some("b"));
}

#[test]
fn pieces_are_passed_on_as_they_come() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            gate.pass();
            turn.write("6\r\nsecond\r\n0\r\n\r\n");
            Next::Close
        }
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    let (head, _) = client.response_head().unwrap();
    let mut early = Vec::new();
    while !String::from_utf8_lossy(&early).contains("first") {
        early.extend(client.wire().some().unwrap());
    }
    gate.open();
    let late = client.until_closed();

    assert_eq!(head.value("transfer-encoding"), Some("chunked"));
    assert!(String::from_utf8_lossy(&late).contains("second"), "{late:?}");
}

#[test]
fn trailers_go_both_ways() {
    let upstream = Upstream::start(|turn| {
        turn.chunked(
            "Trailer: X-Sum, X-More\r\n",
            &["data"],
            "X-Sum: 4\r\nX-More: yes\r\n",
        )
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-Check\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Check: 99\r\n\r\n",
    );
    let response = client.response();

    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let lower = |fields: &[(String, String)]| -> Vec<_> {
        fields
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect()
    };
    assert_eq!(response.text(), "data");
    assert_eq!(
        lower(&response.trailers),
        [field("x-sum", "4"), field("x-more", "yes")]
    );
    assert_eq!(lower(&upstream.only_request().trailers), [field("x-check", "99")]);
}

#[test]
fn an_answer_that_ends_with_the_upstream_connection_ends_cleanly_for_the_client() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end");
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for _ in 0..2 {
        let response = client.get("/", &[]);

        assert_eq!(
            (response.text().as_str(), response.complete),
            ("to the end", true)
        );
        assert_eq!(
            response.header("transfer-encoding"),
            Some("chunked"),
            "{:?}",
            response.head
        );
    }
}

#[test]
fn an_old_client_gets_no_chunks_and_a_closed_connection() {
    let upstream = Upstream::start(|turn| turn.chunked("", &["old ", "style"], ""));
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    let response = client.response();

    assert_eq!(
        (response.text().as_str(), response.header("transfer-encoding")),
        ("old style", None)
    );
    assert_eq!(client.until_closed(), b"");
    assert!(upstream.only_request().head.first.ends_with(" HTTP/1.1"));
}

#[test]
fn requests_sent_at_once_are_answered_in_order() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send(
        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    let targets: Vec<_> = (0..3)
        .map(|_| client.response().json()["target"].clone())
        .collect();

    assert_eq!(targets, ["/1", "/2", "/3"]);
}

#[test]
fn a_client_that_asks_to_close_is_closed_after_its_answer() {
    let upstream = Upstream::fixed("bye");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    let response = client.get("/", &[("Connection", "close")]);

    assert_eq!(
        (response.text().as_str(), response.header("connection")),
        ("bye", Some("close"))
    );
    assert_eq!(client.until_closed(), b"");
}

#[test]
fn a_client_may_send_its_request_byte_by_byte() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for byte in b"POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" {
        client.send([*byte]);
    }

    assert_eq!(client.response().json()["body"], "ab");
}

#[test]
fn many_requests_of_one_client_share_an_upstream_connection() {
    let upstream = Upstream::fixed("x");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    for _ in 0..50 {
        assert_eq!(client.get("/", &[]).status, 200);
    }

    assert_eq!((upstream.requests().len(), upstream.connections()), (50, 1));
}

#[test]
fn an_answer_given_before_the_body_was_sent_reaches_the_client() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nstop");
        Next::Close
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\nonly the beginning");
    let response = client.response();

    assert_eq!((response.status, response.text().as_str()), (403, "stop"));
}

#[test]
fn an_early_answer_does_not_stop_a_body_that_the_upstream_goes_on_reading() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n");
        turn.read_body();
        turn.write("4\r\nlate\r\n0\r\n\r\n");
        Next::Keep
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    let (head, _) = client.response_head().unwrap();
    client.send("3\r\ntwo\r\n0\r\n\r\n");
    let mut body = Vec::new();
    while !body.ends_with(b"0\r\n\r\n") {
        body.extend(client.wire().some().unwrap());
    }

    assert_eq!(head.status(), 200);
    assert!(String::from_utf8_lossy(&body).contains("late"), "{body:?}");
    assert_eq!(upstream.only_request().body, b"onetwo");
}

#[test]
fn a_tunnel_is_not_served() {
    let upstream = Upstream::fixed("x");
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();

    client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n");
    let response = client.response();

    assert_eq!((response.status, response.fault()), (501, "method-not-served"));
    assert_eq!(upstream.connections(), 0);
}

#[test]
fn clients_at_the_same_time_do_not_get_each_others_answers() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).start();
    let ask = |client: &mut Client, name: String| {
        (0..50).all(|i| {
            let body = format!("{name}-{i}");
            client.post(&format!("/{name}"), body.as_bytes()).json()["body"] == body.as_str()
        })
    };

    let right: Vec<_> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..16)
            .map(|n| {
                let mut client = gateway.client();
                scope.spawn(move || ask(&mut client, format!("client-{n}")))
            })
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });

    assert_eq!(right, [true; 16]);
}

#[test]
fn a_chunked_body_arrives_whole_after_an_answer_of_an_old_upstream() {
    let upstream = Upstream::start(|turn| {
        if turn.head.target() == "/old" {
            turn.read_body();
            turn.write("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold");
            return Next::Keep;
        }
        turn.echo()
    });
    let gateway = Recipe::to(upstream.address()).start();
    let mut client = gateway.client();
    assert_eq!(client.get("/old", &[]).text(), "old");

    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    let response = client.response();

    assert_eq!(response.json()["body"], "hello");
}

#[test]
fn a_chunked_body_arrives_whole_whatever_the_method() {
    for method in ["GET", "OPTIONS", "DELETE", "PUT"] {
        let upstream = Upstream::echo();
        let gateway = Recipe::to(upstream.address()).start();
        let mut client = gateway.client();

        client.send(format!(
            "{method} / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        let response = client.response();

        assert_eq!(response.json()["body"], "hello", "{method}");
        assert_eq!(upstream.faults(), Vec::<String>::new(), "{method}");
    }
}
