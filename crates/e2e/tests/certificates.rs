//! Certificates as operators see them: checked, told, watched, replaced.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::path::Path;

use graylane_testkit::{Authority, Gateway, Issued, LIMIT, Recipe, Setup, eventually, replace};
use serde_json::Value;

const METRIC: &str = "graylane_tls_certificate_expiry_seconds";

/// A gateway with a listener over TLS beside the usual one.
fn setup(issued: &Issued, more: &str) -> Setup {
    let text = Recipe::new()
        .lane_lines("stable", "respond = { body = \"hello\" }\n")
        .server("state = \"state\"")
        .more(&format!(
            "[listeners.secure]\naddress = \"127.0.0.1:0\"\n[listeners.secure.tls]\n\
             certificates = [{{ certificate = \"shop.pem\", key = \"shop.key\" }}]\n{more}\n"
        ))
        .text();
    Setup::new(&text)
        .file("shop.pem", &issued.certificate)
        .file("shop.key", &issued.key)
}

fn expiry(gateway: &Gateway, name: &str) -> f64 {
    gateway
        .metrics()
        .sum(METRIC, &[("listener", "secure"), ("name", name)])
}

/// The entries of the audit log with this action.
fn audited(folder: &Path, action: &str) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("state/audit.jsonl")).unwrap();
    let entries = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries.filter(|entry| entry["action"] == action).collect()
}

#[test]
fn check_prints_each_certificate_with_its_names_and_its_end() {
    let issued = Authority::new().give_until(&["shop.example", "*.shop.example"], 2100);
    let setup = setup(&issued, "");

    let text = setup.run(&["check"]);
    let json = setup.run(&["check", "--json"]).json();

    assert!(
        text.stdout.contains(
            "listener secure: TLS\n  certificate shop.pem: shop.example, *.shop.example; expires 2100-01-01T00:00:00Z\n"
        ),
        "{}",
        text.stdout
    );
    assert_eq!(json["certificates"][0]["names"][1], "*.shop.example");
    assert_eq!(json["certificates"][0]["not_after"], "2100-01-01T00:00:00Z");
}

#[test]
fn a_key_of_another_certificate_is_refused_at_its_place() {
    let authority = Authority::new();
    let mixed = Issued {
        key: authority.give(&["shop.example"]).key,
        ..authority.give(&["shop.example"])
    };

    let ran = setup(&mixed, "").run(&["check"]);

    assert_eq!(ran.code, 11, "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("the private key in shop.key does not fit the first certificate in shop.pem"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("graylane.toml:"), "{}", ran.stderr);
}

#[test]
fn a_file_that_is_not_there_is_refused_where_it_is_named() {
    let setup = setup(
        &Authority::new().give(&["shop.example"]),
        "client_ca = \"clients.pem\"",
    );

    let ran = setup.run(&["check"]);

    assert!(ran.stderr.contains("clients.pem: No such file"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("client_ca = \"clients.pem\""),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_expired_certificate_is_shown_by_check_in_the_log_and_by_the_metric() {
    let setup = setup(&Authority::new().give_until(&["shop.example"], 2020), "");

    let ran = setup.run(&["check"]);
    let gateway = setup.start();

    assert_eq!(ran.code, 0);
    assert!(
        ran.stdout
            .contains("warning: the certificate shop.pem of the listener secure has EXPIRED")
    );
    assert!(gateway.stderr().contains("has EXPIRED"), "{}", gateway.stderr());
    assert!(expiry(&gateway, "shop.example") < 0.0);
}

#[test]
fn endpoints_that_are_not_verified_are_shouted_about() {
    let recipe = Recipe::new()
        .lane_lines(
            "stable",
            "endpoints = [\"https://127.0.0.1:1\"]\ntls = { verify = false }\n",
        )
        .setup();

    let ran = recipe.run(&["check"]);
    let gateway = recipe.start();

    assert!(ran.stdout.contains("NOT VERIFIED"), "{}", ran.stdout);
    assert!(gateway.stderr().contains("NOT VERIFIED"), "{}", gateway.stderr());
}

/// Connections that were made under the demands of before are not used under those of now.
#[test]
fn an_endpoint_that_is_not_trusted_any_more_is_not_asked_over_a_kept_connection() {
    let (believed, other) = (Authority::new(), Authority::new());
    let endpoint = setup(&believed.give(&["127.0.0.1"]), "").start();
    for protocol in ["http1", "http2"] {
        let lines = format!(
            "endpoints = [\"https://{}\"]\nprotocol = {protocol:?}\ntls = {{ ca = \"ca.pem\" }}\n",
            endpoint.listener("secure")
        );
        // One worker, so that it is the one with the kept connection who is asked again.
        let recipe = Recipe::new().lane_lines("stable", &lines).server("workers = 1");
        let gateway = Setup::new(&recipe.text()).file("ca.pem", believed.pem()).start();
        let file = gateway.folder().join("ca.pem");
        let ask = || gateway.client().get("/", &[]).status;

        let before = ask();
        replace(&file, other.pem());
        gateway.until_revision(2);
        let under_another = ask();
        replace(&file, believed.pem());
        gateway.until_revision(3);

        assert_eq!((before, under_another, ask()), (200, 502, 200), "{protocol}");
    }
}

#[test]
fn a_renewed_certificate_comes_into_use_by_itself_and_is_told() {
    let authority = Authority::new();
    let old = authority.give_until(&["shop.example"], 2100);
    let new = authority.give_until(&["shop.example"], 2200);
    let gateway = setup(&old, "").start();
    let before = expiry(&gateway, "shop.example");

    // One after the other, as every tool does: in between the two do not fit.
    replace(&gateway.folder().join("shop.pem"), &new.certificate);
    gateway.until_rejected("does not fit");
    let meanwhile = expiry(&gateway, "shop.example");
    replace(&gateway.folder().join("shop.key"), &new.key);
    gateway.until_revision(2);

    assert!((before - meanwhile).abs() < 3600.0);
    assert!(expiry(&gateway, "shop.example") > before + 90.0 * 365.0 * 86_400.0);
    let told = audited(gateway.folder(), "change");
    let keys: Vec<&str> = told.iter().map(|entry| entry["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["file shop.key", "file shop.pem"]);
    assert!(!told[0].to_string().contains("PRIVATE"));
}

#[test]
fn a_half_written_certificate_leaves_the_last_good_one_in_use() {
    let authority = Authority::new();
    let issued = authority.give(&["shop.example"]);
    let gateway = setup(&issued, "").start();
    let path = gateway.folder().join("shop.pem");

    let half = &issued.certificate[..issued.certificate.len() / 2];
    fs::write(&path, half).unwrap();
    gateway.until_rejected("shop.pem is no file of PEM");
    let meanwhile = expiry(&gateway, "shop.example");
    fs::write(&path, &issued.certificate).unwrap();
    gateway.until_nothing_is_rejected();

    assert!(meanwhile > 0.0);
    assert_eq!(gateway.revision(), 1);
}

#[test]
fn a_listener_changes_between_cleartext_and_tls_without_a_restart() {
    let gateway = setup(&Authority::new().give(&["shop.example"]), "").start();
    let text = fs::read_to_string(gateway.file()).unwrap();
    let (cleartext, _) = text.split_once("[listeners.secure.tls]").unwrap();

    replace(&gateway.file(), cleartext);
    gateway.until_revision(2);

    eventually(LIMIT, "no certificate is told of", || {
        !gateway.metrics().has(METRIC)
    });
}
