//! The module `mock-fallback`, in the one channel that carries it: who gets a mock, and how it is told from the real thing.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;

use graylane_testkit::{Build, Client, DeadEnd, Gateway, LIMIT, Recipe, Setup, Signer, Upstream, eventually};

const MOCKS: &str = r#"
[[mock]]
name = "user"
method = "GET"
path = "/users/{id}"
headers = { content-type = "application/json", x-kind = "mock" }
body = '{"id":{{path.id}},"name":"{{query.name}}","agent":"{{header.user-agent}}","why":"{{fault}} of {{service}}/{{lane}}","trace":"{{trace}}"}'

[[mock]]
path = "/files/{path...}"
status = 202
headers = { content-type = "text/html" }
body_file = "bodies/page.html"

[[mock]]
name = "gone"
method = "DELETE"
path = "/users/{id}"
status = 204
"#;

const SECTION: &str = "[modules.mock-fallback]\nfolder = \"mocks\"\n";

fn is_in() -> bool {
    Build::under_test().has("mock-fallback")
}

/// A folder with these mocks beside this configuration.
fn setup(recipe: &Recipe, mocks: &str) -> Setup {
    let setup = recipe.setup();
    fs::create_dir_all(setup.path("mocks/bodies")).unwrap();
    setup.file("mocks/shop.toml", mocks).file(
        "mocks/bodies/page.html",
        "<p title='{{path.path}}'>{{path.path}}</p>\n",
    )
}

fn gateway(recipe: &Recipe) -> Gateway {
    setup(&recipe.clone().more(SECTION), MOCKS).start()
}

fn served(gateway: &Gateway, mock: &str, reason: &str) -> f64 {
    let labels = [("mock", mock), ("reason", reason)];
    gateway.metrics().sum("graylane_mocks_served_total", &labels)
}

#[test]
fn a_lane_that_cannot_be_reached_is_answered_from_mocks_that_say_so() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let gateway = gateway(&Recipe::to(dead.address()));
    let mut client = gateway.client();

    let user = client.get("/users/7?name=a%20b", &[("User-Agent", "curl/8")]);
    let file = client.get("/files/a/b", &[]);
    let unknown = client.get("/nothing", &[]);

    assert_eq!((user.status, user.header("x-gray-mock")), (200, Some("user")));
    assert_eq!(
        (user.fault(), user.header("x-kind")),
        ("unreachable", Some("mock"))
    );
    assert_eq!(user.header("x-gray-version"), Some("stable"));
    let body = user.json();
    assert_eq!(
        (&body["id"], &body["name"], &body["agent"], &body["why"]),
        (
            &7.into(),
            &"a b".into(),
            &"curl/8".into(),
            &"unreachable of shop/stable".into()
        )
    );
    assert_eq!(body["trace"].as_str().map(str::len), Some(32));
    assert_eq!(
        (file.status, file.header("x-gray-mock"), file.text().as_str()),
        (202, Some("shop.toml#2"), "<p title='a/b'>a/b</p>\n")
    );
    assert_eq!((unknown.status, unknown.fault()), (502, "unreachable"));
    assert_eq!(unknown.header("x-gray-mock"), None);
    assert_eq!(served(&gateway, "user", "unreachable"), 1.0);
    assert_eq!(served(&gateway, "shop.toml#2", "unreachable"), 1.0);
    let metrics = gateway.metrics();
    assert_eq!(metrics.sum("graylane_mocks_missed_total", &[]), 1.0);
    assert_eq!(
        metrics.sum("graylane_faults_total", &[("fault", "unreachable")]),
        3.0
    );
    assert_eq!(metrics.sum("graylane_requests_total", &[("code", "2xx")]), 2.0);
}

#[test]
fn a_next_process_that_answers_with_mocks_only_is_sent_back() {
    if !is_in() {
        return;
    }
    let (dead, upstream) = (DeadEnd::new(), Upstream::fixed("served"));
    let handover = "[handover]\nfolder = \"run\"\nbeat = \"20ms\"\nprobation = \"60s\"\n";
    let recipe = Recipe::to(upstream.address()).with_token();
    let setup = setup(&recipe.more(SECTION).more(handover), MOCKS);
    let gateway = setup.start();
    let ask = || Client::connect(gateway.address()).get("/users/7", &[("Connection", "close")]);
    let endpoints = format!("lanes.shop.stable.endpoints=[\"{}\"]", dead.address());
    let worse = setup.argument("--set").argument(endpoints);

    let mut next = worse.argument("--take-over").start();
    let mocked = ask();
    eventually(LIMIT, "the next process is sent back", || {
        ask();
        gateway.ask("/handover").json()["pid"] == gateway.pid()
    });

    assert_eq!((mocked.status, mocked.header("x-gray-mock")), (200, Some("user")));
    assert_eq!(next.wait(LIMIT), 21, "{}", next.stderr());
    assert!(next.stderr().contains("exchanges failed"), "{}", next.stderr());
}

