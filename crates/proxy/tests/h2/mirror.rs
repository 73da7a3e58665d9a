//! Copies of requests where one side or the other speaks HTTP/2.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use graylane_pipeline::MetricsText;
use graylane_testkit::{LIMIT, Metrics, Upstream, eventually};
use h2::Reason;
use h2::server::Builder;
use http::Response;

use crate::scene::{Answer, Client, Scene, Server, Turn, answer, run};

/// In front of this endpoint, with copies of everything for another one.
fn mirrored(stable: std::net::SocketAddr, next: std::net::SocketAddr, protocol: &str) -> Scene {
    Scene::with(
        stable,
        &format!(
            "[lanes.shop.stable.mirror]\nto = \"next\"\nshare = 100\n\
             [lanes.shop.next]\nendpoints = [\"http://{next}\"]\nprotocol = \"{protocol}\"\n[limits]\nresponse_time = \"2s\"\nbody = 200000"
        ),
    )
}

fn metrics(scene: &Scene) -> Metrics {
    let mut text = MetricsText::default();
    let current = scene.shared.current();
    scene.shared.counters().render(&current, &mut text);
    Metrics::parse(&text.finish())
}

/// Waits until so many copies have gone off, and none is under way.
fn until_copied(scene: &Scene, copies: usize) -> Metrics {
    eventually(LIMIT, "the copies have ended", || {
        let metrics = metrics(scene);
        metrics.sum("graylane_mirrored_total", &[]) as usize == copies
            && metrics.sum("graylane_mirror_in_flight", &[]) == 0.0
    });
    metrics(scene)
}

/// What a server got of its requests: head and body as text.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that keeps what it gets.
fn keeping(seen: &Seen) -> Server {
    let seen = Arc::clone(seen);
    Server::start(Builder::new(), move |(request, mut respond): Turn| {
        let seen = Arc::clone(&seen);
        async move {
            let (head, mut stream) = request.into_parts();
            let mut text = format!("{} {}\n", head.method, head.uri.path());
            for (name, value) in &head.headers {
                text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
            }
            while let Some(Ok(data)) = stream.data().await {
                let _ = stream.flow_control().release_capacity(data.len());
                text.push_str(std::str::from_utf8(&data).unwrap());
            }
            seen.lock().unwrap().push(text);
            let _ = respond.send_response(Response::new(()), true);
        }
    })
}

/// A client of HTTP/2 asks without a body, and with one in two pieces.
fn ask_twice(scene: &Scene) -> [u16; 2] {
    run(async {
        let mut client = Client::connect(scene.address).await;
        let got = client.get("/got", &[("x-a", "1")]).await;
        let (response, mut stream) = client.begin("POST", "/sent", &[], false);
        stream.send_data(Bytes::from_static(b"hello "), false).unwrap();
        stream.send_data(Bytes::from_static(b"world"), true).unwrap();
        let sent = Answer::read(response.await.unwrap()).await.unwrap();
        [got.status(), sent.status()]
    })
}

#[test]
fn a_request_of_http_2_is_copied_to_an_endpoint_of_http_1() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let scene = mirrored(stable.address(), next.address(), "http1");

    let statuses = ask_twice(&scene);

    until_copied(&scene, 2);
    let mut copies = next.requests();
    copies.sort_by_key(|copy| copy.head.target().to_owned());
    assert_eq!((statuses, next.faults()), ([200; 2], Vec::new()));
    assert_eq!(
        (copies[0].head.target(), copies[0].head.value("x-a")),
        ("/got", Some("1"))
    );
    assert_eq!(copies[1].body, b"hello world");
    for copy in &copies {
        assert_eq!(copy.head.values("x-gray-mirror"), ["stable"]);
        assert_eq!(copy.head.values("x-gray-version"), ["next"]);
    }
}

