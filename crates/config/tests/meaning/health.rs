//! Checks of endpoints.

use std::time::Duration;

use super::*;

const LANE: &str = "[services.shop]\n[lanes.shop.canary]\nendpoints = [\"http://a:1\"]\n";

fn health(lines: &str) -> Option<Health> {
    let config = read(&format!("{START}{LANE}{lines}\n"));
    config.services[0].lanes[1].health.clone()
}

#[test]
fn a_lane_without_the_table_is_not_checked() {
    assert_eq!(health(""), None);
}

#[test]
fn a_kind_is_all_that_a_check_needs() {
    let checks = ["tcp", "http", "grpc"].map(|kind| health(&format!("health.kind = \"{kind}\"")).unwrap());

    let http = HealthQuestion::Http {
        path: "/".into(),
        host: None,
        expect: vec![200..=299],
    };
    let grpc = HealthQuestion::Grpc { service: "".into() };
    assert_eq!(
        checks.clone().map(|check| check.question),
        [HealthQuestion::Tcp, http, grpc]
    );
    for check in checks {
        assert_eq!(check.port, None);
        assert_eq!((check.fails, check.passes), (3, 2));
        assert_eq!(check.interval, Duration::from_secs(5));
        assert_eq!(check.timeout, Duration::from_secs(1));
    }
}

#[test]
fn statuses_are_single_ones_and_ranges() {
    let check = health("health = { kind = \"http\", expect = [\"204\", \"300-399\"], host = \"B.test:80\" }");

    let HealthQuestion::Http { expect, host, .. } = check.unwrap().question else {
        panic!("another kind of check");
    };
    assert_eq!(expect, [204..=204, 300..=399]);
    assert_eq!(host.as_deref(), Some("b.test:80"));
}

#[test]
fn what_makes_no_sense_of_health_is_refused_where_it_stands() {
    let table = format!("{LANE}[lanes.shop.canary.health]\n");
    for (text, line) in [
        (table.clone(), 4),
        (format!("{table}kind = \"https\"\n"), 5),
        (format!("{table}kind = \"tcp\"\npath = \"/\"\n"), 6),
        (format!("{table}kind = \"grpc\"\nexpect = [\"200\"]\n"), 6),
        (format!("{table}kind = \"http\"\nservice = \"a\"\n"), 6),
        (format!("{table}kind = \"http\"\nexpect = []\n"), 6),
        (format!("{table}kind = \"http\"\nexpect = [\"99\"]\n"), 6),
        (format!("{table}kind = \"http\"\nexpect = [\"101\"]\n"), 6),
        (format!("{table}kind = \"http\"\nexpect = [\"299-200\"]\n"), 6),
        (format!("{table}kind = \"http\"\nexpect = [\"2xx\"]\n"), 6),
        (format!("{table}kind = \"http\"\npath = \"healthz\"\n"), 6),
        (format!("{table}kind = \"http\"\npath = \"/a b\"\n"), 6),
        (format!("{table}kind = \"http\"\npath = \"/a\\r\\nX: b\"\n"), 6),
        (format!("{table}kind = \"http\"\nhost = \"http://a\"\n"), 6),
        (format!("{table}kind = \"http\"\nhost = \"a b\"\n"), 6),
        (format!("{table}kind = \"tcp\"\nport = 0\n"), 6),
        (format!("{table}kind = \"tcp\"\ninterval = \"99ms\"\n"), 6),
        (format!("{table}kind = \"tcp\"\ntimeout = \"2m\"\n"), 6),
        (format!("{table}kind = \"tcp\"\nfails = 0\n"), 6),
        (
            "[services.shop]\n[lanes.shop.canary]\nrespond = {}\nhealth.kind = \"tcp\"\n".to_owned(),
            4,
        ),
        (
            "[services.shop]\n[lanes.shop.canary]\nendpoints = [\"https://a\"]\nhealth.kind = \"grpc\"\n"
                .to_owned(),
            3,
        ),
    ] {
        assert_eq!(refused(&text), [line], "{text}");
    }
}
