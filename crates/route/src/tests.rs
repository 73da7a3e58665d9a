use std::num::NonZeroUsize;
use std::time::Duration;

use graylane_config::{
    Admin, Config, Drain, Endpoint, Flags, HostPattern, KeySource, Lane, Limits, Listener, Server, Service,
};
use graylane_core::{Interval, Name, Tag, Weight};
use graylane_pipeline::{LaneId, Reason};
use graylane_wire::{Table, parse_trailers};

use super::*;

fn lane(name: &str, steps: Option<(u32, u32)>) -> Lane {
    let name: Name = name.parse().unwrap();
    Lane {
        tag: Tag::from(&name),
        name,
        weight: Weight::from_steps(steps.map_or(100_000, |(from, to)| to - from)).unwrap(),
        interval: steps.map(|(from, to)| Interval::new(from, to)),
        flag: None,
        upstream: graylane_config::Upstream::Endpoints(vec![Endpoint {
            weight: 1,
            host: "127.0.0.1".into(),
            port: 9,
            tls: false,
        }]),
        health: None,
        mirror: None,
        protocol: graylane_config::Protocol::Http1,
        panic: Weight::ZERO,
        slow_start: None,
        tls: None,
    }
}

fn service(name: &str, hosts: &[HostPattern], paths: &[&str]) -> Service {
    Service {
        name: name.parse().unwrap(),
        hosts: hosts.to_vec(),
        paths: paths.iter().map(|&path| path.into()).collect(),
        key: vec![
            KeySource::Header("x-user-id".into()),
            KeySource::Cookie("uid".into()),
            KeySource::Query("uid".into()),
        ],
        salt: name.into(),
        show_lane: false,
        fallback: graylane_config::LaneFallback::Baseline,
        timeouts: graylane_config::Timeouts::default(),
        retries: graylane_config::Retries::default(),
        baseline: 0,
        lanes: vec![lane("stable", None), lane("canary", Some((0, 30_000)))],
    }
}

fn config(services: Vec<Service>) -> Config {
    let second = Duration::from_secs(1);
    let address = ([127, 0, 0, 1], 0).into();
    Config {
        revision: None,
        server: Server {
            state: None,
            workers: NonZeroUsize::new(1),
            trusted_peers: vec![],
        },
        listeners: vec![Listener {
            name: "web".parse().unwrap(),
            address,
            span: 0..0,
            http2: false,
            tls: None,
        }],
        admin: Admin {
            address,
            span: 0..0,
            tokens: vec![],
        },
        handover: graylane_config::Handover::default(),
        limits: Limits {
            head: 8192,
            headers: 100,
            body: 1,
            header_time: second,
            idle_time: second,
            connections: 1,
            streams: 1,
            handshake_time: second,
            connect_time: second,
            response_time: second,
        },
        gray: graylane_config::Gray::default(),
        drain: Drain {
            limit: second,
            idle_grace: second,
        },
        flags: Flags::default(),
        ofrep: None,
        services,
        modules: vec![],
    }
}

fn snapshot(services: Vec<Service>) -> Snapshot {
    Snapshot::compile(&config(services), 7)
}

