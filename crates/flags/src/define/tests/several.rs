use graylane_diagnostic::Sources;

use super::*;
use crate::State;

fn sources(texts: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::new(source(texts[0].0, texts[0].1));
    for (name, text) in &texts[1..] {
        sources.add(source(name, text));
    }
    sources
}

fn all(sources: &Sources) -> Result<Reading, String> {
    Definitions::read(sources.iter(), ReadOptions::default()).map_err(|faults| faults.render(sources))
}

#[test]
fn no_file_is_an_empty_set() {
    let reading = Definitions::read([], ReadOptions::default()).unwrap();

    assert!(reading.definitions.flags.is_empty());
}

#[test]
fn a_later_file_wins_flag_by_flag() {
    let flag = |key: &str, state: &str| format!("[flags.{key}]\nstate = \"{state}\"\nvariants.x = 1\n");
    let (first, second) = (
        format!("revision = 3\n{}{}", flag("a", "on"), flag("b", "on")),
        format!("{}{}", flag("b", "off"), flag("c", "on")),
    );

    let reading = all(&sources(&[("a.toml", &first), ("b.toml", &second)])).unwrap();

    let flags = reading.definitions.flags.iter();
    let states: Vec<(&str, State)> = flags.map(|flag| (&*flag.key, flag.state)).collect();
    assert_eq!(
        states,
        [
            ("a", State::Enabled),
            ("b", State::Disabled),
            ("c", State::Enabled)
        ]
    );
    assert_eq!(reading.revisions, [Some(3), None]);
}

#[test]
fn files_for_different_bucketings_do_not_go_together() {
    let sources = sources(&[
        ("a.json", "{\"flags\": {}}"),
        ("b.toml", "bucketing = \"flagd-v2\"\nflags = {}\n"),
    ]);

    let error = all(&sources).unwrap_err();

    assert_eq!(
        error,
        "error: `b.toml` is for `flagd-v2`, and `a.json` names no bucketing, which means `flagd-v3`
 --> b.toml:1:13
  |
1 | bucketing = \"flagd-v2\"
  |             ^^^^^^^^^^
hint: all files of a set name the same `bucketing`; JSON has it in `metadata`
"
    );
}

#[test]
fn mistakes_in_several_files_are_told_together() {
    let error = all(&sources(&[
        ("a.json", "{"),
        ("b.toml", "flags.f.state = 7"),
        ("c.json", "{\"flags\": []"),
    ]))
    .unwrap_err();

    let places: Vec<&str> = error.lines().filter(|line| line.starts_with(" --> ")).collect();
    assert_eq!(
        places,
        [
            " --> a.json:1:2",
            " --> b.toml:1:7",
            " --> b.toml:1:17",
            " --> c.json:1:13"
        ]
    );
}

#[test]
fn what_may_stand_in_an_unreadable_file_is_not_missed() {
    let wants = "[flags.a]\nstate = 1\nvariants.x = 1\nprerequisites = [{ flag = \"b\" }]\n";

    let error = all(&sources(&[("a.toml", wants), ("b.json", "{")])).unwrap_err();

    assert_eq!(error.matches("error: ").count(), 1, "{error}");
}

#[test]
fn metadata_belong_to_the_flags_of_their_file() {
    let one = "[metadata]\nflagSetId = \"one\"\nteam = \"pay\"\n[flags.a]\nstate = 1\nvariants.x = 1\nmetadata.flagSetId = \"own\"\n[flags.b]\nstate = 1\nvariants.x = 1\n";
    let two = "[metadata]\nteam = \"pay\"\nlevel = 2\n[flags.c]\nstate = 1\nvariants.x = 1\n";

    let definitions = all(&sources(&[("a.toml", one), ("b.toml", two)]))
        .unwrap()
        .definitions;

    assert_eq!(names(&definitions.metadata), ["team"]);
    let own: Vec<Vec<&str>> = definitions
        .flags
        .iter()
        .map(|flag| names(&flag.metadata))
        .collect();
    assert_eq!(own, [vec!["flagSetId"], vec!["flagSetId"], vec!["level"]]);
    assert_eq!(
        definitions.flags[0].metadata[0].1,
        crate::Value::Text("own".into())
    );
    assert_eq!(
        definitions.flags[1].metadata[0].1,
        crate::Value::Text("one".into())
    );
}

#[test]
fn long_metadata_of_many_flags_are_refused() {
    let flags: Vec<String> = (0..1_000)
        .map(|flag| format!("\"f{flag}\": {{\"state\": \"ENABLED\", \"variants\": {{\"x\": 1}}}}"))
        .collect();
    let text = format!(
        "{{\"metadata\": {{\"x\": \"{}\"}}, \"flags\": {{{}}}}}",
        "x".repeat(100_000),
        flags.join(",")
    );

    assert!(bad(&text).starts_with("error: the metadata of the files would be written to too many flags\n"));
}

#[test]
fn a_reference_is_looked_for_in_its_own_file() {
    let one = "evaluators.staff.var = \"staff\"\nflags = {}\n";
    let two = "[flags.a]\nstate = 1\nvariants.x = 1\ntargeting.\"$ref\" = \"staff\"\n";

    let error = all(&sources(&[("a.toml", one), ("b.toml", two)])).unwrap_err();

    assert!(
        error.starts_with("error: there is no evaluator `staff`\n --> b.toml:4:20\n"),
        "{error}"
    );
}
