//! What the process says of its connections at its end, and while it serves.

use graylane_testkit::{Client, Gateway, LIMIT, Recipe, Upstream, eventually};

/// An upstream that switches protocols, hangs, or answers.
fn upstream() -> Upstream {
    Upstream::start(|turn| match turn.head.target() {
        "/socket" => turn.upgrade_and_echo("websocket", "bye"),
        "/hang" => turn.hang(),
        _ => turn.fixed(200, "served"),
    })
}

fn web_socket(gateway: &Gateway) -> Client {
    let mut client = gateway.client();
    client.send(
        "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    let (head, _) = client.response_head().expect("an answer");
    assert_eq!(head.status(), 101);
    client
}

/// What the last event says of one kind of connections.
fn count(gateway: &Gateway, word: &str) -> u64 {
    let stopped = gateway.until_event("stopped");
    stopped["connections"][word]
        .as_u64()
        .unwrap_or_else(|| panic!("no {word}: {stopped}"))
}

#[test]
fn a_web_socket_goes_on_until_the_limit_and_is_then_cut_and_counted() {
    let upstream = upstream();
    let mut gateway = Recipe::to(upstream.address())
        .drain("limit = \"600ms\"\nidle_grace = \"100ms\"")
        .start();
    let mut socket = web_socket(&gateway);
    let mut idle = gateway.client();
    idle.get("/", &[]);

    gateway.terminate();
    gateway.until_event("draining");
    idle.until_closed();
    // After whoever was idle has gone, it still carries bytes.
    socket.send("still here");
    let mut echoed = Vec::new();
    let echo = socket
        .wire()
        .exactly(10, &mut |bytes| echoed.extend_from_slice(bytes));
    let code = gateway.wait(LIMIT);

    assert!(echo.is_ok() && echoed == b"still here");
    assert_eq!(
        (code, count(&gateway, "cut"), count(&gateway, "closed_idle")),
        (16, 1, 1)
    );
    assert_eq!(socket.until_closed(), b"");
}

#[test]
fn the_metrics_tell_how_connections_have_ended() {
    let upstream = upstream();
    let gateway = Recipe::to(upstream.address()).start();
    for _ in 0..3 {
        gateway.client().get("/", &[("Connection", "close")]);
    }
    let _stays = gateway.client();

    let ended = |fate| {
        gateway
            .metrics()
            .sum("graylane_connections_ended_total", &[("fate", fate)])
    };
    eventually(LIMIT, "three have ended", || ended("ended") == 3.0);

    let others = ["drained", "closed_idle", "handed_over", "cut"].map(ended);
    assert_eq!(others, [0.0; 4]);
    assert_eq!(
        gateway
            .metrics()
            .label_values("graylane_connections_ended_total", "fate")
            .len(),
        5
    );
}

#[test]
fn a_reload_tells_that_it_kept_every_connection() {
    let answering = |body: &str| {
        let lane = format!("respond = {{ body = {body:?} }}\n");
        Recipe::new().lane_lines("stable", &lane).with_token()
    };
    let gateway = answering("one").start();
    let mut clients: Vec<_> = (0..7).map(|_| gateway.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.get("/", &[])));

    let answer = gateway.order("PUT", "/config", answering("two").text()).json();
    let texts: Vec<_> = clients
        .iter_mut()
        .map(|client| client.get("/", &[]).text())
        .collect();

    assert_eq!(
        (
            &answer["outcome"],
            &answer["connections"]["kept"],
            &answer["connections"]["cut"]
        ),
        (&"accepted".into(), &7.into(), &0.into())
    );
    assert_eq!(texts, ["two"; 7]);
    assert!(
        gateway.stderr().contains("7 connections kept, 0 cut"),
        "{}",
        gateway.stderr()
    );
}