#[test]
fn people_see_that_mocks_are_served() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let gateway = gateway(&Recipe::to(dead.address()));
    let health = || gateway.readiness()["modules"]["mock-fallback"].to_string();
    let before = health();

    gateway.client().get("/users/7", &[]);

    assert_eq!(before, "\"good\"");
    assert!(
        health().starts_with("\"degraded: a mock was served"),
        "{}",
        health()
    );
    let page = gateway.ask("/mocks").json();
    assert_eq!(page["mocks"].as_array().map(Vec::len), Some(3), "{page}");
    let user = page["mocks"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|mock| mock["name"] == "user")
        .unwrap();
    assert_eq!(
        (&user["place"], &user["path"]),
        (&"shop.toml:2".into(), &"/users/{id}".into())
    );
    assert_eq!(user["served"]["unreachable"], 1);
}

#[test]
fn an_endpoint_that_is_too_slow_or_breaks_is_answered_from_mocks() {
    if !is_in() {
        return;
    }
    let silent = Upstream::start(|turn| match turn.head.target() {
        "/users/slow" => turn.hang(),
        _ => graylane_testkit::Next::Close,
    });
    let gateway = gateway(&Recipe::to(silent.address()).limit("response_time = \"200ms\""));
    let mut client = gateway.client();

    let slow = client.get("/users/slow", &[]);
    let broken = client.get("/users/broken", &[]);

    assert_eq!((slow.status, slow.fault()), (200, "upstream-timeout"));
    assert_eq!(slow.json()["id"], "slow");
    assert_eq!((broken.status, broken.fault()), (200, "upstream-broken"));
    assert_eq!(served(&gateway, "user", "upstream-timeout"), 1.0);
    assert_eq!(served(&gateway, "user", "upstream-broken"), 1.0);
}

#[test]
fn an_open_breaker_is_answered_from_mocks() {
    if !is_in() {
        return;
    }
    let dead = [DeadEnd::new(), DeadEnd::new()];
    let addresses = dead.each_ref().map(DeadEnd::address);
    let rules = "[modules.breaker]\nconsecutive_failures = 1\nopen_for = \"1h\"\nmax_ejected = 100\n";
    let gateway = gateway(&Recipe::new().lane("stable", &addresses).more(rules));
    let mut client = gateway.client();

    eventually(LIMIT, "an endpoint is out of use", || {
        client.get("/users/7", &[]);
        gateway.metrics().sum("graylane_breaker_rejected_total", &[]) > 0.0
    });
    let answer = client.get("/users/7", &[]);

    // The lane keeps one endpoint, which is asked and fails: for the breaker it stays a failure.
    assert_eq!((answer.status, answer.header("x-gray-mock")), (200, Some("user")));
    assert!(
        gateway
            .metrics()
            .sum("graylane_breaker_ejection_refused_total", &[])
            > 0.0
    );
}

#[test]
fn a_status_is_replaced_only_where_it_was_chosen_and_a_mock_fits() {
    if !is_in() {
        return;
    }
    let failing = Upstream::start(|turn| match turn.head.target() {
        "/users/502" => turn.fixed(502, "real"),
        "/users/fine" => turn.fixed_with(200, "X-Gray-Mock: user\r\n", "real"),
        _ => turn.fixed(503, "real"),
    });
    let section = format!("{SECTION}on = [\"503\"]\n");
    let gateway = setup(&Recipe::to(failing.address()).more(&section), MOCKS).start();
    let mut client = gateway.client();

    let chosen = client.get("/users/503", &[]);
    let other = client.get("/users/502", &[]);
    let unknown = client.get("/nothing", &[]);
    let fine = client.get("/users/fine", &[("X-Gray-Mock", "forged")]);

    assert_eq!((chosen.status, chosen.header("x-gray-mock")), (200, Some("user")));
    assert_eq!((chosen.fault(), chosen.json()["id"].as_u64()), ("", Some(503)));
    assert_eq!((other.status, other.text().as_str()), (502, "real"));
    assert_eq!((unknown.status, unknown.text().as_str()), (503, "real"));
    // Nobody but the gateway says what a mock is.
    assert_eq!((fine.status, fine.header("x-gray-mock")), (200, None));
    assert!(
        failing
            .requests()
            .iter()
            .all(|seen| !seen.head.has("x-gray-mock"))
    );
    assert_eq!(served(&gateway, "user", "503"), 1.0);
}

