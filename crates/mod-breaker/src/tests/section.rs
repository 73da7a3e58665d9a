use graylane_pipeline::{Module, SettingsError};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::*;

fn parse(text: &'static str) -> Spanned<DeValue<'static>> {
    let table = DeTable::parse(text).unwrap();
    Spanned::new(table.span(), DeValue::Table(table.into_inner()))
}

fn read(text: &'static str) -> Result<Rules, SettingsError> {
    Rules::read(Settings::new(Some(&parse(text))))
}

#[test]
fn an_absent_and_an_empty_section_mean_the_documented_defaults() {
    let expected = Rules {
        consecutive_failures: 5,
        error_rate: 50,
        window: Duration::from_secs(10),
        min_requests: 20,
        open_for: Duration::from_secs(5),
        max_open_for: Duration::from_secs(60),
        half_open_probes: 1,
        max_ejected: 50,
    };

    assert_eq!(rules(), expected);
    assert_eq!(read("").unwrap(), expected);
}

#[test]
fn every_key_is_read() {
    let text = "consecutive_failures = 1\nerror_rate = 2\nwindow = \"3s\"\nmin_requests = 4\nopen_for = \"500ms\"\n\
                max_open_for = \"6s\"\nhalf_open_probes = 7\nmax_ejected = 8\n";

    let rules = read(text).unwrap();

    assert_eq!(
        rules,
        Rules {
            consecutive_failures: 1,
            error_rate: 2,
            window: Duration::from_secs(3),
            min_requests: 4,
            open_for: Duration::from_millis(500),
            max_open_for: Duration::from_secs(6),
            half_open_probes: 7,
            max_ejected: 8,
        }
    );
}

#[test]
fn a_wrong_section_is_refused_with_its_place() {
    for (text, at, message) in [
        ("consecutive_failures = 0", "0", "0 is out of range"),
        ("error_rate = 101", "101", "101 is out of range"),
        ("max_ejected = 101", "101", "101 is out of range"),
        ("half_open_probes = 1001", "1001", "1001 is out of range"),
        ("window = \"10ms\"", "\"10ms\"", "10ms is out of range"),
        (
            "open_for = \"9s\"\nmax_open_for = \"8s\"",
            "\"8s\"",
            "8s is out of range",
        ),
        ("open_for = \"fast\"", "\"fast\"", "`fast` is not a duration"),
        ("open = \"5s\"", "open", "unknown field `open`"),
        ("min_requests = -1", "-1", "invalid value"),
    ] {
        let error = crate::module()
            .check(Settings::new(Some(&parse(text))))
            .unwrap_err();

        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(&text[error.span.clone().unwrap()], at, "{text}: {error:?}");
    }
}

#[test]
fn the_module_starts_and_guards_the_topology_it_is_given() {
    let topology = Arc::new(topology(&[2]));

    let running = crate::module().start(Settings::default(), &topology).unwrap();

    let attempt = Attempt {
        endpoint: EndpointId(0),
        lane: LaneId(0),
        started: Instant::now(),
        last_resort: false,
    };
    for _ in 0..5 {
        assert!(running.admit(&attempt));
        running.settle(&attempt, Outcome::Unreachable);
    }
    assert!(!running.admit(&attempt));
}
