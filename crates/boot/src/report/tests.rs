use super::*;

fn timing(unit: &str, requires: &[&str], at: u64, took: u64) -> Timing {
    Timing {
        unit: unit.into(),
        requires: requires.iter().map(|name| Arc::from(*name)).collect(),
        at: Duration::from_millis(at),
        took: Duration::from_millis(took),
    }
}

/// The listeners wait for routing, though they require the configuration too, and though the modules take longer.
fn gateway() -> Report {
    Report::new(vec![
        timing("configuration", &[], 0, 2),
        timing("modules", &["configuration"], 2, 10),
        timing("routing", &["configuration"], 2, 9),
        timing("listeners", &["configuration", "routing"], 11, 4),
    ])
}

#[test]
fn the_critical_path_follows_the_requirement_that_was_waited_for_last() {
    let report = gateway();

    let path = report.critical_path();

    assert_eq!(path, ["configuration", "routing", "listeners"]);
    assert_eq!(report.total(), Duration::from_millis(15));
}

#[test]
fn a_start_of_nothing_takes_no_time() {
    let report = Report::new(Vec::new());

    let path = report.critical_path();

    assert!(path.is_empty());
    assert_eq!(report.total(), Duration::ZERO);
    assert_eq!(report.to_string(), "  unit  at  took  after\ntotal 0.0 ms");
}

#[test]
fn the_table_is_aligned_and_marks_the_critical_path() {
    let report = gateway();

    let text = report.to_string();

    assert_eq!(
        text,
        "  unit                at     took  after
* configuration   0.0 ms   2.0 ms
  modules         2.0 ms  10.0 ms  configuration
* routing         2.0 ms   9.0 ms  configuration
* listeners      11.0 ms   4.0 ms  routing
total 15.0 ms: configuration, then routing, then listeners"
    );
}

#[test]
fn the_drawing_marks_only_the_edges_that_were_waited_for() {
    let report = gateway();

    let text = report.to_dot();

    assert_eq!(
        text,
        r#"digraph start {
  rankdir=BT;
  node [shape=box];
  "configuration" [label="configuration\n2.0 ms", color=red, penwidth=2];
  "modules" [label="modules\n10.0 ms"];
  "routing" [label="routing\n9.0 ms", color=red, penwidth=2];
  "listeners" [label="listeners\n4.0 ms", color=red, penwidth=2];
  "modules" -> "configuration";
  "routing" -> "configuration" [color=red, penwidth=2];
  "listeners" -> "configuration";
  "listeners" -> "routing" [color=red, penwidth=2];
}
"#
    );
}