/// Asks with the given header lines.
fn ask<T>(
    host: &str,
    target: &str,
    lines: &[(&str, &str)],
    forced: Forced<'_>,
    then: impl Fn(&Asked<'_>) -> T,
) -> T {
    let lines: String = lines
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let section = format!("{lines}\r\n");
    let mut table = Table::new();
    let headers = parse_trailers(section.as_bytes(), &mut table).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    then(&Asked {
        host,
        path,
        query,
        headers,
        client: "192.0.2.1",
        forced,
        unix_seconds: || 0,
    })
}

#[test]
fn the_most_specific_host_and_then_the_longest_path_wins() {
    let below = |host: &str| HostPattern::Below(host.into());
    let snapshot = snapshot(vec![
        service("any", &[], &["/"]),
        service("any-api", &[], &["/api"]),
        service("exact", &[HostPattern::Exact("a.example.org".into())], &["/shop"]),
        service("below", &[below(".example.org")], &["/"]),
        service("deeper", &[below(".b.example.org")], &["/"]),
    ]);

    let found = |host: &str, target: &str| {
        let decision = ask(host, target, &[], Forced::No, |asked| snapshot.decide(asked)).unwrap();
        snapshot.service(decision.service).name.to_string()
    };

    assert_eq!(found("a.example.org", "/shop"), "exact");
    assert_eq!(found("A.Example.ORG.", "/shop/cart"), "exact");
    assert_eq!(
        found("a.example.org", "/shopping"),
        "below",
        "a prefix ends at a segment"
    );
    assert_eq!(found("x.b.example.org", "/"), "deeper");
    assert_eq!(
        found("example.org", "/"),
        "any",
        "below does not mean the domain itself"
    );
    assert_eq!(found("other.test", "/api/v1"), "any-api");
    assert_eq!(found("other.test", "/apis"), "any");
    assert_eq!(found(&"x".repeat(300), "/"), "any");
}

#[test]
fn no_rule_means_no_decision() {
    let snapshot = snapshot(vec![service(
        "shop",
        &[HostPattern::Exact("a.test".into())],
        &["/shop"],
    )]);

    assert!(ask("b.test", "/shop", &[], Forced::No, |asked| snapshot.decide(asked)).is_none());
    assert!(ask("a.test", "/", &[], Forced::No, |asked| snapshot.decide(asked)).is_none());
}

#[test]
fn the_first_source_with_a_value_gives_the_key() {
    let snapshot = snapshot(vec![service("shop", &[], &["/"])]);

    let key = |target: &str, lines: &[(&str, &str)]| {
        ask("h", target, lines, Forced::No, |asked| {
            let key = snapshot.explain(asked, &snapshot.decide(asked).unwrap()).key;
            (key.source, key.value)
        })
    };
    let said = |source: &str, value: &str| (source.to_owned(), value.to_owned());

    assert_eq!(
        key("/?uid=q", &[("x-user-id", "h"), ("cookie", "uid=c")]),
        said("header:x-user-id", "h")
    );
    assert_eq!(
        key("/?uid=q", &[("x-user-id", ""), ("cookie", "a=1; uid=c; b=2")]),
        said("cookie:uid", "c")
    );
    assert_eq!(
        key("/?uid=q", &[("cookie", "a=1"), ("cookie", "uid=\"c\"")]),
        said("cookie:uid", "c")
    );
    assert_eq!(
        key("/?a=1&uid=q&b", &[("cookie", "nouid=c")]),
        said("query:uid", "q")
    );
    assert_eq!(key("/?uid=", &[]), said("client", "192.0.2.1"));
}

#[test]
fn the_explanation_agrees_with_the_decision() {
    let snapshot = snapshot(vec![service("shop", &[], &["/"])]);

    for user in 0..2_000 {
        ask(
            "h",
            "/",
            &[("x-user-id", &user.to_string())],
            Forced::No,
            |asked| {
                let decision = snapshot.decide(asked).unwrap();
                let words = snapshot.explain(asked, &decision);
                assert_eq!(words.bucket < 30_000, words.lane == "canary");
                assert_eq!(words.lane == "canary", decision.reason == Reason::Weight);
                assert_eq!(words.revision, 7);
            },
        );
    }
}

#[test]
fn a_forced_lane_is_taken_and_an_unknown_one_falls_to_baseline() {
    let snapshot = snapshot(vec![service("shop", &[], &["/"])]);

    let lane = |name: &str| {
        ask("h", "/", &[], Forced::By(name.as_bytes()), |asked| {
            let words = snapshot.explain(asked, &snapshot.decide(asked).unwrap());
            (words.lane, words.reason)
        })
    };

    assert_eq!(lane("canary"), ("canary".to_owned(), "forced"));
    assert_eq!(lane("stable"), ("stable".to_owned(), "forced"));
    assert_eq!(lane("nope"), ("stable".to_owned(), "forced-unknown"));
}

#[test]
fn endpoints_are_numbered_over_all_lanes() {
    let snapshot = snapshot(vec![service("a", &[], &["/a"]), service("b", &[], &["/b"])]);

    let topology = snapshot.topology();

    assert_eq!(topology.lanes.len(), 4);
    for (number, endpoint) in topology.endpoints.iter().enumerate() {
        let of_lane: Vec<_> = topology.endpoints_of(endpoint.lane).collect();
        assert_eq!(of_lane, [graylane_pipeline::EndpointId(number as u32)]);
    }
    assert!(matches!(
        snapshot.lane(topology.endpoints[0].lane).upstream,
        Upstream::Endpoints(_)
    ));
    let Upstream::Endpoints(endpoints) = &snapshot.lane(topology.endpoints[3].lane).upstream else {
        panic!("endpoints")
    };
    assert_eq!(endpoints[0].1.port, 9);
}

#[test]
fn the_topology_is_the_same_one_while_only_weights_change() {
    let first = snapshot(vec![service("shop", &[], &["/"])]);
    let mut other_weight = service("shop", &[], &["/"]);
    other_weight.lanes[1] = lane("canary", Some((0, 50_000)));
    let mut other_lane = service("shop", &[], &["/"]);
    other_lane.lanes[1] = lane("next", Some((0, 50_000)));

    let same = first.next(&config(vec![other_weight]), 8);
    let other = same.next(&config(vec![other_lane]), 9);

    assert!(std::sync::Arc::ptr_eq(first.topology(), same.topology()));
    assert_eq!((same.revision(), other.revision()), (8, 9));
    assert_eq!(other.topology().lanes[1].lane.as_str(), "next");
}

#[test]
fn a_forced_lane_may_be_called_by_its_tag() {
    let mut config = config(vec![service("shop", &[], &["/"])]);
    config.services[0].lanes[1].tag = "Gray/1".parse().unwrap();
    let snapshot = Snapshot::compile(&config, 1);
    let shop = snapshot.find("a", "/").unwrap();

    let lanes = ["canary", "Gray/1", "gray/1", "stable", ""].map(|called| shop.lane(called.as_bytes()));

    let canary = Some(LaneId(1));
    assert_eq!(lanes, [canary, canary, None, Some(LaneId(0)), None]);
}
