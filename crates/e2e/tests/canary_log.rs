//! The module `canary-log`, in the one channel that carries it: what it writes, and what it never writes.

use graylane_testkit::{Build, Gateway, LIMIT, Recipe, Upstream, eventually};
use serde_json::Value;

fn gateway(stable: &Upstream, canary: &Upstream, section: &str) -> Gateway {
    Recipe::new()
        .lane("stable", &[stable.address()])
        .weighted("canary", 0.0, &[canary.address()])
        .trusting()
        .more(&format!("[modules.canary-log]\npath = \"canary.log\"\n{section}"))
        .start()
}

/// The lines, once there are so many.
fn lines(gateway: &Gateway, count: usize) -> Vec<String> {
    let file = gateway.folder().join("canary.log");
    let read = || std::fs::read_to_string(&file).unwrap_or_default();
    eventually(LIMIT, "the lines are written", || read().lines().count() >= count);
    read().lines().map(str::to_owned).collect()
}

#[test]
fn exchanges_of_a_canary_lane_are_logged_and_others_are_not() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let (stable, canary) = (Upstream::fixed("stable"), Upstream::fixed("canary"));
    let gateway = gateway(&stable, &canary, "sample = 100\n");
    let mut client = gateway.client();

    for _ in 0..5 {
        client.get("/stable", &[]);
        client.get(
            "/canary?a=b",
            &[("X-Gray-Version", "canary"), ("X-Plain", "shown")],
        );
    }

    let lines = lines(&gateway, 5);
    assert_eq!(lines.len(), 5);
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&line["service"], &line["lane"], &line["reason"]),
            (&"shop".into(), &"canary".into(), &"forced".into())
        );
        assert_eq!(
            (&line["method"], &line["target"], &line["status"]),
            (&"GET".into(), &"/canary?a=b".into(), &200.into())
        );
        assert_eq!(
            (&line["sent"], &line["complete"], &line["revision"]),
            (&6.into(), &true.into(), &1.into())
        );
        assert_eq!(line["endpoint"], canary.address().to_string());
        assert_eq!(line["headers"]["x-plain"], "shown");
        let trace = line["trace"].as_str().unwrap();
        let told = canary
            .requests()
            .iter()
            .any(|seen| &seen.head.value("traceparent").unwrap()[3..35] == trace);
        assert!(told, "the upstream was told another trace: {line}");
    }
}

#[test]
fn the_log_names_the_flag_that_chose_the_lane() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let gateway = Recipe::new()
        .lane_lines("stable", "respond = {}\n")
        .lane_lines("canary", "flag = \"shop-v2\"\nrespond = {}\n")
        .more("[flags]\nfiles = [\"flags.toml\"]\n")
        .more("[modules.canary-log]\npath = \"canary.log\"\nsample = 100\n")
        .setup()
        .file(
            "flags.toml",
            "[flags.first]\nstate = \"gray-0\"\n[flags.shop-v2]\nstate = \"gray-100\"\n",
        )
        .variable("GRAYSCALE_ON", "on")
        .start();

    gateway.client().get("/", &[]);

    let line: Value = serde_json::from_str(&lines(&gateway, 1)[0]).unwrap();
    assert_eq!(
        ["lane", "reason", "flag", "variant"].map(|key| line[key].as_str().unwrap_or_default()),
        ["canary", "flag", "shop-v2", "on"]
    );
}

#[test]
fn secrets_are_not_in_the_log() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let upstream = Upstream::fixed("canary");
    let gateway = gateway(
        &upstream,
        &upstream,
        "sample = 100\nredact_headers = [\"X-Secret\"]\nredact_query = [\"iban\"]\n",
    );
    let mut client = gateway.client();

    client.get(
        "/?token=hidden-1&IBAN=hidden-2&shown=3",
        &[
            ("X-Gray-Version", "canary"),
            ("Authorization", "Bearer hidden-4"),
            ("Cookie", "session=hidden-5"),
            ("X-Secret", "hidden-6"),
            ("Referer", "http://a.test/?password=hidden-7"),
        ],
    );

    let lines = lines(&gateway, 1);
    assert!(
        !lines[0].contains("hidden") && lines[0].contains("shown=3"),
        "{}",
        lines[0]
    );
    assert!(!gateway.stderr().contains("hidden"), "{}", gateway.stderr());
}

#[test]
fn a_line_feed_of_a_client_makes_no_second_line() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let upstream = Upstream::fixed("canary");
    let gateway = gateway(&upstream, &upstream, "sample = 100\n");
    let mut client = gateway.client();

    client.get(
        "/%0A%22?}",
        &[("X-Gray-Version", "canary"), ("X-A", "tab\there \"quoted\" 灰")],
    );

    let lines = lines(&gateway, 1);
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((lines.len(), &line["target"]), (1, &"/%0A%22?}".into()));
    assert_eq!(line["headers"]["x-a"], "tab\there \"quoted\" 灰");
}

#[test]
fn a_sample_is_about_as_large_as_asked_for() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let upstream = Upstream::fixed("canary");
    let mut gateway = gateway(&upstream, &upstream, "sample = 25\nqueue = 10000\n");
    let mut client = gateway.client();

    for _ in 0..800 {
        client.get("/", &[("X-Gray-Version", "canary"), ("Connection", "keep-alive")]);
    }
    drop(client);
    gateway.terminate();

    assert_eq!(gateway.wait(LIMIT), 0);
    // Two hundred are expected; five standard deviations are 61.
    let count = lines(&gateway, 1).len();
    assert!((139..=261).contains(&count), "{count} of 800 at 25 %");
}

#[test]
fn an_answer_of_the_gateway_itself_is_complete_with_and_without_a_body() {
    if !Build::under_test().has("canary-log") {
        return;
    }
    let stable = Upstream::fixed("stable");
    let gateway = Recipe::new()
        .lane("stable", &[stable.address()])
        .lane_lines("canary", "respond = { body = \"hello\" }\nweight = 0.0\n")
        .trusting()
        .more("[modules.canary-log]\npath = \"canary.log\"\nsample = 100\n")
        .start();
    let mut client = gateway.client();

    client.get("/", &[("X-Gray-Version", "canary")]);
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\nX-Gray-Version: canary\r\n\r\n");
    client.response_to_head();

    let told: Vec<_> = lines(&gateway, 2)
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["sent"].as_u64(), line["complete"].as_bool()))
        .collect();
    assert_eq!(told, [(Some(5), Some(true)), (Some(0), Some(true))]);
}
