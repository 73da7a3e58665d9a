//! What a build of each channel has, and what it has not.
//!
//! `GRAYLANE_CHANNEL` says as what the binary was built; unset: without any feature.

use std::collections::BTreeSet;
use std::process::Command;

use graylane_testkit::{Build, Gateway, Recipe, binary, run};
use serde_json::Value;

const EVERY: [&str; 4] = ["breaker", "canary-log", "debug-dump", "mock-fallback"];

fn gateway() -> Gateway {
    Recipe::new()
        .lane_lines("stable", "respond = { body = \"x\" }\n")
        .start()
}

#[test]
fn the_modules_listed_are_exactly_those_of_the_channel() {
    let build = Build::under_test();

    let page = run(Command::new(binary()).args(["modules", "--json"])).json();

    assert_eq!(page["channel"], build.channel, "{page}");
    let names: Vec<_> = page["modules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|module| module["present"] == true)
        .filter_map(|module| module["name"].as_str())
        .collect();
    assert_eq!(names, build.modules, "{page}");
}

#[test]
fn people_get_the_modules_as_a_table_and_graphviz_a_graph() {
    let table = run(Command::new(binary()).arg("modules"));
    let graph = run(Command::new(binary()).args(["modules", "--graph"]));

    assert_eq!((table.code, graph.code), (0, 0));
    assert!(
        graph.stdout.starts_with("digraph") && graph.stdout.trim_end().ends_with('}'),
        "{}",
        graph.stdout
    );
    for module in Build::under_test().modules {
        assert!(
            table.stdout.contains(module) && graph.stdout.contains(module),
            "{module}"
        );
    }
}

#[test]
fn a_module_that_is_not_in_the_build_has_no_page() {
    let build = Build::under_test();
    let gateway = gateway();

    let pages = gateway.ask("/debug/dump");

    let expected = if build.modules.contains(&"debug-dump") {
        200
    } else {
        404
    };
    assert_eq!(pages.status, expected, "{}", pages.text());
    if build.modules.contains(&"debug-dump") {
        assert!(pages.json().is_object());
    }
}

#[test]
fn a_section_of_a_module_that_is_not_in_the_build_is_pointed_out() {
    let build = Build::under_test();
    for module in EVERY {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("gray.toml");
        let text = Recipe::new()
            .lane_lines("stable", "respond = { body = \"x\" }\n")
            .more(&format!("[modules.{module}]\n"));
        std::fs::write(&file, text.text()).unwrap();

        let ran = run(Command::new(binary()).args(["check", "-c"]).arg(&file));

        // One file may serve all channels, so it is no error; but nobody should have to wonder.
        assert_eq!(ran.code, 0, "{module}: {ran:?}");
        let noted = ran.stdout.contains(&format!("no module `{module}`"));
        assert_eq!(noted, !build.modules.contains(&module), "{}", ran.stdout);
    }
}

#[test]
fn a_setting_of_a_module_that_is_wrong_is_refused_with_its_place() {
    let build = Build::under_test();
    for module in build.modules {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("gray.toml");
        let text = Recipe::new()
            .lane_lines("stable", "respond = { body = \"x\" }\n")
            .more(&format!("[modules.{module}]\nno_such_key = 1\n"));
        std::fs::write(&file, text.text()).unwrap();

        let ran = run(Command::new(binary()).args(["check", "-c"]).arg(&file));

        assert!(
            ran.code == 11 && ran.stderr.contains("gray.toml:") && ran.stderr.contains("no_such_key"),
            "{ran:?}"
        );
    }
}

#[test]
fn the_health_of_each_module_is_in_the_ready_page() {
    let build = Build::under_test();
    let gateway = gateway();

    let page = gateway.ask("/readyz").json();

    let named: BTreeSet<_> = match &page["modules"] {
        Value::Object(modules) => modules.keys().cloned().collect(),
        Value::Array(modules) => modules
            .iter()
            .filter_map(|module| module["name"].as_str().map(str::to_owned))
            .collect(),
        other => panic!("no modules: {other}"),
    };
    assert_eq!(named, build.modules.iter().map(|&name| name.to_owned()).collect());
}

#[test]
fn names_of_absent_modules_metrics_are_not_served() {
    let build = Build::under_test();
    let page = gateway().ask("/metrics").text();

    for (module, family) in [
        ("breaker", "graylane_breaker_"),
        ("canary-log", "graylane_canary_log_"),
        ("mock-fallback", "graylane_mocks"),
    ] {
        assert_eq!(page.contains(family), build.modules.contains(&module), "{module}");
    }
}
