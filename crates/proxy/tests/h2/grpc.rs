use graylane_testkit::{DeadEnd, Gate, Next, Upstream};

use crate::scene::{Answer, Client, Scene, run, until};

const GRPC: (&str, &str) = ("content-type", "application/grpc+proto");

/// Asks as a client of gRPC does, without a message.
async fn call(scene: &Scene, fields: &[(&str, &str)]) -> Answer {
    let mut client = Client::connect(scene.address).await;
    let mut all = vec![GRPC, ("te", "trailers")];
    all.extend_from_slice(fields);
    let (response, _) = client.begin("POST", "/a.Service/Method", &all, true);
    Answer::read(response.await.unwrap()).await.unwrap()
}

/// An endpoint that sends this and then nothing, until its connection is closed, which opens the gate.
fn stalling(answer: &'static str, closed: &Gate) -> Upstream {
    let closed = closed.clone();
    Upstream::start(move |turn| {
        turn.read_body();
        turn.write(answer);
        while turn.wire().some().is_ok_and(|bytes| !bytes.is_empty()) {}
        closed.open();
        Next::Close
    })
}

#[test]
fn a_fault_is_a_status_of_grpc_for_a_client_of_grpc() {
    let nobody = DeadEnd::new();
    let scene = Scene::before(nobody.address());

    let answer = run(call(&scene, &[]));
    let plain = run(async {
        let mut client = Client::connect(scene.address).await;
        client.get("/", &[("content-type", "application/grpc-web")]).await
    });

    assert_eq!((answer.status(), answer.field("grpc-status")), (200, Some("14")));
    assert_eq!(answer.field("content-type"), Some("application/grpc"));
    assert_eq!(
        answer.field("grpc-message"),
        Some("no endpoint of the lane could be reached")
    );
    assert_eq!(answer.field("x-graylane-fault"), Some("unreachable"));
    assert!(answer.body.is_empty() && answer.trailers.is_none(), "{answer:?}");
    assert_eq!((plain.status(), plain.field("grpc-status")), (502, None));
}

#[test]
fn trailers_of_a_call_reach_its_client_also_from_an_endpoint_of_http_1() {
    let upstream = Upstream::start(|turn| {
        let fields = "Content-Type: application/grpc\r\n";
        turn.chunked(
            fields,
            &["message"],
            "grpc-status: 5\r\ngrpc-message: not%20here\r\n",
        )
    });
    let scene = Scene::before(upstream.address());

    let answer = run(call(&scene, &[("grpc-timeout", "10S")]));

    assert_eq!((answer.status(), answer.text()), (200, "message"));
    let trailers = answer.trailers.unwrap();
    assert_eq!(
        (&trailers["grpc-status"], &trailers["grpc-message"]),
        (&"5".parse().unwrap(), &"not%20here".parse().unwrap())
    );
    let request = upstream.only_request();
    assert_eq!(request.head.values("te"), ["trailers"]);
    assert_eq!(request.head.values("grpc-timeout"), ["10S"]);
}

#[test]
fn a_call_ends_with_the_time_that_its_client_gave() {
    let closed = Gate::new();
    let upstream = stalling("", &closed);
    let scene = Scene::before(upstream.address());

    let answer = run(async {
        let answer = call(&scene, &[("grpc-timeout", "150m")]).await;
        until(|| closed.is_open()).await;
        answer
    });

    assert_eq!((answer.status(), answer.field("grpc-status")), (200, Some("4")));
    assert_eq!(answer.field("x-graylane-fault"), Some("deadline-exceeded"));
    scene.until_idle();
}

#[test]
fn a_call_that_has_begun_to_answer_ends_with_trailers() {
    const BEGUN: &str =
        "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let closed = Gate::new();
    let slow = stalling(BEGUN, &closed);
    let broken = Upstream::start(|turn| {
        turn.read_body();
        turn.write(BEGUN);
        Next::Close
    });
    let (slow, broken) = (Scene::before(slow.address()), Scene::before(broken.address()));

    let (late, gone) = run(async {
        let late = call(&slow, &[("grpc-timeout", "300m")]).await;
        until(|| closed.is_open()).await;
        (late, call(&broken, &[]).await)
    });

    assert_eq!((late.text(), gone.text()), ("abc", "abc"));
    assert_eq!(late.trailers.unwrap()["grpc-status"], "4");
    assert_eq!(gone.trailers.unwrap()["grpc-status"], "14");
}

#[test]
fn a_time_that_nobody_understands_is_refused() {
    let upstream = Upstream::fixed("");
    let scene = Scene::before(upstream.address());

    for time in ["1", "5s", "123456789S", ""] {
        let answer = run(call(&scene, &[("grpc-timeout", time)]));

        assert_eq!(
            (answer.status(), answer.field("grpc-status")),
            (200, Some("13")),
            "{time}"
        );
    }
    let twice = run(call(&scene, &[("grpc-timeout", "1S"), ("grpc-timeout", "2S")]));
    assert_eq!(twice.field("grpc-status"), Some("13"));
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_time_of_one_call_is_not_that_of_the_next_on_its_connection() {
    let upstream = Upstream::fixed("hello");
    let scene = Scene::before(upstream.address());
    let mut client = graylane_testkit::Client::connect(scene.address);

    let first = client.get(
        "/",
        &[("Content-Type", "application/grpc"), ("Grpc-Timeout", "100m")],
    );
    let stays = client.stays_silent(std::time::Duration::from_millis(400));
    let second = client.get("/", &[]);

    assert_eq!((first.status, second.status, stays), (200, 200, true));
}
