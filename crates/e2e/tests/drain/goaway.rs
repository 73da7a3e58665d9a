//! Over HTTP/2, frame by frame: the first GOAWAY refuses nothing, the second tells what was taken (RFC 9113, section 6.8).

use graylane_testkit::frame::{ACK, PING, WINDOW_UPDATE};
use graylane_testkit::{Client, Gate, Gateway, H2, LIMIT, Recipe, Upstream, eventually};

/// No stream has a higher number: nothing is refused yet.
const NOT_YET: u32 = (1 << 31) - 1;

fn connect(gateway: &Gateway) -> H2 {
    H2::begin(gateway.client(), "a").expect("the gateway reads")
}

#[test]
fn a_stream_that_crosses_the_first_goaway_is_served_and_the_second_names_it() {
    let gate = Gate::new();
    let upstream = Upstream::gated(&gate, "served");
    let mut gateway = Recipe::to(upstream.address()).start();
    let mut client = connect(&gateway);
    client.ask(1).unwrap();
    upstream.until_request("it is under way", |_| true);

    gateway.terminate();
    let first = client.until_leaving();
    let ping = client.until(|frame| frame.is(PING)).payload;
    // Sent by a client that has not seen the first yet.
    client.ask(3).unwrap();
    client.send(PING, ACK, 0, &ping);
    let second = client.until_leaving();
    gate.open();
    let mut answered = Vec::new();
    while answered.len() < 2 {
        let frame = client.until(|frame| frame.ends(1) || frame.ends(3));
        answered.push(frame.stream);
    }
    answered.sort_unstable();

    assert_eq!((first, second), ((NOT_YET, 0), (3, 0)));
    assert_eq!(answered, [1, 3]);
    assert_eq!((client.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    let stopped = gateway.until_event("stopped");
    assert_eq!(stopped["connections"]["drained"], 1, "{stopped}");
}

#[test]
fn an_idle_client_that_answers_the_ping_is_done_at_once() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"20s\"")
        .start();
    let mut client = connect(&gateway);
    client.ask(1).unwrap();
    client.until(|frame| frame.ends(1));

    gateway.terminate();
    let first = client.until_leaving();
    let ping = client.until(|frame| frame.is(PING)).payload;
    client.send(PING, ACK, 0, &ping);
    let second = client.until_leaving();

    assert_eq!((first, second), ((NOT_YET, 0), (1, 0)));
    assert_eq!((client.until_closed(), gateway.wait(LIMIT)), (Vec::new(), 0));
    assert_eq!(gateway.until_event("stopped")["connections"]["drained"], 1);
}

#[test]
fn an_idle_client_that_says_nothing_is_closed_after_its_grace() {
    let upstream = Upstream::fixed("served");
    let mut gateway = Recipe::to(upstream.address())
        .drain("idle_grace = \"200ms\"")
        .start();
    let mut client = connect(&gateway);
    client.ask(1).unwrap();
    client.until(|frame| frame.ends(1));

    gateway.terminate();
    let code = gateway.wait(LIMIT);

    assert_eq!(code, 0);
    assert_eq!(gateway.until_event("stopped")["connections"]["closed_idle"], 1);
}

// Each exchange has ended for the gateway: the answers wait in its buffers and the system's.
#[test]
fn the_end_of_an_answer_that_nobody_takes_is_cut_at_the_limit_and_counted() {
    const STREAMS: u32 = 100;
    let body = "x".repeat(60_000);
    let mut gateway = Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = \"{body}\" }}\n"))
        .server("workers = 1")
        .drain("limit = \"300ms\"")
        .start();
    let mut client = H2::begin(Client::connect_narrow(gateway.address(), 4096), "a").unwrap();
    // All answers may come at once.
    client.send(WINDOW_UPDATE, 0, 0, &(1_u32 << 30).to_be_bytes());
    for stream in 0..STREAMS {
        client.ask(2 * stream + 1).unwrap();
    }
    eventually(LIMIT, "all exchanges have ended", || {
        gateway.metrics().sum("graylane_requests_total", &[]) == f64::from(STREAMS)
    });

    gateway.terminate();

    assert_eq!(gateway.wait(LIMIT), 16, "{}", gateway.stderr());
    let connections = &gateway.until_event("stopped")["connections"];
    assert_eq!(
        (&connections["cut"], &connections["closed_idle"]),
        (&1.into(), &0.into())
    );
}
