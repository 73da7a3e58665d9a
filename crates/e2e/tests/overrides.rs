//! What overrides the files, where it comes from, and where it is told.

use std::fs;

use graylane_testkit::{Recipe, Setup};
use serde_json::Value;

fn setup() -> Setup {
    Recipe::new()
        .lane_lines("stable", "respond = { body = \"stable\" }\n")
        .lane_lines("canary", "weight = 0\nrespond = { body = \"canary\" }\n")
        .server("state = \"state\"")
        .setup()
}

#[test]
fn a_running_gateway_has_what_the_last_layer_says_and_tells_where_it_comes_from() {
    let gateway = setup()
        .environment("staging")
        .file("graylane.staging.toml", "[limits]\nbody = 3\nheaders = 40\n")
        .variable("GRAYLANE_LIMITS__BODY", "4")
        .variable("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", "50")
        .argument("--set=lanes.shop.canary.weight=100")
        .start();

    let values = gateway.ask("/config").json();
    let five = gateway.client().post("/", b"12345").status;
    let four = gateway.client().post("/", b"1234");

    let of = |key: &str| {
        let all = values["values"].as_array().unwrap().iter();
        let one = all.clone().find(|one| one["key"] == key).unwrap();
        (one["value"].as_str().unwrap(), one["origin"].as_str().unwrap())
    };
    assert_eq!((five, four.status, four.text().as_str()), (413, 200, "canary"));
    assert_eq!(of("limits.body").1, "GRAYLANE_LIMITS__BODY");
    assert_eq!(
        of("lanes.shop.canary.weight"),
        ("100", "--set lanes.shop.canary.weight")
    );
    assert!(of("limits.headers").1.ends_with("graylane.staging.toml:3"));
    assert_eq!(of("drain.limit").1, "default");
}

#[test]
fn a_refused_override_names_key_rule_and_remedy() {
    let sensitive = setup().argument("--set=server.trusted_peers=[\"10.0.0.0/8\"]");
    let open = setup().argument("--set=lanes.shop.canary.weight=5");

    let staging = sensitive.clone().environment("staging").run(&["serve"]);
    let dev = sensitive.environment("dev").run(&["check"]);
    let allowed = open.environment("canary").run(&["check"]);

    assert_eq!((staging.code, dev.code, allowed.code), (11, 0, 0), "{staging:?}");
    for words in [
        "`server.trusted_peers` is sensitive: in staging only a file may set it",
        "graylane.staging.toml",
    ] {
        assert!(staging.stderr.contains(words), "{words}: {}", staging.stderr);
    }
}

#[test]
fn each_override_is_in_the_audit_log_once_a_start() {
    let setup = setup()
        .variable("GRAYLANE_DRAIN__LIMIT", "7s")
        .argument("--set=lanes.shop.canary.weight=5")
        .argument("--quarantine")
        .variable("GRAYSCALE_ON", "on");

    let gateway = setup.start();

    let log = fs::read_to_string(gateway.folder().join("state/audit.jsonl")).unwrap();
    let entries: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        // A build of another channel tells that it runs for dev.
        .filter(|entry: &Value| entry["action"] == "override" && entry["key"] != "env")
        .collect();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| ["key", "old", "new", "source"].map(|name| entry[name].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        told,
        [
            ["drain.limit", "", "\"7s\"", "GRAYLANE_DRAIN__LIMIT"],
            [
                "lanes.shop.canary.weight",
                "0",
                "5",
                "--set lanes.shop.canary.weight"
            ],
            ["quarantine", "false", "true", "--quarantine"],
            ["grayscale_on", "false", "true", "--grayscale-on or GRAYSCALE_ON"],
        ]
    );
}

#[test]
fn an_override_stays_over_a_file_that_changes() {
    let gateway = setup().argument("--set=lanes.shop.canary.weight=100").start();
    let before = fs::read_to_string(gateway.file()).unwrap();

    fs::write(gateway.file(), before.replace("\"canary\" }", "\"new\" }")).unwrap();
    gateway.signal("HUP");
    gateway.until_revision(2);

    assert_eq!(gateway.client().get("/", &[]).text(), "new");
}
