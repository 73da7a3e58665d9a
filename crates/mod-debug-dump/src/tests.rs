use std::cell::Cell;
use std::fs::File;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::*;

fn running() -> Arc<dyn Instance> {
    module()
        .start(Settings::default(), &Arc::new(Topology::default()))
        .unwrap()
}

fn dump(gateway: &dyn Fn() -> String) -> String {
    let request = PageRequest {
        path: "/debug/dump",
        query: "",
        gateway,
    };
    running().page(&request).unwrap().body
}

#[test]
fn the_page_holds_what_the_gateway_says_to_the_letter() {
    let gateway = r#"{"z":1.10,"a":123456789012345678901234567890}"#;

    let body = dump(&|| gateway.to_owned());

    let page: Value = serde_json::from_str(&body).unwrap();
    assert!(body.starts_with(&format!(r#"{{"gateway":{gateway},"#)), "{body}");
    assert_eq!(page["module"]["name"], "debug-dump");
}

#[test]
fn a_gateway_that_says_no_json_does_not_break_the_page() {
    for broken in ["", "{", r#"{"a":1},"b":{"c":2}"#, "null null"] {
        let body = dump(&|| broken.to_owned());

        let page: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(page["gateway"], Value::Null, "{broken}");
        assert!(page["process"]["pid"].is_u64());
    }
}

#[test]
fn the_figures_are_those_of_this_process() {
    let descriptors = || {
        let page: Value = serde_json::from_str(&dump(&|| "{}".to_owned())).unwrap();
        page["process"]["open_descriptors"].as_u64().unwrap()
    };
    let files: Vec<File> = (0..100).map(|_| File::open("/dev/null").unwrap()).collect();

    let open = descriptors();
    drop(files);
    let closed = descriptors();

    // Other tests of this process open a few files of their own meanwhile.
    assert!(open >= closed + 80, "{open} then {closed}");
}

#[test]
fn nothing_of_the_environment_or_the_command_line_is_in_the_page() {
    let body = dump(&|| "{}".to_owned());

    let mut keys: Vec<_> = serde_json::from_str::<Value>(&body).unwrap()["process"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "open_descriptors",
            "pid",
            "resident_bytes",
            "resident_peak_bytes",
            "threads",
            "uptime_seconds"
        ]
    );
    for argument in std::env::args().filter(|argument| argument.len() > 8) {
        assert!(!body.contains(&argument), "{argument}");
    }
}

#[test]
fn another_path_is_not_answered_and_costs_the_gateway_nothing() {
    let asked = Cell::new(false);
    let request = PageRequest {
        path: "/debug/other",
        query: "",
        gateway: &|| {
            asked.set(true);
            String::new()
        },
    };

    let page = running().page(&request);

    assert_eq!(page, None);
    assert!(!asked.get());
}

#[test]
fn any_key_in_the_section_is_refused_with_its_place() {
    let text = "verbose = true";
    let table = DeTable::parse(text).unwrap();
    let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));

    let error = module().check(Settings::new(Some(&section))).unwrap_err();

    assert!(error.message.starts_with("unknown field `verbose`"), "{error}");
    assert_eq!(&text[error.span.unwrap()], "verbose");
}

#[test]
fn a_renewed_module_has_the_page_and_still_refuses_keys() {
    let running = running();
    let table = DeTable::parse("a = 1").unwrap();
    let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));

    let renewed = running.renew(Settings::default(), &Arc::default());
    let refused = running.renew(Settings::new(Some(&section)), &Arc::default());

    assert_eq!(renewed.unwrap().pages(), ["/debug/dump"]);
    assert!(refused.is_err());
}
