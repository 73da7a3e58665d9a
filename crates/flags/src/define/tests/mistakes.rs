use super::*;

#[test]
fn one_mistake_is_shown_with_its_line() {
    let error = bad("[flags.shop]
state = \"enabled\"
variants = { on = true, off = false }
default = \"ofd\"
");

    assert_eq!(
        error,
        "error: there is no variant `ofd`
 --> flags.toml:4:11
  |
4 | default = \"ofd\"
  |           ^^^^^
hint: did you mean `off`?
"
    );
}

#[test]
fn all_mistakes_are_told_at_once() {
    let error = bad(r#"{
  "flags": {
    "a": {"state": "ENABELD", "variants": {"on": true, "off": "no"}},
    "b": {"variants": {}, "targetting": {}},
    "c": {"state": "ENABLED", "defaultVariant": true, "variants": {"on": true}, "metadata": {"x": [1]}}
  }
}"#);

    assert_eq!(
        error,
        r#"error: `ENABELD` is no state
 --> flags.json:3:20
  |
3 |     "a": {"state": "ENABELD", "variants": {"on": true, "off": "no"}},
  |                    ^^^^^^^^^
hint: did you mean `enabled`?

error: the variant `off` is a string, and `on` is a boolean
 --> flags.json:3:63
  |
3 |     "a": {"state": "ENABELD", "variants": {"on": true, "off": "no"}},
  |                                                               ^^^^
hint: the variants of a flag have one type

error: the flag `b` has no `state`
 --> flags.json:4:5
  |
4 |     "b": {"variants": {}, "targetting": {}},
  |     ^^^
hint: `enabled`, `disabled` or `gray-N`

error: a flag has at least one variant
 --> flags.json:4:23
  |
4 |     "b": {"variants": {}, "targetting": {}},
  |                       ^^
hint: such as on = true and off = false, by name

error: `targetting` is not known here
 --> flags.json:4:27
  |
4 |     "b": {"variants": {}, "targetting": {}},
  |                           ^^^^^^^^^^^^
hint: did you mean `targeting`?

error: the default variant takes the name of a variant, not a boolean
 --> flags.json:5:49
  |
5 | …"c": {"state": "ENABLED", "defaultVariant": true, "variants": {"on": true}, "metadata": {"x": [1]}}
  |                                              ^^^^
hint: its name in quotes, such as "off", not its value

error: metadata `x` is an array
 --> flags.json:5:99
  |
5 | …"c": {"state": "ENABLED", "defaultVariant": true, "variants": {"on": true}, "metadata": {"x": [1]}}
  |                                                                                                ^^^
hint: metadata are strings, numbers and booleans
"#
    );
}

#[test]
fn each_mistake_in_a_flag_has_words_of_its_own() {
    for (lines, message, hint) in [
        ("", "the flag `f` has no `state`", "enabled"),
        ("state = \"on\"", "the flag `f` has no `variants`", "by name"),
        (
            "state = 2\nvariants.a = 1",
            "`state` takes of the numbers only 0 and 1",
            "gray-30",
        ),
        (
            "state = [1]\nvariants.a = 1",
            "`state` takes a string, not an array",
            "gray-30",
        ),
        (
            "state = \"grey-30\"\nvariants.a = 1",
            "`grey-30` is no state",
            "did you mean `gray-30`?",
        ),
        (
            "state = \"gray30\"\nvariants.a = 1",
            "`gray30` is no state",
            "did you mean `gray-30`?",
        ),
        (
            "state = \"yes\"\nvariants.a = 1",
            "`yes` is no state",
            "`enabled`, `disabled`",
        ),
        (
            "state = \"gray-100.5\"",
            "`gray-100.5` is out of range",
            "0 to 100",
        ),
        ("state = \"gray--1\"", "`gray--1` is out of range", "0 to 100"),
        (
            "state = \"gray-0.0005\"",
            "`gray-0.0005` is too fine",
            "steps of 0.001",
        ),
        ("state = \"gray-30%\"", "`gray-30%` is no state", "gray-0.5"),
        (
            "state = \"on\"\nvariants = 1",
            "`variants` takes an object, not a number",
            "by name",
        ),
        (
            "state = \"on\"\nvariants.a = []",
            "the variant `a` is an array",
            "within an object",
        ),
        (
            "state = \"on\"\nvariants.\"\" = 1",
            "the name of a variant is empty",
            "",
        ),
        (
            "state = \"on\"\nvariants.a = 1\ncolour = 1",
            "`colour` is not known here",
            "`state`, `variants`",
        ),
        (
            "state = \"on\"\nvariants.a = 1\ndefault = \"a\"\ndefaultVariant = \"a\"",
            "`defaultVariant` says the same as `default`",
            "remove one",
        ),
        (
            "state = \"on\"\nvariants.a = 1\ntargeting = [1]",
            "`targeting` takes an object, not an array",
            "one operator",
        ),
        (
            "state = \"on\"\nvariants.a = 1\ntargeting = \"a\"",
            "`a` is not JSON",
            "double quotes",
        ),
        (
            "state = \"on\"\nvariants.a = 1\ntargeting = \"\"",
            "the text is empty",
            "smallest",
        ),
        (
            "state = \"on\"\nvariants.a = 1\nmetadata = 1",
            "`metadata` takes an object, not a number",
            "",
        ),
        (
            "state = \"on\"\nvariants.a = 2026-01-01",
            "a flag has no dates or times",
            "$flagd.timestamp",
        ),
        (
            "state = \"on\"\nvariants.a = nan",
            "`nan` is not a finite number",
            "1.79",
        ),
        (
            "state = \"on\"\nvariants.a = -inf",
            "`-inf` is not a finite number",
            "1.79",
        ),
        (
            "state = \"on\"\nvariants.a = 1e999",
            "`1e999` is not a finite number",
            "1.79",
        ),
        (
            "state = \"on\"\nvariants.a = 9223372036854775808",
            "`9223372036854775808` is too large",
            "1e20",
        ),
    ] {
        let error = bad(&format!("[flags.f]\n{lines}\n"));

        assert!(
            error.starts_with(&format!("error: {message}\n --> flags.toml:")),
            "{lines}: {error}"
        );
        assert!(error.contains(hint), "{lines}: {error}");
    }
}

#[test]
fn each_mistake_outside_of_the_flags_has_words_of_its_own() {
    for (text, message, hint) in [
        ("", "there is no `flags`", "complete?"),
        ("{}", "there is no `flags`", "complete?"),
        (
            "{\"flag\": {}}",
            "`flag` is not known here",
            "did you mean `flags`?",
        ),
        (
            "flags = 1",
            "`flags` takes an object, not a number",
            "flags by key",
        ),
        ("{\"flags\": {\"\": {}}}", "the key of a flag is empty", ""),
        (
            "{\"flags\": {\"f\": 1}}",
            "the flag `f` takes an object, not a number",
            "`state`",
        ),
        (
            "bucketing = \"v3\"\nflags = {}",
            "`v3` is no bucketing",
            "`flagd-v3`",
        ),
        (
            "bucketing = 3\nflags = {}",
            "`bucketing` takes a string, not a number",
            "`flagd-v3`",
        ),
        (
            "revision = -1\nflags = {}",
            "`revision` is out of range: -1",
            "grows with each change",
        ),
        (
            "revision = 1.5\nflags = {}",
            "`revision` takes a whole number, not a fraction",
            "grows",
        ),
        (
            "revision = \"5\"\nflags = {}",
            "`revision` takes a whole number, not a string",
            "grows",
        ),
        (
            "revision = 1\nflags = {}\nmetadata.revision = 1",
            "`revision` stands at the top as well",
            "remove one",
        ),
        (
            "flags = {}\nmetadata = 1",
            "`metadata` takes an object, not a number",
            "",
        ),
        (
            "flags = {}\nevaluators = 1",
            "`evaluators` takes an object, not a number",
            "",
        ),
        (
            "flags = {}\nevaluators.a = 1",
            "the evaluator `a` takes an object, not a number",
            "one operator",
        ),
        ("flags = {}\nmood = 1", "`mood` is not known here", "`flags`"),
        ("flags = {}\nflags = {}", "`flags` stands twice", "merge the two"),
        (
            "{\"flags\": {}, \"flags\": {}}",
            "`flags` stands twice",
            "remove one",
        ),
    ] {
        let error = bad(text);

        assert!(
            error.starts_with(&format!("error: {message}\n --> flags.")),
            "{text}: {error}"
        );
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn a_file_of_mistakes_is_read_in_bounded_time_and_memory() {
    let flags: Vec<String> = (0..50_000)
        .map(|flag| format!("\"f{flag}\": {{\"stat\": 1}}"))
        .collect();

    let error = bad(&format!("{{\"flags\": {{{}}}}}", flags.join(",")));

    assert_eq!(error.matches("error: ").count(), Diagnostics::MAX);
}
