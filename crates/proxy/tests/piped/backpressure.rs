//! Whoever does not read is not read for, and whoever reads need not wait.

use crate::play::judge::judge;
use crate::play::pipes::run;
use crate::play::script::{Act, Plan, Segment};

/// What the gateway may hold of one body: a large buffer and what waits to be written, and what is in the pipes.
const HELD: usize = 64 * 1024 + 16 * 1024;

fn say(act: Act, after: usize, text: String) -> Segment {
    let text = text.into_bytes();
    Segment {
        after,
        quiet: after == 0,
        act,
        text,
    }
}

fn plan(client: Vec<Segment>, endpoint: Vec<Segment>) -> Plan {
    Plan {
        client_capacity: 512,
        endpoint_capacity: 512,
        trusted: false,
        pieces: vec![usize::MAX],
        client,
        endpoints: vec![(3, endpoint)],
    }
}

#[test]
fn a_body_waits_with_its_client_until_the_endpoint_reads() {
    let head = "PUT / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 100000\r\n\r\n";
    let request = say(Act::Say, 0, format!("{head}{}", "b".repeat(100_000)));
    let deaf = say(Act::Deafen, 0, String::new());

    let plan = plan(vec![request], vec![deaf]);
    let played = run(&plan);

    judge(&plan, &played);
    assert!(played.stalled[0] < HELD, "{:?}", played.stalled);
}

#[test]
fn an_answer_waits_with_its_endpoint_until_the_client_reads() {
    let request = say(Act::Deafen, 0, "GET / HTTP/1.1\r\nHost: one.test\r\n\r\n".into());
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", "b".repeat(65_536));
    let answer = say(Act::Say, 1, format!("{head}{}0\r\n\r\n", chunk.repeat(16)));

    let plan = plan(vec![request], vec![answer]);
    let played = run(&plan);

    judge(&plan, &played);
    assert!(played.stalled[1] < HELD, "{:?}", played.stalled);
}

#[test]
fn interim_answers_wait_with_their_endpoint_until_the_client_reads() {
    let request = say(Act::Deafen, 0, "GET / HTTP/1.1\r\nHost: one.test\r\n\r\n".into());
    let hint = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "l".repeat(8_000));
    let answer = say(
        Act::Say,
        1,
        format!("{}HTTP/1.1 204 No Content\r\n\r\n", hint.repeat(90)),
    );

    let plan = plan(vec![request], vec![answer]);
    let played = run(&plan);

    judge(&plan, &played);
    assert!(played.stalled[1] < HELD, "{:?}", played.stalled);
}

#[test]
fn requests_wait_with_their_client_until_it_reads_the_answers() {
    let request = "GET /answered/by/the/gateway HTTP/1.1\r\nHost: own.test\r\n\r\n";
    let requests = say(Act::Deafen, 0, request.repeat(10_000));

    let plan = plan(vec![requests], Vec::new());
    let played = run(&plan);

    judge(&plan, &played);
    assert!(played.stalled[0] < HELD, "{:?}", played.stalled);
}

#[test]
fn what_is_there_goes_on_before_more_comes() {
    let head = "PUT / HTTP/1.1\r\nHost: one.test\r\nContent-Length: 8\r\n\r\n";
    let client = vec![
        say(Act::Say, 0, format!("{head}some")),
        Segment {
            after: 1,
            quiet: true,
            ..say(Act::Say, 0, "more".into())
        },
    ];
    let endpoint = vec![
        say(
            Act::Say,
            1,
            "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome".into(),
        ),
        Segment {
            after: 1,
            quiet: true,
            ..say(Act::Say, 0, "more".into())
        },
    ];

    let plan = plan(client, endpoint);
    let (exchanges, tries) = judge(&plan, &run(&plan));

    assert_eq!(tries[0].request.body, b"somemore");
    let answer = exchanges[0].answer.as_ref().unwrap();
    assert_eq!(answer.body, b"somemore");
}
