use super::*;

/// The rows of a comparison of two variations of a text.
fn rows(old: &str, new: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = Folder::new();
    folder.write("old.toml", old);
    folder.write("new.toml", new);
    folder.flags(&[&["diff", "old.toml", "new.toml", "--sample", "10000"], more].concat())
}

/// Why the first flag that differs does.
fn why(old: &str, new: &str) -> String {
    let (_, out, err) = rows(old, new, &[]);
    let line = out.lines().nth(1).unwrap_or_else(|| panic!("{out}{err}"));
    // Behind flag, moved, its percentage, leave and enter.
    line.split("  ")
        .filter(|cell| !cell.trim().is_empty())
        .nth(5)
        .unwrap()
        .trim()
        .to_owned()
}

#[test]
fn a_raised_weight_moves_some_and_takes_from_nobody() {
    let (code, out, _) = rows(
        TOML,
        &TOML.replace("gray-5", "gray-10"),
        &["--only-growing", "--max-moved", "6"],
    );

    assert_eq!(
        out,
        "\
flag         moved         leave  enter  why
shop-v2      510    5.1 %  0      510    weight 5 % -> 10 %
  off -> on  510    5.1 %

10000 ids, 4 flag(s), 3 of them the same
"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_gate_that_does_not_hold_names_flag_count_and_three_ids() {
    let (old, new) = (TOML, TOML.replace("gray-5", "gray-10"));

    let (moved, _, first) = rows(old, &new, &["--max-moved", "0"]);
    let (entered, _, second) = rows(old, &new, &["--only-shrinking"]);
    let (left, _, third) = rows(&new, old, &["--only-growing"]);
    let (other, _, _) = rows(old, &new, &["--max-moved", "0", "--flag", "theme"]);

    let ids = first.lines().next().unwrap().rsplit_once(": ").unwrap().1;
    assert_eq!(ids.split(", ").count(), 3);
    assert_eq!(
        first,
        format!(
            "error: `shop-v2`: 510 of 10000 ids (5.1 %) change variant, more than 0 %: {ids}\n\
             hint: mend the new file, or loosen the gate where the move is meant\n"
        )
    );
    assert!(
        second.starts_with(&format!(
            "error: `shop-v2`: 510 of 10000 ids (5.1 %) enter the on variant: {ids}\n"
        )),
        "{second}"
    );
    assert!(
        third.starts_with(&format!(
            "error: `shop-v2`: 510 of 10000 ids (5.1 %) leave the on variant: {ids}\n"
        )),
        "{third}"
    );
    assert_eq!(
        (moved, entered, left, other),
        (Some(23), Some(23), Some(23), Some(0))
    );
}

#[test]
fn another_bucketing_redraws_the_cohort_and_says_so() {
    let new = TOML.replace("flagd-v2", "flagd-v3").replace("gray-5", "gray-30");
    let old = TOML.replace("gray-5", "gray-30");

    let (code, out, _) = rows(&old, &new, &["--only-growing"]);

    assert!(out.contains("bucketing flagd-v2 -> flagd-v3\n"), "{out}");
    assert!(
        out.contains("10000 ids, 4 flag(s), 1 of them the same\n"),
        "{out}"
    );
    assert_eq!(code, Some(23));
}

#[test]
fn the_cause_is_the_most_exact_one() {
    let theme = r#"{"fractional": [["dark", 30], ["light", 70]]}"#;
    let with = |rule: &str| TOML.replace(theme, rule);

    for (new, cause) in [
        (
            with(r#"{"fractional": [["dark", 40], ["light", 60]]}"#),
            "weight of dark 30 -> 40; weight of light 70 -> 60",
        ),
        (
            with(r#"{"fractional": [["light", 70], ["dark", 30]]}"#),
            "order dark, light -> light, dark",
        ),
        (
            with(r#"{"fractional": [{"cat": ["s", {"var": "targetingKey"}]}, ["dark", 30], ["light", 70]]}"#),
            r#"key targetingKey -> {"cat":["s",{"var":"targetingKey"}]}"#,
        ),
        (with(r#"{"if": [true, "dark"]}"#), "rule differs"),
        (
            TOML.replace("key = \"uid\", threshold", "threshold"),
            "key uid -> targetingKey",
        ),
        (
            TOML.replace("threshold = 1", "threshold = 2"),
            "weight 1/3 -> 2/3",
        ),
        (
            TOML.replace("\"enabled\"   #", "\"off\" #"),
            "state enabled -> disabled",
        ),
        (
            TOML.replace(
                "\"gray-5\" # slowly",
                "\"on\"\nvariants = { on = true, off = false }\ndefault = \"off\"",
            ),
            "state gray-5 -> enabled",
        ),
        (
            TOML.replace("dark = \"d\"", "dark = \"x\""),
            "value of dark differs",
        ),
        (
            TOML.replace("default = \"on\"", "default = \"off\""),
            "default on -> off",
        ),
        (TOML.replace("[flags.third]", "[flags.fourth]"), "flag removed"),
        (
            TOML.replace("dark = \"d\",", "dark = \"d\", more = \"m\","),
            "variant more added",
        ),
        (TOML.replace("targeting.if", "#"), "rule removed"),
    ] {
        assert_eq!(why(TOML, &new), cause);
    }
}

#[test]
fn a_flag_that_waits_for_one_that_differs_differs() {
    let (_, out, _) = rows(
        TOML,
        &TOML.replace("default = \"on\"", "default = \"off\""),
        &["--flag", "shop-v2"],
    );

    assert!(out.contains("prerequisite base differs\n"), "{out}");
    assert!(out.contains("on -> off"), "{out}");
}

#[test]
fn ids_come_from_a_file_for_any_field_and_context() {
    let folder = Folder::new();
    folder.write("new.toml", &TOML.replace("threshold = 1", "threshold = 3"));
    let ids: Vec<String> = (0..3000).map(|id| id.to_string()).collect();
    folder.write("ids.txt", &(ids.join("\r\n") + "\n\n"));

    let told = folder.json(&[
        "diff",
        "flags.toml",
        "new.toml",
        "--ids",
        "ids.txt",
        "--key",
        "uid",
        "--json",
        "--context",
        r#"{"email": "a@a.example"}"#,
    ]);

    assert_eq!((&told["ids"], &told["same"]), (&3000.into(), &3.into()));
    let moved = told["flags"][0]["moved"]["count"].as_u64().unwrap();
    assert!((1850..2150).contains(&moved), "{moved}");
    assert_eq!(told["flags"][0]["cause"], "weight");
    assert_eq!(told["flags"][0]["leave"]["count"], 0);
}

#[test]
fn a_value_that_changes_under_the_same_variant_is_no_move_but_told() {
    let (code, out, _) = rows(
        TOML,
        &TOML.replace("dark = \"d\"", "dark = \"x\""),
        &["--max-moved", "0"],
    );

    assert!(out.contains("  another value  "), "{out}");
    assert_eq!(code, Some(0));
}

#[test]
fn a_rollout_that_ends_keeps_its_on_variant() {
    let old = "[flags.a]\nstate = \"gray-50\"\nvariants = { new = \"n\", old = \"o\" }\ndefault = \"old\"\n";
    let new = old
        .replace("gray-50", "enabled")
        .replace("default = \"old\"", "default = \"new\"");

    let (code, out, _) = rows(old, &new, &["--only-growing"]);

    assert!(
        out.contains("state gray-50 -> enabled; default old -> new\n"),
        "{out}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_seed_gives_the_same_ids_again_and_another_one_others() {
    let new = TOML.replace("gray-5", "gray-10");
    let ids = |seed: &str| rows(TOML, &new, &["--max-moved", "0", "--seed", seed]).2;

    assert_eq!(ids("1"), ids("1"));
    assert_ne!(ids("1"), ids("2"));
}

#[test]
fn a_list_that_is_none_is_told_with_its_line() {
    let folder = Folder::new();
    folder.write("new.toml", &TOML.replace("gray-5", "gray-6"));
    fs::write(folder.path("ids.txt"), b"a\n\xff\n").unwrap();
    folder.write("long.txt", &"x".repeat(100_000));

    let (code, _, binary) = folder.flags(&["diff", "flags.toml", "new.toml", "--ids", "ids.txt"]);
    let (_, _, long) = folder.flags(&["diff", "flags.toml", "new.toml", "--ids", "long.txt"]);

    assert!(
        binary.starts_with("error: ids.txt cannot be read: line 2 is not UTF-8\n"),
        "{binary}"
    );
    assert!(
        long.starts_with("error: long.txt cannot be read: line 1 is too long for an id\n"),
        "{long}"
    );
    assert_eq!(code, Some(10));
}

#[test]
fn the_on_variant_of_a_split_may_be_false() {
    let old = "[flags.a]\nstate = \"gray-5\"\nvariants = { yes = true, no = false }\ndefault = \"yes\"\n";

    let (growing, out, _) = rows(old, &old.replace("gray-5", "gray-10"), &["--only-growing"]);
    let (shrinking, _, _) = rows(old, &old.replace("gray-5", "gray-10"), &["--only-shrinking"]);

    assert!(out.contains("  yes -> no  "), "{out}");
    assert_eq!((growing, shrinking), (Some(0), Some(23)));
}
