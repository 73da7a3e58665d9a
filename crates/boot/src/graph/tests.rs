use super::*;

fn refusal(units: impl IntoIterator<Item = Unit>) -> String {
    Graph::new(units).unwrap_err().to_string()
}

#[test]
fn two_units_of_one_name_are_refused() {
    let units = [Unit::new("a"), Unit::new("b"), Unit::new("a")];

    let text = refusal(units);

    assert_eq!(text, "unit `a` is declared twice");
}

#[test]
fn a_circle_is_printed_from_the_first_declared_unit_that_it_reaches() {
    let units = [
        Unit::new("outside").requires(["a"]),
        Unit::new("c").requires(["a"]),
        Unit::new("a").requires(["ground", "b"]),
        Unit::new("b").requires(["c"]),
        Unit::new("ground"),
    ];

    let text = refusal(units);

    assert_eq!(text, "units require each other in a circle: a -> b -> c -> a");
}

#[test]
fn a_unit_that_requires_itself_is_a_circle() {
    let units = [Unit::new("a").requires(["a"])];

    let text = refusal(units);

    assert_eq!(text, "units require each other in a circle: a -> a");
}

#[test]
fn a_drawing_has_every_unit_and_an_edge_to_each_requirement() {
    let units = [
        Unit::new("web \"1\"").requires(["store", "store"]),
        Unit::new("store"),
    ];

    let text = Graph::new(units).unwrap().to_dot();

    assert_eq!(
        text,
        r#"digraph start {
  rankdir=BT;
  node [shape=box];
  "web \"1\"" [label="web \"1\""];
  "store" [label="store"];
  "web \"1\"" -> "store";
}
"#
    );
}