#[test]
fn bodies_are_framed_and_the_connection_goes_on() {
    if !is_in() {
        return;
    }
    let failing = Upstream::start(|turn| turn.fixed(503, &"x".repeat(100_000)));
    let section = format!("{SECTION}on = [\"503\"]\n");
    let gateway = setup(&Recipe::to(failing.address()).more(&section), MOCKS).start();
    let mut client = gateway.client();

    let deleted = client.request("DELETE", "/users/1", &[], b"");
    let posted = client.post("/files/x", &vec![b'y'; 300_000]);
    client.send("HEAD /users/12345 HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.response_to_head();
    let after = client.get("/users/2", &[]);

    assert_eq!(
        (deleted.status, deleted.header("x-gray-mock")),
        (204, Some("gone"))
    );
    assert_eq!(posted.status, 202);
    assert_eq!((head.status, head.header("x-gray-mock")), (200, Some("user")));
    assert!(head.text().is_empty() && head.header("content-length") != Some("0"));
    assert_eq!(after.json()["id"], 2);
}

#[test]
fn what_a_client_sends_stays_a_value() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let gateway = gateway(&Recipe::to(dead.address()));
    let mut client = gateway.client();

    let user = client.get(
        "/users/1,%22admin%22:true?name=%22,%22admin%22:true,%22%0d%0aX-Evil:%201%00%ff",
        &[("User-Agent", "\\\"}{{trace}}")],
    );
    let page = client.get("/files/'%3E%3Cscript%3E%22&%0d%0a", &[]);

    let body = user.json();
    assert!(body.get("admin").is_none(), "{body}");
    assert_eq!(body["id"], "1,\"admin\":true");
    assert_eq!(body["name"], "\",\"admin\":true,\"\r\nX-Evil: 1\0\u{fffd}");
    assert_eq!(body["agent"], "\\\"}{{trace}}");
    assert_eq!(user.header("x-evil"), None);
    let value = "&#39;&gt;&lt;script&gt;&quot;&amp;\u{fffd}\u{fffd}";
    assert_eq!(page.text(), format!("<p title='{value}'>{value}</p>\n"));
}

#[test]
fn calls_of_grpc_and_faults_of_clients_get_no_mock() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let recipe = Recipe::to(dead.address()).limit("body = 10");
    let all = "[[mock]]\npath = \"/{all...}\"\nbody = \"mock\"\n";
    let gateway = setup(&recipe.more(SECTION), all).start();

    let grpc = gateway
        .client()
        .request("POST", "/x", &[("Content-Type", "application/grpc")], b"");
    let upgrade = gateway
        .client()
        .get("/x", &[("Connection", "upgrade"), ("Upgrade", "websocket")]);
    let large = gateway.client().request("POST", "/x", &[], &[b'x'; 11]);
    let mut bad = Client::connect(gateway.address());
    bad.send("GET /x HTTP/1.1\r\n\r\n");
    let bad = bad.response();

    assert_eq!((grpc.status, grpc.header("grpc-status")), (200, Some("14")));
    assert_eq!((upgrade.status, upgrade.fault()), (502, "unreachable"));
    assert_eq!((large.status, large.fault()), (413, "body-too-large"));
    assert_eq!((bad.status, bad.fault()), (400, "bad-request"));
    for answer in [grpc, upgrade, large, bad] {
        assert_eq!(answer.header("x-gray-mock"), None);
    }
    assert_eq!(gateway.client().get("/x", &[]).text(), "mock");
}

#[test]
fn mocks_that_are_missing_or_broken_stop_the_start() {
    if !is_in() {
        return;
    }
    let recipe = Recipe::new().lane_lines("stable", "respond = {}\n").more(SECTION);
    let missing = recipe.setup();
    let broken = setup(&recipe, "[[mock]]\npath = \"/a\"\nbody = \"{{what}}\"\n");
    let outside = setup(&recipe, MOCKS);
    std::os::unix::fs::symlink("/etc/passwd", outside.path("mocks/passwd.toml")).unwrap();

    for (setup, place, words) in [
        (missing, "graylane.toml:", "cannot read"),
        (broken, "mocks/shop.toml:3:8", "`what` is no placeholder"),
        (outside, "graylane.toml:", "leads out of the folder"),
    ] {
        for command in [&["check"][..], &["serve"]] {
            let ran = setup.run(command);

            assert_eq!(ran.code, 11, "{ran:?}");
            assert!(
                ran.stderr.contains(place) && ran.stderr.contains(words),
                "{ran:?}"
            );
            assert!(ran.stderr.contains("hint: "), "{ran:?}");
        }
    }
}

