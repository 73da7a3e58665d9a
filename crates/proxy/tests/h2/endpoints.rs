use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use graylane_testkit::{Gate, LIMIT, eventually};
use h2::Reason;
use h2::server::Builder;
use http::{HeaderMap, HeaderValue, Response};

use crate::scene::{Answer, Client, Scene, Server, Turn, answer, run, send_all, until};

/// Answers with the trailers that came, and with what came of the head.
async fn echo((request, mut respond): Turn) {
    let (head, mut stream) = request.into_parts();
    let mut body = format!("{} {}\n", head.method, head.uri).into_bytes();
    for (name, value) in &head.headers {
        body.extend_from_slice(format!("{name}: {}\n", value.to_str().unwrap()).as_bytes());
    }
    while let Some(data) = stream.data().await {
        let data = data.unwrap();
        stream.flow_control().release_capacity(data.len()).unwrap();
        body.extend_from_slice(&data);
    }
    let trailers = stream.trailers().await.unwrap();
    let mut sent = respond.send_response(Response::new(()), false).unwrap();
    let ended = trailers.is_none();
    sent.send_data(body.into(), ended).unwrap();
    if let Some(trailers) = trailers {
        sent.send_trailers(trailers).unwrap();
    }
}

#[test]
fn a_request_of_http_1_reaches_an_endpoint_of_http_2() {
    let server = Server::start(Builder::new(), echo);
    let scene = Scene::before_h2(server.address);
    let mut client = graylane_testkit::Client::connect(scene.address);

    client.send(
        "POST /x?y HTTP/1.1\r\nHost: a.test:80\r\nConnection: X-Mine\r\nX-Mine: 1\r\nCookie: a=1; b=2\r\nTE: trailers\r\n\
         Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-End: 1\r\n\r\n",
    );
    let first = client.response();
    let second = client.get("/", &[]);

    let text = first.text();
    assert!(text.starts_with("POST http://a.test:80/x?y\n"), "{text}");
    assert!(
        text.ends_with("abc") && text.contains("cookie: a=1; b=2\n"),
        "{text}"
    );
    for name in ["connection", "x-mine", "transfer-encoding", "host:", "\nhost"] {
        assert!(!text.contains(&format!("\n{name}")), "{name} in {text}");
    }
    assert_eq!(first.trailers, [("x-end".to_owned(), "1".to_owned())]);
    assert_eq!(second.status, 200);
    assert_eq!(server.connections(), 1);
}

#[test]
fn http_2_goes_through_with_trailers_both_ways() {
    let server = Server::start(Builder::new(), echo);
    let scene = Scene::before_h2(server.address);

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[("te", "trailers")], false);
        stream.send_data(Bytes::from_static(b"abc"), false).unwrap();
        let mut trailers = HeaderMap::new();
        trailers.append("x-end", HeaderValue::from_static("1"));
        stream.send_trailers(trailers).unwrap();
        Answer::read(response.await.unwrap()).await.unwrap()
    });

    assert!(
        answer.text().contains("te: trailers\n") && answer.text().ends_with("abc"),
        "{}",
        answer.text()
    );
    assert_eq!(answer.trailers.unwrap()["x-end"], "1");
}

#[test]
fn messages_go_to_and_fro_on_one_stream() {
    let server = Server::start(Builder::new(), |(request, mut respond): Turn| async move {
        let mut stream = request.into_body();
        let mut sent = respond.send_response(Response::new(()), false).unwrap();
        while let Some(Ok(data)) = stream.data().await {
            stream.flow_control().release_capacity(data.len()).unwrap();
            sent.send_data(data, false).unwrap();
        }
        let mut trailers = HeaderMap::new();
        trailers.append("grpc-status", HeaderValue::from_static("0"));
        sent.send_trailers(trailers).unwrap();
    });
    let scene = Scene::before_h2(server.address);

    run(async {
        let mut client = Client::connect(scene.address).await;
        let fields = [("content-type", "application/grpc"), ("te", "trailers")];
        let (response, mut stream) = client.begin("POST", "/", &fields, false);
        let mut answer = response.await.unwrap().into_body();
        for n in 0..100_u32 {
            stream
                .send_data(Bytes::from(n.to_be_bytes().to_vec()), false)
                .unwrap();
            let back = answer.data().await.unwrap().unwrap();
            answer.flow_control().release_capacity(back.len()).unwrap();
            assert_eq!(back[..], n.to_be_bytes());
        }
        stream.send_data(Bytes::new(), true).unwrap();

        assert!(answer.data().await.is_none());
        assert_eq!(answer.trailers().await.unwrap().unwrap()["grpc-status"], "0");
    });
}

