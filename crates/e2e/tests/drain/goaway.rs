//! Over HTTP/2, frame by frame: the first GOAWAY refuses nothing, the second tells what was taken (RFC 9113, section 6.8).

use graylane_testkit::frame::{ACK, PING};
use graylane_testkit::{Gate, Gateway, H2, LIMIT, Recipe, Upstream};

/// No stream has a higher number: nothing is refused yet.
const NOT_YET: u32 = (1 << 31) - 1;

fn connect(gateway: &Gateway) -> H2 {
    H2::begin(gateway.client(), "a").expect("the gateway reads")
}

#[test]
fn a_stream_that_crosses_the_first_goaway_is_served_and_the_second_names_it() {
    let gate = Gate::new();
    let upstream = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            gate.pass();
            turn.fixed(200, "served")
        }
    });
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
