use super::*;

fn lint(text: &str) -> (Option<i32>, String, String) {
    let folder = Folder::new();
    folder.write("a.toml", text);
    folder.flags(&["lint", "a.toml"])
}

#[test]
fn good_files_have_nothing_to_say() {
    let folder = Folder::new();

    let (code, out, err) = folder.flags(&["lint", "--strict", "flags.toml", "team.json"]);

    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (Some(0), "6 flag(s), nothing to say\n", "")
    );
}

#[test]
fn every_mistake_is_told_with_its_place_and_a_hint() {
    let (code, out, err) = lint("[flags.a]\nstate = \"gray-101\"\n[flags.b]\nstat = 1\nvariants.x = 1\n");

    assert_eq!(out, "");
    assert!(
        err.starts_with(
            "error: `gray-101` is out of range\n --> a.toml:2:9\n  |\n2 | state = \"gray-101\"\n  |         ^^^^^^^^^^\n\
             hint: a percentage goes from 0 to 100\n"
        ),
        "{err}"
    );
    assert!(err.contains(" --> a.toml:4:1\n"), "{err}");
    assert_eq!(code, Some(13));
}

#[test]
fn a_mistake_that_only_the_compiler_finds_is_one() {
    let (code, _, err) = lint("[flags.a]\nstate = true\nvariants.x = 1\ntargeting.nonsense = [1]\n");

    assert!(err.contains("nonsense"), "{err}");
    assert_eq!(code, Some(13));
}

#[test]
fn an_evaluator_that_no_flag_uses_is_a_warning() {
    let (code, out, _) = lint(
        r#"evaluators.used = { "$ref" = "below" }
evaluators.below = { "==" = [1, 1] }
evaluators.lonely = { "$ref" = "other" }
evaluators.other = { "==" = [1, 1] }
[flags.a]
state = true
variants = { x = 1, y = 2 }
targeting = '{"if": [{"$ref": "used"}, "x", "y"]}'
"#,
    );

    assert_eq!(
        out,
        "\
warning: no flag of this file uses the evaluator `lonely`
 --> a.toml:3:12
  |
3 | evaluators.lonely = { \"$ref\" = \"other\" }
  |            ^^^^^^
hint: remove it; a `$ref` does not reach into another file

warning: no flag of this file uses the evaluator `other`
 --> a.toml:4:12
  |
4 | evaluators.other = { \"==\" = [1, 1] }
  |            ^^^^^
hint: remove it; a `$ref` does not reach into another file
"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_variant_that_nobody_can_get_is_a_warning() {
    let flag = |rule: &str| {
        lint(&format!(
            "[flags.a]\nstate = true\nvariants = {{ x = 1, y = 2, z = 3 }}\ndefault = \"z\"\ntargeting = '{rule}'\n"
        ))
        .1
    };

    let lost = flag(r#"{"if": [{"var": "b"}, "x"]}"#);

    assert!(
        lost.starts_with("warning: nobody can get the variant `y` of `a`\n --> a.toml:1:8\n"),
        "{lost}"
    );
    for rule in [
        r#"{"if": [{"var": "b"}, "x", "y"]}"#,
        r#"{"if": [{"var": "b"}, "x", {"var": "variant"}]}"#,
        r#"{"fractional": [["x", 1], ["y", 1]]}"#,
        r#"{"cat": ["", {"var": "b"}]}"#,
    ] {
        assert_eq!(flag(rule), "1 flag(s), nothing to say\n", "{rule}");
    }
}

#[test]
fn a_rollout_at_its_end_is_a_warning() {
    let (_, all, _) = lint("[flags.a]\nstate = \"gray-100\"\n");
    let (_, nobody, _) = lint("[flags.a]\nstate = \"gray-0\"\n");
    let (_, off, _) = lint("[flags.a]\nstate = \"off\"\nhash_mod = { mod = 1, threshold = 1 }\n");

    assert!(
        all.starts_with("warning: the split of `a` gives everybody `on`\n"),
        "{all}"
    );
    assert!(
        nobody.starts_with("warning: the split of `a` gives everybody `off`\n"),
        "{nobody}"
    );
    assert_eq!(off, "1 flag(s), nothing to say\n");
}

#[test]
fn a_split_that_is_never_asked_is_a_warning() {
    let (_, out, _) =
        lint("[flags.a]\nstate = \"gray-5\"\ntargeting.if = [{ var = \"b\" }, \"on\", \"off\"]\n");

    assert!(
        out.starts_with("warning: the rule of `a` decides for everybody, so nobody is split\n --> a.toml:3:"),
        "{out}"
    );
}

#[test]
fn a_split_that_never_looks_at_the_user_is_a_warning() {
    let flag = |key: &str| {
        lint(&format!(
            "[flags.a]\nstate = true\nvariants = {{ x = 1, y = 2 }}\ntargeting = '{{\"fractional\": [{key}[\"x\", 1], [\"y\", 1]]}}'\n"
        ))
        .1
    };

    let same = flag(r#"{"cat": [{"var": "$flagd.flagKey"}, "salt"]}, "#);

    assert!(
        same.starts_with("warning: `fractional` of `a` gives everybody the same bucket\n"),
        "{same}"
    );
    assert_eq!(
        flag(r#"{"cat": ["salt", {"var": "targetingKey"}]}, "#),
        "1 flag(s), nothing to say\n"
    );
    assert_eq!(flag(""), "1 flag(s), nothing to say\n");
}

#[test]
fn a_flag_that_replaces_another_is_a_warning() {
    let folder = Folder::new();
    folder.write(
        "more.json",
        r#"{"metadata": {"bucketing": "flagd-v2"}, "flags": [{"key": "base", "state": "ENABLED", "variants": {"on": true}}]}"#,
    );

    let (code, out, err) = folder.flags(&["lint", "--strict", "flags.toml", "more.json"]);

    assert!(
        out.starts_with("warning: the flag `base` replaces the one at flags.toml:8\n --> more.json:1:"),
        "{out}"
    );
    assert_eq!(
        err,
        "error: 1 warning(s)\nhint: mend them, or leave --strict out\n"
    );
    assert_eq!(code, Some(24));
}

#[test]
fn json_has_mistakes_and_warnings_apart() {
    let folder = Folder::new();
    folder.write("a.toml", "[flags.a]\nstate = \"gray-100\"\n");

    let told = folder.json(&["lint", "--json", "a.toml"]);

    assert_eq!(told["mistakes"], serde_json::json!([]));
    assert_eq!(told["warnings"][0]["line"], 1);
    assert_eq!(
        told["warnings"][0]["message"],
        "the split of `a` gives everybody `on`"
    );
}