#[test]
fn exchanges_share_a_connection_up_to_the_limit_of_its_streams() {
    let (gate, asked) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let mut builder = Builder::new();
    builder.max_concurrent_streams(5);
    let server = {
        let (gate, asked) = (gate.clone(), Arc::clone(&asked));
        Server::start(builder, move |turn: Turn| {
            asked.fetch_add(1, SeqCst);
            let gate = gate.clone();
            async move {
                until(|| gate.is_open()).await;
                answer(turn, "hello").await;
            }
        })
    };
    let scene = Scene::before_h2(server.address);

    run(async {
        let mut client = Client::connect(scene.address).await;
        // By its answer the endpoint's limit is known.
        let (first, _) = client.begin("GET", "/", &[], true);
        until(|| asked.load(SeqCst) == 1).await;
        let rest: Vec<_> = (0..11).map(|_| client.begin("GET", "/", &[], true).0).collect();
        until(|| asked.load(SeqCst) == 12).await;
        gate.open();
        for response in std::iter::once(first).chain(rest) {
            assert_eq!(response.await.unwrap().status(), 200);
        }
    });

    assert_eq!(server.connections(), 3);
}

/// SETTINGS that leave everything as it is, and those that allow one stream at a time.
const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
const ONE_STREAM: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x01";

/// A server of bare frames: `script` answers the head of a request, by the number of its connection and the id of the
/// stream. Its settings are told when the first head of a connection has come.
fn framed(
    settings: &'static [u8],
    script: impl Fn(usize, &[u8], &mut TcpStream) + Send + Sync + 'static,
) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (connections, script) = (Arc::new(AtomicUsize::new(0)), Arc::new(script));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (number, mut stream) = (counted.fetch_add(1, SeqCst), stream.unwrap());
            let script = Arc::clone(&script);
            std::thread::spawn(move || {
                stream.read_exact(&mut [0; 24]).unwrap();
                let mut told = false;
                let mut head = [0; 9];
                while stream.read_exact(&mut head).is_ok() {
                    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                    stream.read_exact(&mut vec![0; length as usize]).unwrap();
                    if head[3] == 1 {
                        if !std::mem::replace(&mut told, true) {
                            stream.write_all(settings).unwrap();
                        }
                        script(number, &head[5..], &mut stream);
                    }
                }
            });
        }
    });
    (address, connections)
}

/// GOAWAY; the last stream looked at is 1.
const LEAVE: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\x01\0\0\0\0";

/// HEADERS with END_STREAM and END_HEADERS: `:status: 200`.
fn give(id: &[u8], stream: &mut TcpStream) {
    stream
        .write_all(&[b"\0\0\x01\x01\x05", id, b"\x88"].concat())
        .unwrap();
}

/// RFC 9113, section 8.7.
#[test]
fn a_request_that_a_leaving_endpoint_has_not_looked_at_goes_over_another_connection() {
    let (address, connections) = framed(SETTINGS, |number, id, stream| match (number, id[3]) {
        (0, 3) => {
            stream.write_all(LEAVE).unwrap();
            stream.shutdown(Shutdown::Both).unwrap();
        }
        _ => give(id, stream),
    });
    let scene = Scene::before_h2(address);

    let answers = run(async {
        let mut client = Client::connect(scene.address).await;
        let first = client.get("/", &[]).await;
        let (response, _) = client.begin("POST", "/", &[], true);
        let second = Answer::read(response.await.unwrap()).await.unwrap();
        [
            first.status(),
            second.status(),
            client.get("/", &[]).await.status(),
        ]
    });

    assert_eq!(answers, [200; 3]);
    assert_eq!(connections.load(SeqCst), 2);
}