#[test]
fn a_change_of_a_mock_comes_into_use_and_a_broken_one_does_not() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let mocks = |body: &str| format!("[[mock]]\nname = \"a\"\npath = \"/a\"\nbody = \"{body}\"\n");
    let recipe = Recipe::to(dead.address())
        .with_token()
        .server("state = \"state\"")
        .more(SECTION);
    let gateway = setup(&recipe, &mocks("one")).start();
    let file = gateway.folder().join("mocks/shop.toml");
    let body = || gateway.client().get("/a", &[]).text();
    let one = body();

    graylane_testkit::replace(&file, mocks("two"));
    gateway.until_revision(2);
    let two = body();
    graylane_testkit::replace(&file, mocks("{{two"));
    let reason = gateway.until_rejected("not closed");
    let still = body();
    graylane_testkit::replace(&file, mocks("three"));
    gateway.until_revision(3);

    assert_eq!(
        (one, two, still, body()),
        ("one".into(), "two".into(), "two".into(), "three".into())
    );
    assert!(reason.contains("shop.toml:4:"), "{reason}");
    // What was counted goes on.
    assert_eq!(served(&gateway, "a", "unreachable"), 4.0);
    let audit = fs::read_to_string(gateway.folder().join("state/audit.jsonl")).unwrap();
    assert!(audit.contains("\"file of mock-fallback shop.toml\""), "{audit}");
}

#[test]
fn where_only_what_is_signed_counts_there_are_no_mocks() {
    let Some(signer) = Signer::new().filter(|_| is_in()) else {
        return;
    };
    let recipe = Recipe::new()
        .lane_lines("stable", "respond = {}\n")
        .server("state = \"state\"")
        .more(SECTION);
    let setup = setup(&recipe, MOCKS)
        .environment("prod")
        .file("graylane.toml", format!("revision = 1\n{}", recipe.text()))
        .file("trusted.pub", fs::read(signer.public()).unwrap());
    signer.sign(&setup.path("graylane.toml"));
    let trust = setup.path("trusted.pub").display().to_string();

    let ran = setup.variable("GRAYLANE_TRUST", &trust).run(&["check"]);

    assert_eq!(ran.code, 18, "{ran:?}");
    assert!(
        ran.stderr.contains("module `mock-fallback` takes files"),
        "{ran:?}"
    );
}

#[test]
fn a_new_file_is_found_by_a_reload() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let recipe = Recipe::to(dead.address()).with_token().more(SECTION);
    let gateway = setup(&recipe, MOCKS).start();
    let mocks = "[[mock]]\npath = \"/new\"\nbody = \"new\"\n";
    fs::write(gateway.folder().join("mocks/new.toml"), mocks).unwrap();

    let answer = gateway.order("POST", "/reload", "");

    assert_eq!((answer.status, gateway.revision()), (200, 2), "{}", answer.text());
    assert_eq!(gateway.client().get("/new", &[]).text(), "new");
}

#[test]
fn only_the_services_that_were_named_get_mocks() {
    if !is_in() {
        return;
    }
    let dead = DeadEnd::new();
    let other = format!(
        "[services.other]\nhosts = [\"other.test\"]\n[lanes.other.stable]\nendpoints = [\"{}\"]\n",
        dead.address()
    );
    let recipe = Recipe::to(dead.address()).more(&other);
    let named = |service: &str| {
        recipe
            .clone()
            .more(&format!("{SECTION}services = [\"{service}\"]\n"))
    };
    let gateway = setup(&named("shop"), MOCKS).start();

    let shop = gateway.client().get("/users/1", &[("Host", "shop.test")]);
    let other = gateway.client().get("/users/1", &[("Host", "other.test")]);
    let unknown = setup(&named("shopp"), MOCKS).run(&["serve"]);

    assert_eq!((shop.status, other.status), (200, 502));
    assert_eq!(unknown.code, 11, "{unknown:?}");
    assert!(
        unknown.stderr.contains("there is no service `shopp`"),
        "{unknown:?}"
    );
}

#[test]
fn an_endpoint_that_waits_for_the_rest_of_a_body_gets_no_other_request_as_that() {
    if !is_in() {
        return;
    }
    let upstream = Upstream::start(|turn| {
        if turn.connection == 0 {
            turn.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
            return turn.hang();
        }
        turn.fixed(200, "real")
    });
    let section = format!("{SECTION}on = [\"503\"]\n");
    let recipe = Recipe::to(upstream.address()).server("workers = 1");
    let gateway = setup(&recipe.more(&section), MOCKS).start();
    let mut slow = gateway.client();
    slow.send("POST /files/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nonly the beginning");
    let mocked = slow.response();

    let next = gateway.client().get("/users/7", &[]);

    assert_eq!(
        (mocked.status, mocked.header("x-gray-mock").is_some()),
        (202, true)
    );
    assert_eq!((next.status, next.text().as_str()), (200, "real"));
}
