use super::*;

const BOOLEAN: &str = "state = \"on\"\nvariants = { off = false, on = true }\n";

const QUARANTINE: ReadOptions = ReadOptions {
    quarantine: true,
    as_flagd: false,
};

fn quarantined(text: &str) -> (Definitions, Vec<String>) {
    let reading = reading(text, QUARANTINE).unwrap_or_else(|error| panic!("{error}"));
    let messages = reading.left_out.iter().map(|one| one.message.clone()).collect();
    (reading.definitions, messages)
}

#[test]
fn a_broken_flag_is_left_out_with_those_that_want_it() {
    let wants = |flag: &str| format!("{BOOLEAN}prerequisites = [{{ flag = \"{flag}\" }}]\n");
    let text = format!(
        "[flags.broken]\nstate = \"on\"\n[flags.a]\n{}[flags.good]\n{BOOLEAN}[flags.b]\n{}[flags.c]\n{}[flags.d]\n{}",
        wants("broken"),
        wants("a"),
        wants("nobody"),
        wants("good"),
    );

    let (definitions, told) = quarantined(&text);

    assert_eq!(keys(&definitions), ["good", "d"]);
    assert_eq!(definitions.flags[1].prerequisites[0].flag, 0);
    assert_eq!(
        told,
        [
            "the flag `broken` has no `variants`",
            "there is no flag `nobody`",
            "`a` is left out, because its prerequisite `broken` is",
            "`b` is left out, because its prerequisite `a` is",
        ]
    );
    assert_eq!(bad(&text).matches("error: ").count(), 2);
}

#[test]
fn flags_that_share_what_is_broken_are_each_named() {
    let text = r#"{"$evaluators": {"broken": {"!": {"$ref": "gone"}}, "odd": {"nor": [1]}, "good": {"var": "x"}},
        "flags": {
            "a": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "broken"}, "on"]}},
            "b": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "broken"}, "on"]}},
            "c": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "odd"}, "on"]}},
            "d": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "odd"}, "on"]}},
            "e": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "good"}, "on"]}}}}"#;

    let (definitions, told) = quarantined(text);

    assert_eq!(keys(&definitions), ["e"]);
    assert_eq!(
        told,
        [
            "there is no evaluator `gone`",
            "the rule of `b` uses a broken evaluator",
            "`nor` is no operator",
            "the rule of `d` uses a broken evaluator",
        ]
    );
}

#[test]
fn read_as_flagd_a_reference_to_nothing_stays() {
    let text = r#"{"$evaluators": {"broken": {"!": {"$ref": "gone"}}},
        "flags": {"a": {"state": "ENABLED", "variants": {"on": true}, "targeting": {"if": [{"$ref": "broken"}, "on"]}}}}"#;
    let as_flagd = ReadOptions {
        quarantine: false,
        as_flagd: true,
    };

    let mut reading = reading(text, as_flagd).unwrap();

    assert_eq!(reading.left_out[0].message, "there is no evaluator `gone`");
    let targeting = reading.definitions.flags.remove(0).targeting.unwrap();
    assert_eq!(
        plain(&targeting),
        rule(r#"{"if": [{"!": {"$ref": "gone"}}, "on"]}"#)
    );
}

#[test]
fn the_rules_of_good_flags_are_checked_where_others_are_bad() {
    let rule = "targeting.nor = [1]";

    let error = bad(&format!(
        "[flags.a]\n{BOOLEAN}{rule}\n[flags.b]\nstate = 7\nvariants.x = 1\n"
    ));

    assert!(error.contains("error: `nor` is no operator\n"), "{error}");
    assert!(read(&format!("[flags.a]\n{BOOLEAN}{rule}\n")).is_ok());
}

#[test]
fn all_flags_of_a_circle_are_left_out() {
    let wants = |flag: &str| format!("{BOOLEAN}prerequisites = [{{ flag = \"{flag}\" }}]\n");
    let text = format!(
        "[flags.a]\n{}[flags.b]\n{}[flags.c]\n{BOOLEAN}",
        wants("b"),
        wants("a")
    );

    let (definitions, told) = quarantined(&text);

    assert_eq!(keys(&definitions), ["c"]);
    assert_eq!(told, ["flags want each other in a circle: `a` -> `b` -> `a`"]);
}

#[test]
fn what_is_not_within_one_flag_is_refused_all_the_same() {
    for text in [
        "",
        "{",
        "revision = -1\nflags = {}",
        "bucketing = \"x\"\nflags = {}",
        "flags = 1",
    ] {
        assert!(reading(text, QUARANTINE).is_err(), "{text}");
    }
}

#[test]
fn a_broken_later_flag_does_not_bring_the_earlier_one_back() {
    let first = source("a.toml", &format!("[flags.a]\n{BOOLEAN}"));
    let mut sources = graylane_diagnostic::Sources::new(first);
    sources.add(source("b.toml", "[flags.a]\nstate = 7\n"));

    let reading = Definitions::read(sources.iter(), QUARANTINE).unwrap();

    assert!(reading.definitions.flags.is_empty());
    assert_eq!(reading.left_out.len(), 2);
}