/// RFC 9113, section 6.8.
#[test]
fn a_leaving_endpoint_ends_what_it_has_begun_and_is_asked_nothing_more() {
    let others = Arc::new(AtomicUsize::new(0));
    let (address, connections) = framed(SETTINGS, {
        let others = Arc::clone(&others);
        move |number, id, stream| {
            if number == 0 {
                stream.write_all(LEAVE).unwrap();
                eventually(LIMIT, "another connection is asked", || others.load(SeqCst) > 0);
            } else {
                others.fetch_add(1, SeqCst);
            }
            give(id, stream);
        }
    });
    let scene = Scene::before_h2(address);

    let (held, others) = run(async {
        let mut client = Client::connect(scene.address).await;
        let (held, _) = client.begin("POST", "/", &[], true);
        until(|| connections.load(SeqCst) == 1).await;
        let mut others = Vec::new();
        for _ in 0..3 {
            others.push(client.get("/", &[]).await.status());
        }
        (held.await.unwrap().status().as_u16(), others)
    });

    assert_eq!((held, others), (200, vec![200; 3]));
    assert_eq!(connections.load(SeqCst), 2);
}

#[test]
fn an_endpoint_is_asked_one_thing_until_it_has_told_how_much_it_takes() {
    let others = Arc::new(AtomicUsize::new(0));
    let (address, connections) = framed(ONE_STREAM, {
        let others = Arc::clone(&others);
        move |number, id, stream| {
            if number == 0 {
                // The first waits for the others: they do not come behind it.
                eventually(LIMIT, "other connections are asked", || others.load(SeqCst) == 2);
            } else {
                others.fetch_add(1, SeqCst);
            }
            give(id, stream);
        }
    });
    let scene = Scene::before_h2(address);

    run(async {
        let mut client = Client::connect(scene.address).await;
        let all: Vec<_> = (0..3).map(|_| client.begin("POST", "/", &[], true).0).collect();
        for response in all {
            assert_eq!(response.await.unwrap().status(), 200);
        }
    });

    assert!((2..=3).contains(&connections.load(SeqCst)));
}

#[test]
fn a_refused_stream_is_tried_again_once() {
    let refusals = Arc::new(AtomicUsize::new(0));
    let server = {
        let refusals = Arc::clone(&refusals);
        Server::start(Builder::new(), move |(request, mut respond): Turn| {
            let refuse = request.uri().path() == "/never" || refusals.fetch_add(1, SeqCst) == 1;
            async move {
                if refuse {
                    respond.send_reset(Reason::REFUSED_STREAM);
                } else {
                    answer((request, respond), "hello").await;
                }
            }
        })
    };
    let scene = Scene::before_h2(server.address);

    let (first, again, never) = run(async {
        let mut client = Client::connect(scene.address).await;
        let first = client.get("/", &[]).await;
        let (response, _) = client.begin("POST", "/", &[], true);
        let again = Answer::read(response.await.unwrap()).await.unwrap();
        (first, again, client.get("/never", &[]).await)
    });

    assert_eq!((first.status(), again.status(), never.status()), (200, 200, 502));
}

#[test]
fn a_client_that_leaves_cancels_its_stream_and_no_other() {
    let (reset, asked) = (Gate::new(), Gate::new());
    let server = {
        let (reset, asked) = (reset.clone(), asked.clone());
        Server::start(Builder::new(), move |(request, mut respond): Turn| {
            let (reset, asked) = (reset.clone(), asked.clone());
            async move {
                if request.uri().path() == "/" {
                    return answer((request, respond), "hello").await;
                }
                asked.open();
                let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
                assert_eq!(reason.unwrap(), Reason::CANCEL);
                reset.open();
            }
        })
    };
    let scene = Scene::before_h2(server.address);

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (_response, mut stream) = client.begin("GET", "/slow", &[], true);
        until(|| asked.is_open()).await;
        stream.send_reset(Reason::CANCEL);
        until(|| reset.is_open()).await;
        assert_eq!(client.get("/", &[]).await.status(), 200);
    });

    assert_eq!(server.connections(), 1);
}

