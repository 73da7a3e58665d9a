//! What an endpoint may have seen is asked of another one as the service allows.

use graylane_testkit::{LIMIT, Next, Recipe, Upstream, eventually};

use super::retrying;

#[test]
fn an_error_that_another_endpoint_does_not_have_is_not_seen() {
    for status in [502, 503, 504] {
        let (ill, well) = (
            Upstream::start(move |turn| turn.fixed(status, "ill")),
            Upstream::fixed("well"),
        );
        let gateway = Recipe::new()
            .lane("stable", &[ill.address(), well.address()])
            .service(&retrying(1))
            .server("workers = 1")
            .start();
        let mut client = gateway.client();

        let served = (0..40).filter(|_| client.get("/", &[]).text() == "well").count();

        assert_eq!(served, 40, "{status}");
        let asked = ill.requests().len();
        assert!(asked > 0, "{status}");
        assert_eq!(gateway.metrics().sum("graylane_retries_total", &[]), asked as f64);
        // The answer was short and all there, so its connection was used again.
        assert_eq!(ill.connections(), 1, "{status}");
    }
}

#[test]
fn an_answer_that_nobody_wants_is_not_waited_for() {
    let ill = Upstream::start(|turn| {
        turn.write("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nsome");
        turn.hang()
    });
    let well = Upstream::fixed("well");
    let gateway = Recipe::new()
        .lane("stable", &[ill.address(), well.address()])
        .service(&retrying(1))
        .start();
    let mut client = gateway.client();

    let served = (0..20).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 20);
    eventually(LIMIT, "its connections are closed", || ill.open() == 0);
}

#[test]
fn an_error_without_anybody_else_to_ask_is_passed_on_as_it_is() {
    let ill = || Upstream::start(|turn| turn.fixed_with(503, "Retry-After: 7\r\n", "ill"));
    let (one, other) = (ill(), ill());

    for (endpoints, asked) in [
        (vec![one.address()], 1),
        (vec![one.address(), other.address()], 2),
    ] {
        let before = one.requests().len() + other.requests().len();
        let gateway = Recipe::new()
            .lane("stable", &endpoints)
            .service(&retrying(5))
            .start();

        let response = gateway.client().get("/", &[]);

        assert_eq!((response.status, &*response.text()), (503, "ill"));
        assert_eq!(response.header("retry-after"), Some("7"));
        // Each once, however often it might be.
        assert_eq!(one.requests().len() + other.requests().len() - before, asked);
    }
}

#[test]
fn what_an_endpoint_may_have_acted_on_is_not_asked_of_another() {
    let ill = || Upstream::start(|turn| turn.fixed(503, "ill"));
    let (one, other) = (ill(), ill());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service(&retrying(5))
        .start();
    let mut client = gateway.client();

    for (method, body) in [("POST", "x"), ("PUT", "x"), ("DELETE", ""), ("GET", "x")] {
        let before = one.requests().len() + other.requests().len();

        let response = client.request(method, "/", &[], body.as_bytes());

        assert_eq!((response.status, &*response.text()), (503, "ill"), "{method}");
        let asked = one.requests().len() + other.requests().len() - before;
        assert_eq!(asked, 1, "{method}");
    }
}

#[test]
fn a_client_that_has_heard_of_an_endpoint_hears_the_rest_from_it() {
    let early = || {
        Upstream::start(|turn| {
            turn.read_body();
            turn.write("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
            turn.fixed(503, "ill")
        })
    };
    let (one, other) = (early(), early());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service(&retrying(5))
        .start();

    let response = gateway.client().get("/", &[]);

    assert_eq!(response.status, 503);
    assert_eq!(one.requests().len() + other.requests().len(), 1);
}

#[test]
fn a_connection_that_breaks_under_a_safe_request_is_made_up_for_by_another_endpoint() {
    // By default: nothing is said of retries. What it says before it breaks off is no answer.
    let breaks = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 2");
        Next::Close
    });
    let well = Upstream::fixed("well");
    let gateway = Recipe::new()
        .lane("stable", &[breaks.address(), well.address()])
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    let served = (0..5).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 5);
}

#[test]
fn a_lane_that_fails_all_the_time_is_asked_little_more_often_than_it_would_be() {
    let ill = || Upstream::start(|turn| turn.fixed(503, "ill"));
    let (one, other) = (ill(), ill());
    let gateway = Recipe::new()
        .lane("stable", &[one.address(), other.address()])
        .service("retries = { times = 10, budget = 10, backoff = \"0s\", on = [\"503\"] }")
        // Where there is a breaker, it would leave nobody else to be asked.
        .more("[modules.breaker]\nconsecutive_failures = 1000\nmin_requests = 1000\n")
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    (0..200).for_each(|_| assert_eq!(client.get("/", &[]).status, 503));

    let page = gateway.metrics();
    let (retries, refused) = (
        page.sum("graylane_retries_total", &[]),
        page.sum("graylane_retries_refused_total", &[]),
    );
    assert_eq!(
        one.requests().len() + other.requests().len(),
        200 + retries as usize
    );
    assert_eq!(retries + refused, 200.0);
    // A tenth, five to begin with, and one for each second that this may take.
    assert!((20.0..=25.0 + 60.0).contains(&retries), "{retries}");
}

#[test]
fn an_endpoint_that_does_not_answer_in_time_is_made_up_for_by_another() {
    let (hangs, well) = (Upstream::start(|turn| turn.hang()), Upstream::fixed("well"));
    let gateway = Recipe::new()
        .lane("stable", &[hangs.address(), well.address()])
        .service("timeouts = { try = \"50ms\" }")
        .service(&retrying(1))
        .server("workers = 1")
        .start();
    let mut client = gateway.client();

    let served = (0..10).filter(|_| client.get("/", &[]).text() == "well").count();

    assert_eq!(served, 10);
    assert!(!hangs.requests().is_empty());
}