#[test]
fn a_copy_goes_over_http_2_where_the_other_lane_speaks_it() {
    let seen = Seen::default();
    let (stable, next) = (Upstream::echo(), keeping(&seen));
    let scene = mirrored(stable.address(), next.address, "http2");

    let of_http_2 = ask_twice(&scene);
    let mut client = graylane_testkit::Client::connect(scene.address);
    client
        .send("PUT /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    let of_http_1 = client.response().status;

    let metrics = until_copied(&scene, 3);
    let mut copies = seen.lock().unwrap().clone();
    copies.sort();
    assert_eq!((of_http_2, of_http_1), ([200; 2], 200));
    for (copy, (head, body)) in copies.iter().zip([
        ("GET /got\n", "\n"),
        ("POST /sent\n", "\nhello world"),
        ("PUT /chunked\n", "\nabc"),
    ]) {
        assert!(copy.starts_with(head) && copy.ends_with(body), "{copy}");
        assert!(
            copy.contains("x-gray-mirror: stable\n") && copy.contains("x-gray-version: next\n"),
            "{copy}"
        );
    }
    let both = [("original", "2xx"), ("mirror", "2xx")];
    assert_eq!(metrics.sum("graylane_mirror_compared_total", &both), 3.0);
    assert_eq!(next.connections(), 1);
}

#[test]
fn an_http_2_endpoint_that_fails_at_its_copies_is_not_felt() {
    let stable = Upstream::echo();
    let endless = Server::start(Builder::new(), |(_, mut respond): Turn| async move {
        let Ok(mut stream) = respond.send_response(Response::new(()), false) else {
            return;
        };
        loop {
            stream.reserve_capacity(65_536);
            let Some(Ok(room)) = poll_fn(|cx| stream.poll_capacity(cx)).await else {
                return;
            };
            if stream.send_data(vec![b'x'; room].into(), false).is_err() {
                return;
            }
        }
    });
    let refusing = Server::start(Builder::new(), |(_, mut respond): Turn| async move {
        respond.send_reset(Reason::REFUSED_STREAM);
    });
    let breaking = Server::start(Builder::new(), |(_, mut respond): Turn| async move {
        respond.send_reset(Reason::INTERNAL_ERROR);
    });
    let silent = Server::start(Builder::new(), |turn: Turn| async move {
        std::future::pending::<()>().await;
        drop(turn);
    });
    let plain = Server::answering("not asked");
    let not_http_2 = Upstream::fixed("HTTP/1.1");

    for (next, reason) in [
        (refusing.address, Some("broken")),
        (breaking.address, Some("broken")),
        (silent.address, Some("timeout")),
        (endless.address, Some("too-long")),
        (plain.address, None),
        (not_http_2.address(), Some("")),
    ] {
        let scene = mirrored(stable.address(), next, "http2");

        let statuses = ask_twice(&scene);

        assert_eq!(statuses, [200; 2]);
        let metrics = until_copied(&scene, 2);
        let failed = metrics.sum("graylane_mirror_failed_total", &[]);
        match reason {
            None => {}
            Some("") => assert_eq!(failed, 2.0),
            Some(reason) => {
                let so = metrics.sum("graylane_mirror_failed_total", &[("reason", reason)]);
                assert_eq!((so, failed), (2.0, 2.0), "{reason}");
            }
        }
    }
}

#[test]
fn an_http_2_original_is_compared_too() {
    let (stable, next) = (
        Server::start(Builder::new(), |turn| answer(turn, "fine")),
        Upstream::fixed("fine"),
    );
    let scene = Scene::with(
        stable.address,
        &format!(
            "protocol = \"http2\"\n[lanes.shop.stable.mirror]\nto = \"next\"\nshare = 100\n\
             [lanes.shop.next]\nendpoints = [\"http://{}\"]",
            next.address()
        ),
    );

    let statuses = ask_twice(&scene);

    let metrics = until_copied(&scene, 2);
    let both = [("original", "2xx"), ("mirror", "2xx")];
    assert_eq!(
        (statuses, metrics.sum("graylane_mirror_compared_total", &both)),
        ([200; 2], 2.0)
    );
}