#[test]
fn an_endpoint_may_send_no_more_than_its_client_takes() {
    let sent = Arc::new(AtomicUsize::new(0));
    const SIZE: usize = 20_000_000;
    let server = {
        let sent = Arc::clone(&sent);
        Server::start(Builder::new(), move |(request, mut respond): Turn| {
            let sent = Arc::clone(&sent);
            async move {
                let small = request.uri().path() == "/small";
                let mut stream = respond.send_response(Response::new(()), false).unwrap();
                let mut left = if small { 1 } else { SIZE };
                while left > 0 {
                    stream.reserve_capacity(left.min(16 * 1024));
                    let Some(Ok(room)) = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await else {
                        return;
                    };
                    let n = room.min(left);
                    stream.send_data(Bytes::from(vec![0; n]), n == left).unwrap();
                    left -= n;
                    sent.fetch_add(n, SeqCst);
                }
            }
        })
    };
    let scene = Scene::before_h2(server.address);

    run(async {
        let mut slow = Client::connect(scene.address).await;
        let (response, _) = slow.begin("GET", "/large", &[], true);
        let response = response.await.unwrap();
        until(|| sent.load(SeqCst) > 65_535).await;
        // Another stream of the same trunk is not held up.
        let mut other = Client::connect(scene.address).await;
        for _ in 0..50 {
            assert_eq!(other.get("/small", &[]).await.body.len(), 1);
        }
        assert!(
            sent.load(SeqCst) < SIZE / 2,
            "{} bytes for a client that takes none",
            sent.load(SeqCst)
        );

        assert_eq!(Answer::read(response).await.unwrap().body.len(), SIZE);
    });
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_large_body_reaches_an_endpoint_of_http_2() {
    let server = Server::start(Builder::new(), |(request, mut respond): Turn| async move {
        let mut stream = request.into_body();
        let mut length = 0;
        while let Some(data) = stream.data().await {
            let data = data.unwrap();
            length += data.len();
            stream.flow_control().release_capacity(data.len()).unwrap();
        }
        let mut sent = respond.send_response(Response::new(()), false).unwrap();
        sent.send_data(length.to_string().into(), true).unwrap();
    });
    let scene = Scene::with(server.address, "protocol = \"http2\"\n[limits]\nbody = 100000000");

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, mut stream) = client.begin("POST", "/", &[], false);
        send_all(&mut stream, Bytes::from(vec![7; 20_000_000]))
            .await
            .unwrap();
        Answer::read(response.await.unwrap()).await.unwrap()
    });

    assert_eq!(answer.text(), "20000000");
}

#[test]
fn a_connection_without_a_stream_is_closed_by_the_sweep() {
    let server = Server::answering("hello");
    let scene = Scene::with(
        server.address,
        "protocol = \"http2\"\n[limits]\nidle_time = \"200ms\"",
    );

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        client.get("/", &[]).await
    });

    assert_eq!(answer.text(), "hello");
    eventually(LIMIT, "the endpoint's connection is closed", || {
        server.open() == 0
    });
}

#[test]
fn an_endpoint_that_does_not_speak_http_2_is_broken() {
    let upstream = graylane_testkit::Upstream::fixed("hello");
    let scene = Scene::before_h2(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        client.get("/", &[]).await
    });

    assert_eq!(
        (answer.status(), answer.field("x-graylane-fault")),
        (502, Some("upstream-broken"))
    );
}

#[test]
fn an_answer_that_is_trailers_only_ends_with_its_head() {
    let server = Server::start(Builder::new(), |(_, mut respond): Turn| async move {
        let head = Response::builder().header("content-type", "application/grpc");
        let head = head.header("grpc-status", "5").body(()).unwrap();
        respond.send_response(head, true).unwrap();
    });
    let scene = Scene::before_h2(server.address);

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, _) = client.begin("POST", "/", &[("content-type", "application/grpc")], true);
        let response = response.await.unwrap();

        assert_eq!(response.headers()["grpc-status"], "5");
        assert!(response.into_body().is_end_stream());
    });
}
