//! What a stranger may use up.

use std::time::{Duration, Instant};

use graylane_ofrep::{Limits, Settings};

use crate::kit::{FLAGS, Site, until};

const SHORT: Duration = Duration::from_millis(60);

fn site(change: impl FnOnce(&mut Limits)) -> Site {
    let mut limits = Limits::default();
    change(&mut limits);
    Site::with(Settings {
        limits,
        ..Settings::default()
    })
}

#[test]
fn a_body_over_the_limit_is_refused_however_it_comes() {
    let site = site(|limits| limits.body = 100);
    let fits = format!(r#"{{"context":{{"a":"{}"}}}}"#, "x".repeat(80));
    let long = format!(r#"{{"context":{{"a":"{}"}}}}"#, "x".repeat(81));
    let mut chunked = site.line();

    assert_eq!(fits.len(), 100);
    assert_eq!(site.ask("POST", FLAGS, &[], fits).status, 200);
    let reply = site.ask("POST", &format!("{FLAGS}/plain"), &[], &long);
    assert_eq!(reply.fails(413, "evaluationFailure", "GENERAL")["key"], "plain");
    site.ask("POST", FLAGS, &[], &long)
        .fails(413, "bulkEvaluationFailure", "GENERAL");
    chunked.send(format!(
        "POST {FLAGS} HTTP/1.1\r\nhost: f\r\ntransfer-encoding: chunked\r\n\r\n"
    ));
    for _ in 0..3 {
        chunked.send(format!("32\r\n{}\r\n", " ".repeat(50)));
    }

    let mut at_once = site.line();
    at_once.send(format!(
        "POST {FLAGS} HTTP/1.1\r\nhost: f\r\ntransfer-encoding: chunked\r\n\r\n65\r\n{}\r\n0\r\n\r\n",
        " ".repeat(101)
    ));

    at_once.reply().fails(413, "bulkEvaluationFailure", "GENERAL");
    let reply = chunked.reply();
    reply.fails(413, "bulkEvaluationFailure", "GENERAL");
    assert_eq!(reply.header("connection"), Some("close"));
}

#[test]
fn a_body_of_a_megabyte_is_taken_by_default_and_no_more() {
    let site = Site::new();
    let body = |length: usize| format!(r#"{{"context":{{"a":"{}"}}}}"#, "x".repeat(length - 20));

    assert_eq!(site.ask("POST", FLAGS, &[], body(1024 * 1024)).status, 200);
    assert_eq!(site.ask("POST", FLAGS, &[], body(1024 * 1024 + 1)).status, 413);
}

#[test]
fn a_head_over_the_limit_is_refused() {
    let site = site(|limits| limits.head = 8 * 1024);

    let reply = site.ask("POST", FLAGS, &[&format!("x-long: {}", "x".repeat(9 * 1024))], "");

    assert_eq!(reply.status, 431);
}

#[test]
fn connections_over_the_limit_are_told_so() {
    let site = site(|limits| limits.connections = 2);
    let mut first = site.line();
    let second = site.line();
    assert_eq!(first.ask("POST", FLAGS, &[], "").status, 200);
    until("both are open", || site.server.counters().connections_open() == 2);

    let refused = site.ask("POST", FLAGS, &[], "");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("5")));
    refused.json("generalErrorResponse");
    assert_eq!(first.ask("POST", FLAGS, &[], "").status, 200);
    drop(second);

    until("there is a place", || {
        site.server.counters().connections_open() == 1
    });
    assert_eq!(site.ask("POST", FLAGS, &[], "").status, 200);
}

#[test]
fn a_head_that_does_not_come_to_an_end_is_not_waited_for() {
    let site = site(|limits| limits.header_time = SHORT);
    let mut line = site.line();

    line.send("POST /ofrep/v1/eval");

    assert!(line.ends());
    assert_eq!(site.server.counters().dropped(), 1);
}

#[test]
fn a_head_that_comes_byte_by_byte_gains_no_time() {
    let site = site(|limits| limits.header_time = SHORT);
    let mut line = site.line();
    let mut last = Instant::now();

    until("it is dropped", || {
        if last.elapsed() > SHORT / 10 {
            line.send("a");
            last = Instant::now();
        }
        site.server.counters().dropped() == 1
    });
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let site = site(|limits| limits.body_time = SHORT);
    let mut line = site.line();

    line.send(format!(
        "POST {FLAGS} HTTP/1.1\r\nhost: f\r\ncontent-length: 10\r\n\r\n{{"
    ));

    assert!(line.ends());
    assert_eq!(site.server.counters().dropped(), 1);
}

#[test]
fn a_connection_without_requests_is_closed() {
    let site = site(|limits| limits.idle_time = SHORT * 8);
    let mut silent = site.line();
    let mut used = site.line();
    assert_eq!(used.ask("POST", FLAGS, &[], "").status, 200);

    assert!(silent.ends());
    assert!(used.ends());
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    let site = site(|limits| limits.answer_time = SHORT);
    let mut line = site.line();
    let request = format!("POST {FLAGS} HTTP/1.1\r\nhost: f\r\n\r\n");

    until("it is dropped", || {
        line.stream().set_nonblocking(true).unwrap();
        line.send(&request);
        site.server.counters().dropped() == 1
    });
}

#[test]
fn a_client_that_goes_away_in_the_middle_leaves_nothing() {
    let site = Site::new();
    let mut half = site.line();
    let mut gone = site.line();

    half.send(format!(
        "POST {FLAGS} HTTP/1.1\r\nhost: f\r\ncontent-length: 10\r\n\r\n{{"
    ));
    half.close_writing();
    gone.send("POST ");
    drop(gone);

    until("both are gone", || site.server.counters().connections_open() == 0);
}

#[test]
fn stopping_lets_a_request_end_and_closes_what_is_idle() {
    let site = Site::new();
    let mut idle = site.line();
    assert_eq!(idle.ask("POST", FLAGS, &[], "").status, 200);
    let address = site.server.address();

    let cut = site.server.stop(Duration::from_secs(10));

    assert_eq!(cut, 0);
    assert!(idle.ends());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn stopping_cuts_what_does_not_end_in_time() {
    let site = Site::new();
    let mut stuck = site.line();
    stuck.send(format!(
        "POST {FLAGS} HTTP/1.1\r\nhost: f\r\ncontent-length: 10\r\n\r\n{{"
    ));
    until("it is there", || site.server.counters().connections_open() == 1);

    let cut = site.server.stop(SHORT);

    assert!(cut <= 1, "{cut}");
    assert!(stuck.ends());
}
