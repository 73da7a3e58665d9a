use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Context, Waker};

use bytes::Bytes;
use graylane_testkit::{Gate, Next, Pattern, Upstream};
use h2::Reason;
use http::{HeaderMap, HeaderValue};

use crate::scene::{Answer, Client, Scene, run, send_all, until};

#[test]
fn a_body_goes_both_ways_with_its_trailers() {
    let upstream =
        Upstream::start(|turn| turn.chunked("Trailer: x-end\r\n", &["one", "two"], "x-end: 1\r\n"));
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.append("x-sum", HeaderValue::from_static("6"));
        trailers.append("x-gray-version", HeaderValue::from_static("canary"));
        stream.send_trailers(trailers).unwrap();
        Answer::read(response.await.unwrap()).await.unwrap()
    });

    assert_eq!(answer.text(), "onetwo");
    assert_eq!(answer.trailers.unwrap()["x-end"], "1");
    assert_eq!(answer.head.headers().get("transfer-encoding"), None);
    let request = upstream.only_request();
    assert_eq!(request.body, b"abc");
    assert_eq!(request.head.values("transfer-encoding"), ["chunked"]);
    assert_eq!(request.trailers, [("x-sum".to_owned(), "6".to_owned())]);
    assert_eq!(upstream.faults(), [""; 0]);
}

#[test]
fn a_large_body_comes_as_it_was_sent() {
    const SIZE: u64 = 20_000_000;
    let upstream = Upstream::start(|turn| turn.pour(SIZE));
    let scene = Scene::before(upstream.address());

    let body = run(async {
        let mut client = Client::connect(scene.address).await;
        client.get("/", &[]).await.body
    });

    assert_eq!(body.len() as u64, SIZE);
    let pattern = Pattern::new();
    let mut at = 0;
    for piece in body.chunks(4096) {
        assert!(pattern.matches(at, piece), "at {at}");
        at += piece.len() as u64;
    }
}

#[test]
fn a_client_may_send_no_more_than_the_endpoint_takes() {
    let (gate, taken) = (Gate::new(), Arc::new(AtomicU64::new(0)));
    let upstream = {
        let (gate, taken) = (gate.clone(), Arc::clone(&taken));
        Upstream::start_narrow(8 * 1024, move |turn| {
            gate.pass();
            turn.stream_body(&mut |piece| {
                taken.fetch_add(piece.len() as u64, SeqCst);
            });
            turn.fixed(200, "")
        })
    };
    let scene = Scene::with(upstream.address(), "[limits]\nbody = 100000000");
    const SIZE: usize = 20_000_000;

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        let mut sent = 0;
        // What the window grants while nobody reads: the sockets on the way hold some, and then it ends. The gateway has had
        // its say when it has answered so much else on the same connection.
        loop {
            stream.reserve_capacity(64 * 1024);
            let refused = async {
                for _ in 0..100 {
                    assert_eq!(client.get("/", &[("host", "another")]).await.status(), 400);
                }
            };
            let room = tokio::select! {
                biased;
                room = std::future::poll_fn(|cx| stream.poll_capacity(cx)) => room.unwrap().unwrap(),
                () = refused => break,
            };
            stream.send_data(Bytes::from(vec![0; room]), false).unwrap();
            sent += room;
        }
        assert!(
            sent < SIZE / 2,
            "{sent} bytes were taken for an endpoint that reads none"
        );
        gate.open();
        send_all(&mut stream, Bytes::from(vec![0; SIZE - sent]))
            .await
            .unwrap();

        assert_eq!(response.await.unwrap().status(), 200);
    });
    assert_eq!(taken.load(SeqCst), SIZE as u64);
}

#[test]
fn a_body_beyond_the_limit_is_refused_when_it_gets_there() {
    let upstream = Upstream::fixed("");
    let scene = Scene::with(upstream.address(), "[limits]\nbody = 1000");

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        stream.send_data(Bytes::from(vec![0; 1001]), true).unwrap();
        assert_eq!(response.await.unwrap().status(), 413);
        let (response, _stream) = client.begin("POST", "/", &[("content-length", "1001")], false);
        assert_eq!(response.await.unwrap().status(), 413);
    });
}

#[test]
fn a_body_that_is_not_as_long_as_it_says_is_never_complete() {
    let upstream = Upstream::fixed("");
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[("content-length", "5")], false);
        stream.send_data(Bytes::from_static(b"abc"), true).unwrap();
        let answered = response.await;

        assert!(answered.is_err_and(|error| error.reason() == Some(Reason::PROTOCOL_ERROR)));
    });
    scene.until_idle();
    assert!(upstream.requests().iter().all(|request| !request.complete));
}

#[test]
fn a_client_that_resets_its_stream_cancels_the_exchange() {
    for begun in ["", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"] {
        cancels(begun);
    }
}

/// What the endpoint has written of its answer by then does not matter.
fn cancels(begun: &'static str) {
    let left = Gate::new();
    let upstream = {
        let left = left.clone();
        Upstream::start(move |turn| {
            turn.read_body();
            turn.write(begun);
            // Until the gateway closes its connection.
            while turn.wire().some().is_ok_and(|bytes| !bytes.is_empty()) {}
            left.open();
            Next::Close
        })
    };
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("GET", "/", &[], true);
        until(|| upstream.requests().len() == 1).await;
        let response = if begun.is_empty() {
            Err(response)
        } else {
            Ok(response.await.unwrap())
        };
        stream.send_reset(Reason::CANCEL);
        until(|| left.is_open()).await;
        drop(response);
    });
    scene.until_idle();
}

#[test]
fn an_answer_that_breaks_off_is_reset_and_never_ended() {
    let upstream = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        Next::Close
    });
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, _) = client.begin("GET", "/", &[], true);
        // Its head may or may not be with the client by then.
        match response.await {
            Ok(response) => Answer::read(response).await,
            Err(error) => Err(error),
        }
    });

    assert!(answer.is_err_and(|error| error.reason() == Some(Reason::INTERNAL_ERROR)));
}

#[test]
fn an_early_answer_ends_the_stream_without_an_error() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
        Next::Close
    });
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        let answer = Answer::read(response.await.unwrap()).await.unwrap();
        assert_eq!((answer.status(), answer.text()), (401, "no"));
        let told = std::future::poll_fn(|cx| stream.poll_reset(cx)).await.unwrap();

        // RFC 9113, section 8.1.
        assert_eq!(told, Reason::NO_ERROR);
    });
}

#[test]
fn a_client_may_finish_what_was_answered_early() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno");
        Next::Close
    });
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        let answer = Answer::read(response.await.unwrap()).await.unwrap();
        // What the gateway says of the stream comes before what it says next.
        let next = client.get("/", &[]).await;
        let mut cx = Context::from_waker(Waker::noop());
        let told = stream.poll_reset(&mut cx);
        let sent = send_all(&mut stream, Bytes::from_static(b"the rest")).await;

        assert_eq!((answer.status(), next.status()), (401, 401));
        assert!(told.is_pending() && sent.is_ok(), "{told:?} {sent:?}");
    });
}
