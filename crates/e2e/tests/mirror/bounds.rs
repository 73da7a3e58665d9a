//! What a mirror may cost.

use graylane_testkit::{Gate, LIMIT, Upstream, eventually};

use super::{copied, dropped, mirrored, until_copied};

#[test]
fn a_body_that_is_too_long_is_not_copied_and_goes_its_way() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100\nbody = 1000").start();
    let mut client = gateway.client();
    let body = |length: usize| vec![b'x'; length];
    let mut lengths = Vec::new();

    for length in [0, 1, 1_000, 1_001, 50_000] {
        lengths.push(client.post("/", &body(length)).json()["length"].as_u64().unwrap());
    }
    for chunks in [vec![400, 600], vec![600, 401], vec![1_000, 30_000, 1]] {
        client.send("POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for chunk in chunks {
            client.send(format!("{chunk:x}\r\n"));
            client.send(body(chunk));
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");
        lengths.push(client.response().json()["length"].as_u64().unwrap());
    }

    assert_eq!(lengths, [0, 1, 1_000, 1_001, 50_000, 1_000, 1_001, 31_001]);
    let metrics = until_copied(&gateway, 4);
    let mut copies: Vec<_> = next.requests().iter().map(|copy| copy.body.len()).collect();
    copies.sort_unstable();
    assert_eq!((copies, dropped(&metrics, "body")), (vec![0, 1, 1_000, 1_000], 4));
    assert_eq!(next.faults(), Vec::<String>::new());
}

#[test]
fn no_more_copies_are_under_way_than_may_be() {
    let gate = Gate::new();
    let stable = Upstream::fixed("original");
    let next = Upstream::gated(&gate, "copy");
    let gateway = mirrored(stable.address(), next.address(), "share = 100\nin_flight = 2").start();
    let mut client = gateway.client();

    let answers: Vec<_> = (0..10).map(|_| client.post("/", b"body").text()).collect();
    let full = gateway.metrics();
    gate.open();
    until_copied(&gateway, 2);
    client.post("/", b"body");

    assert_eq!(answers, ["original"; 10]);
    assert_eq!(
        (
            copied(&full),
            dropped(&full, "in-flight"),
            full.sum("graylane_mirror_in_flight", &[])
        ),
        (2, 8, 2.0)
    );
    until_copied(&gateway, 3);
    assert_eq!(next.requests().len(), 3);
}

#[test]
fn an_upload_that_goes_on_keeps_its_place() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let gateway = mirrored(stable.address(), next.address(), "share = 100\nin_flight = 1").start();
    let mut slow = gateway.client();

    slow.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha");
    stable.until_request("the upload has begun", |seen| seen.head.target() == "/slow");
    gateway.client().get("/fast", &[]);
    let meanwhile = gateway.metrics();
    slow.send("lf");
    let response = slow.response();

    assert_eq!((copied(&meanwhile), dropped(&meanwhile, "in-flight")), (0, 1));
    assert_eq!(response.json()["body"], "half");
    until_copied(&gateway, 1);
    let copy = next.only_request();
    assert_eq!((copy.head.target(), &copy.body[..]), ("/slow", &b"half"[..]));
}

#[test]
fn the_memory_of_copies_is_given_back() {
    let stable = Upstream::fixed("original");
    let next = Upstream::start(|turn| turn.hang());
    let lines = "share = 100\nbody = \"1MiB\"\nin_flight = 4";
    let gateway = mirrored(stable.address(), next.address(), lines)
        .limit("response_time = \"1s\"")
        .start();
    let body = vec![b'x'; 1 << 20];
    let mut client = gateway.client();
    client.post("/", &body);
    let before = gateway.resident_memory();

    for _ in 0..60 {
        assert_eq!(client.post("/", &body).text(), "original");
    }
    let peak = gateway.peak_memory();
    eventually(LIMIT, "the copies have ended", || {
        gateway.metrics().sum("graylane_mirror_in_flight", &[]) == 0.0
    });

    // Four bodies of 1 MiB, and as much again for whatever else the process does meanwhile.
    assert!(peak < before + (8 << 20), "{before} {peak}");
}
