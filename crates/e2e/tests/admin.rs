//! What operators see on the admin port.

use graylane_testkit::{Build, Client, DeadEnd, Gateway, LIMIT, Recipe, Upstream, eventually};

fn gateway(upstream: &Upstream) -> Gateway {
    Recipe::to(upstream.address()).start()
}

#[test]
fn a_running_gateway_is_healthy_and_ready() {
    let gateway = gateway(&Upstream::echo());

    let (healthy, ready) = (gateway.ask("/healthz"), gateway.ask("/readyz"));

    assert_eq!((healthy.status, healthy.text().trim()), (200, "ok"));
    assert_eq!(
        (ready.status, &ready.json()["ready"], &ready.json()["draining"]),
        (200, &true.into(), &false.into())
    );
}

#[test]
fn the_version_page_names_the_build() {
    let build = Build::under_test();
    let gateway = gateway(&Upstream::echo());

    let page = gateway.ask("/version").json();

    assert_eq!(page["channel"], build.channel);
    for key in ["version", "commit", "build_id"] {
        assert!(
            page[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}: {page}"
        );
    }
}

#[test]
fn the_admin_port_serves_no_traffic_and_the_listener_no_admin_pages() {
    let upstream = Upstream::echo();
    let gateway = gateway(&upstream);

    let unknown = gateway.ask("/no/such/page");
    let through = gateway.client().get("/healthz", &[]);

    assert_eq!(
        (unknown.status, through.json()["target"].as_str()),
        (404, Some("/healthz"))
    );
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn a_page_is_only_read() {
    let upstream = Upstream::echo();
    let gateway = Recipe::to(upstream.address()).with_token().start();

    let anonymous = Client::connect(gateway.admin()).post("/metrics", b"x");
    let known = gateway.order("POST", "/metrics", "x");
    let response = gateway.order("DELETE", "/metrics", "");

    assert_eq!((anonymous.status, known.status, response.status), (401, 405, 405));
    assert!(
        response
            .header("allow")
            .is_some_and(|allowed| allowed.contains("GET")),
        "{:?}",
        response.head
    );
}

#[test]
fn the_metrics_count_what_happened() {
    let upstream = Upstream::start(|turn| {
        let status = turn.head.target()[1..].parse().unwrap_or(200);
        turn.fixed(status, "12345")
    });
    let dead = DeadEnd::new();
    let recipe = Recipe::to(upstream.address())
        .weighted("canary", 0.0, &[dead.address()])
        .service("fallback = \"fail\"");
    let gateway = recipe.trusting().start();
    let mut client = gateway.client();

    for target in ["/", "/", "/204", "/404", "/503", "/"] {
        client.get(target, &[]);
    }
    client.post("/", b"1234567");
    client.get("/", &[("X-Gray-Version", "canary")]);

    let of = |lane: &str, code: &str| {
        gateway.metrics().sum(
            "graylane_requests_total",
            &[("service", "shop"), ("lane", lane), ("code", code)],
        )
    };
    eventually(LIMIT, "every exchange is counted", || {
        gateway.metrics().sum("graylane_requests_total", &[]) >= 8.0
    });
    assert_eq!(
        (
            of("stable", "2xx"),
            of("stable", "4xx"),
            of("stable", "5xx"),
            of("canary", "5xx")
        ),
        (5.0, 1.0, 1.0, 1.0)
    );
    let page = gateway.metrics();
    let stable = [("service", "shop"), ("lane", "stable")];
    assert_eq!(page.sum("graylane_request_duration_seconds_count", &stable), 7.0);
    assert!(page.sum("graylane_request_duration_seconds_sum", &stable) < 20.0);
    assert_eq!(page.sum("graylane_received_bytes_total", &stable), 7.0);
    // Six bodies of five bytes; a 204 has none.
    assert_eq!(page.sum("graylane_sent_bytes_total", &stable), 30.0);
    assert_eq!(
        page.sum("graylane_faults_total", &[("fault", "unreachable")]),
        1.0
    );
    assert_eq!(
        (
            page.sum("graylane_connections", &[]),
            page.sum("graylane_connections_total", &[])
        ),
        (1.0, 1.0)
    );
}

#[test]
fn the_metrics_have_every_family_from_the_start() {
    let gateway = gateway(&Upstream::echo());

    let page = gateway.metrics();

    for name in [
        "graylane_build_info",
        "graylane_requests_total",
        "graylane_request_duration_seconds_count",
        "graylane_faults_total",
        "graylane_retries_total",
        "graylane_connections",
        "graylane_connections_total",
        "graylane_received_bytes_total",
        "graylane_sent_bytes_total",
        "graylane_config_revision",
        "graylane_config_age_seconds",
        "graylane_gray_headers_stripped_total",
    ] {
        assert!(page.has(name), "{name}");
    }
    assert_eq!(
        page.sum("graylane_build_info", &[("channel", Build::under_test().channel)]),
        1.0
    );
    assert_eq!(page.sum("graylane_config_revision", &[]), 1.0);
}

#[test]
fn the_metrics_name_every_fault() {
    let gateway = gateway(&Upstream::echo());

    let faults = gateway.metrics().label_values("graylane_faults_total", "fault");

    for fault in [
        "bad-request",
        "body-too-large",
        "no-service",
        "unreachable",
        "upstream-timeout",
        "upstream-broken",
    ] {
        assert!(faults.contains(fault), "{fault}: {faults:?}");
    }
}

#[test]
fn open_connections_are_counted_down_again() {
    let gateway = gateway(&Upstream::echo());
    let clients: Vec<_> = (0..5)
        .map(|_| {
            let mut client = gateway.client();
            client.get("/", &[]);
            client
        })
        .collect();
    assert_eq!(gateway.metrics().sum("graylane_connections", &[]), 5.0);

    drop(clients);

    eventually(LIMIT, "no connection is open", || {
        gateway.metrics().sum("graylane_connections", &[]) == 0.0
    });
    assert_eq!(gateway.metrics().sum("graylane_connections_total", &[]), 5.0);
}

#[test]
fn the_modules_page_lists_the_modules_of_the_build() {
    let build = Build::under_test();
    let gateway = gateway(&Upstream::echo());

    let page = gateway.ask("/modules").json();

    for row in page["modules"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let here = build.modules.contains(&name);
        assert_eq!(
            (&row["present"], &row["marked"]),
            (&here.into(), &here.into()),
            "{page}"
        );
    }
}

#[test]
fn the_start_page_tells_what_each_unit_took_and_what_determined_the_whole() {
    let gateway = gateway(&Upstream::echo());

    let (table, graph) = (gateway.ask("/start").text(), gateway.ask("/start?graph").text());

    let total = table.lines().last().unwrap();
    // Which of several units came last to hold up the rest depends on the machine; the two ends do not.
    assert!(
        total.starts_with("total ")
            && total.contains(": configuration, then ")
            && total.ends_with(", then changes"),
        "{table}"
    );
    for unit in ["configuration", "routing", "admin", "listeners", "workers"] {
        assert!(
            table.contains(unit) && graph.contains(&format!("\"{unit}\"")),
            "{unit}: {table}{graph}"
        );
    }
    assert!(
        graph.starts_with("digraph") && graph.contains(r#""workers" -> "listeners""#),
        "{graph}"
    );
}
