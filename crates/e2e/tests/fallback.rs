//! A lane of which nobody can be asked falls back to the baseline, and says so; or fails, where the service wants that.

use graylane_testkit::{DeadEnd, Gateway, Next, Recipe, Upstream};

/// Everybody is in the lane `canary`, whose only endpoint is this.
fn canary_at(endpoint: std::net::SocketAddr, stable: &Upstream) -> Recipe {
    Recipe::new()
        .lane("stable", &[stable.address()])
        .weighted("canary", 100.0, &[endpoint])
}

fn fallbacks(gateway: &Gateway) -> f64 {
    let labels = [("service", "shop"), ("lane", "canary")];
    gateway.metrics().sum("graylane_lane_fallbacks_total", &labels)
}

#[test]
fn a_dead_lane_falls_back_to_the_baseline_and_everybody_is_told() {
    let (dead, stable) = (DeadEnd::new(), Upstream::echo());
    let gateway = canary_at(dead.address(), &stable).start();
    let mut client = gateway.client();

    let response = client.post("/cart", b"a whole body");

    assert_eq!(response.status, 200);
    assert_eq!(response.header("x-gray-version"), Some("stable"));
    assert_eq!(response.header("x-gray-fallback"), Some("canary"));
    let seen = stable.only_request();
    assert_eq!(seen.body, b"a whole body");
    // Onward it is still the lane that was wanted, so that later hops go back into it.
    assert_eq!(seen.head.values("x-gray-version"), ["canary"]);
    assert_eq!(seen.head.values("x-gray-fallback"), ["canary"]);
    assert_eq!(fallbacks(&gateway), 1.0);
    let labels = [("lane", "canary"), ("code", "2xx")];
    assert_eq!(gateway.metrics().sum("graylane_requests_total", &labels), 1.0);
}

#[test]
fn a_service_that_wants_its_lanes_to_fail_gets_that() {
    let (dead, stable) = (DeadEnd::new(), Upstream::fixed("stable"));
    let recipe = canary_at(dead.address(), &stable).service("fallback = \"fail\"");
    let gateway = recipe.start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, response.fault()), (502, "unreachable"));
    assert_eq!(response.header("x-gray-version"), Some("canary"));
    assert!(response.header("x-gray-fallback").is_none());
    assert_eq!((stable.connections(), fallbacks(&gateway)), (0, 0.0));
}

#[test]
fn a_baseline_that_the_gateway_answers_itself_takes_it_too() {
    let dead = DeadEnd::new();
    let gateway = Recipe::new()
        .lane_lines("stable", "respond = { status = 200, body = \"stable\" }\n")
        .weighted("canary", 100.0, &[dead.address()])
        .start();
    let mut client = gateway.client();

    for _ in 0..3 {
        let response = client.post("/", b"body");

        assert_eq!((response.status, &*response.text()), (200, "stable"));
        assert_eq!(response.header("x-gray-fallback"), Some("canary"));
    }
}

#[test]
fn a_baseline_that_is_dead_too_is_a_fault_and_not_a_circle() {
    let (one, other) = (DeadEnd::new(), DeadEnd::new());
    let gateway = Recipe::new()
        .lane("stable", &[one.address()])
        .weighted("canary", 100.0, &[other.address()])
        .start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, response.fault()), (502, "unreachable"));
    assert_eq!(response.header("x-gray-fallback"), Some("canary"));
}

#[test]
fn what_an_endpoint_may_have_seen_does_not_go_to_the_baseline() {
    let stable = Upstream::fixed("stable");
    let canary = Upstream::start(|turn| {
        turn.read_body();
        Next::Close
    });
    let gateway = canary_at(canary.address(), &stable).start();

    let response = gateway.client().post("/", b"body");

    assert_eq!((response.status, response.fault()), (502, "upstream-broken"));
    assert_eq!((stable.connections(), fallbacks(&gateway)), (0, 0.0));
}

#[test]
fn a_lane_that_answers_with_an_error_is_not_replaced() {
    let stable = Upstream::fixed("stable");
    let canary = Upstream::start(|turn| turn.fixed(503, "canary"));
    let gateway = canary_at(canary.address(), &stable).start();

    let response = gateway.client().get("/", &[]);

    assert_eq!((response.status, &*response.text()), (503, "canary"));
    assert_eq!(fallbacks(&gateway), 0.0);
}

#[test]
fn nobody_else_says_that_a_lane_fell_back() {
    for trusting in [false, true] {
        let upstream = Upstream::start(|turn| turn.fixed_with(200, "X-Gray-Fallback: endpoint\r\n", "x"));
        let recipe = Recipe::to(upstream.address());
        let gateway = if trusting { recipe.trusting() } else { recipe }.start();

        let response = gateway.client().get(
            "/",
            &[("X-Gray-Fallback", "client"), ("Connection", "x-gray-fallback")],
        );

        assert!(response.header("x-gray-fallback").is_none());
        assert!(!upstream.only_request().head.has("x-gray-fallback"));
    }
}

#[test]
fn a_service_that_hides_its_lanes_hides_its_fallbacks() {
    let (dead, stable) = (DeadEnd::new(), Upstream::fixed("stable"));
    let text = canary_at(dead.address(), &stable).text();
    let gateway = Gateway::start(&text.replace("show_lane = true", "show_lane = false"));

    let response = gateway.client().get("/", &[]);

    assert_eq!(response.text(), "stable");
    assert!(response.header("x-gray-version").is_none() && response.header("x-gray-fallback").is_none());
    assert!(stable.only_request().head.has("x-gray-fallback"));
}

#[test]
fn what_one_endpoint_has_seen_and_no_other_takes_is_a_fault() {
    let stable = Upstream::fixed("stable");
    let dead = DeadEnd::new();
    let breaks = Upstream::start(|turn| {
        turn.read_body();
        turn.write("HTTP/1.1 2");
        Next::Close
    });
    let gateway = Recipe::new()
        .lane("stable", &[stable.address()])
        .weighted("canary", 100.0, &[dead.address(), breaks.address()])
        // Where there is a breaker, it must not keep the request from who would see it.
        .more("[modules.breaker]\nconsecutive_failures = 1000\nmin_requests = 1000\n")
        .start();
    let mut client = gateway.client();

    // In either order.
    let statuses: Vec<_> = (0..20).map(|_| client.get("/", &[]).status).collect();

    assert_eq!(statuses, [502; 20]);
    assert_eq!((stable.connections(), breaks.requests().len()), (0, 20));
}
