use std::future::poll_fn;

use bytes::Bytes;
use graylane_testkit::{Gate, Upstream};

use crate::scene::{Answer, Client, Scene, run, until};

#[test]
fn a_request_of_http_2_reaches_an_endpoint_of_http_1_as_one_of_its_own() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let fields = [
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("te", "trailers"),
            ("x-one", "1"),
        ];
        client.get("/x?y=z", &fields).await
    });

    assert_eq!((answer.status(), answer.text()), (200, "hello"));
    assert_eq!(answer.field("connection"), None);
    let request = upstream.only_request();
    assert_eq!((request.head.method(), request.head.target()), ("GET", "/x?y=z"));
    assert_eq!(request.head.values("host"), [scene.address.to_string()]);
    assert_eq!(request.head.values("cookie"), ["a=1; b=2"]);
    assert_eq!(request.head.values("te"), ["trailers"]);
    assert_eq!(request.head.values("x-forwarded-proto"), ["http"]);
    assert!(!request.head.has("transfer-encoding") && !request.head.has("content-length"));
    assert_eq!(upstream.faults(), [""; 0]);
}

#[test]
fn many_streams_of_one_connection_are_exchanges_of_their_own() {
    let upstream = Upstream::echo();
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let mut asked = Vec::new();
        for n in 0..50 {
            asked.push(client.begin("GET", &format!("/{n}"), &[], true).0);
        }
        for (n, response) in asked.into_iter().enumerate() {
            let answer = Answer::read(response.await.unwrap()).await.unwrap();
            assert!(answer.text().contains(&format!("\"/{n}\"")), "{}", answer.text());
        }
    });

    assert_eq!(scene.shared.counters().ended(), 50);
    assert_eq!(upstream.requests().len(), 50);
}

#[test]
fn what_http_2_says_and_http_1_cannot_is_refused_and_nothing_is_forwarded() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());
    let cases = [
        ("GET", "/", &[("host", "other.test")][..], 400),
        ("GET", "/", &[("x", " a")], 400),
        ("GET", "/", &[("http2-settings", "AAMAAABkAAQAAP__")], 400),
        ("GET", "/", &[("expect", "wonders")], 417),
    ];

    run(async {
        let mut client = Client::connect(scene.address).await;
        for (method, path, fields, status) in cases {
            let (response, _) = client.begin(method, path, fields, true);
            let answer = Answer::read(response.await.unwrap()).await.unwrap();

            assert_eq!(answer.status(), status, "{fields:?}");
            assert!(answer.field("x-graylane-fault").is_some());
        }
        assert_eq!(
            client.get("/", &[]).await.status(),
            200,
            "the other streams go on"
        );
    });

    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn connect_is_not_served() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let request = http::Request::connect("a.test:443").body(()).unwrap();
        let (response, _stream) = client.requests.send_request(request, false).unwrap();
        Answer::read(response.await.unwrap()).await.unwrap()
    });

    assert_eq!(
        (answer.status(), answer.field("x-graylane-fault")),
        (501, Some("method-not-served"))
    );
}

#[test]
fn an_answer_to_head_has_a_length_and_no_body() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        let (response, _) = client.begin("HEAD", "/", &[], true);
        Answer::read(response.await.unwrap()).await.unwrap()
    });

    assert_eq!(
        (answer.status(), answer.field("content-length")),
        (200, Some("5"))
    );
    assert!(answer.body.is_empty());
}

#[test]
fn interim_answers_come_before_the_one_that_counts() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        turn.fixed(200, "")
    });
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let (mut response, _) = client.begin("GET", "/", &[], true);
        let early = poll_fn(|cx| response.poll_informational(cx))
            .await
            .unwrap()
            .unwrap();

        assert_eq!(early.status(), 103);
        assert_eq!(early.headers()["link"], "</a>");
        assert_eq!(response.await.unwrap().status(), 200);
    });
}

#[test]
fn a_client_that_waits_to_be_told_is_told_to_go_on() {
    let upstream = Upstream::fixed("got it");
    let scene = Scene::before(upstream.address());

    run(async {
        let mut client = Client::connect(scene.address).await;
        let fields = [("expect", "100-continue"), ("content-length", "3")];
        let (mut response, mut stream) = client.begin("POST", "/", &fields, false);
        let told = poll_fn(|cx| response.poll_informational(cx))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(told.status(), 100);
        stream.send_data(Bytes::from_static(b"abc"), true).unwrap();

        assert_eq!(response.await.unwrap().status(), 200);
    });
    assert_eq!(upstream.only_request().body, b"abc");
}

#[test]
fn http_1_on_the_same_listener_is_still_understood() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());
    let mut client = graylane_testkit::Client::connect(scene.address);

    // The first bytes of the preface are also those of a method.
    client.send("PR");
    client.send("OPFIND / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let first = client.response();
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let second = client.response();

    assert_eq!((first.status, first.text().as_str()), (200, "hello"));
    assert_eq!(
        second.status, 505,
        "HTTP/2 begins with the connection or not at all"
    );
}

#[test]
fn a_draining_gateway_says_that_it_leaves_and_ends_what_is_under_way() {
    let gate = Gate::new();
    let upstream = {
        let gate = gate.clone();
        Upstream::start(move |turn| {
            gate.pass();
            turn.fixed(200, "late")
        })
    };
    let mut scene = Scene::before(upstream.address());

    run(async {
        let mut busy = Client::connect(scene.address).await;
        let idle = Client::connect(scene.address).await;
        let (response, _) = busy.begin("GET", "/", &[], true);
        until(|| upstream.requests().len() == 1).await;
        scene.gateway.drain(graylane_proxy::Queues::Empty);
        idle.ended().await.unwrap();
        // While its exchange is still under way.
        until(|| busy.may_ask_no_more()).await;
        gate.open();

        let answer = Answer::read(response.await.unwrap()).await.unwrap();
        assert_eq!(answer.text(), "late");
        busy.ended().await.unwrap();
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    assert_eq!(
        runtime
            .block_on(scene.gateway.ended())
            .of(graylane_proxy::Fate::Cut),
        0
    );
}
