use super::*;

#[test]
fn a_split_shows_hash_bucket_and_ranges() {
    let folder = Folder::new();

    let (code, out, _) = folder.flags(&[
        "explain",
        "shop-v2",
        "flags.toml",
        "--targeting-key",
        "42",
        "--field",
        "email=a@b",
    ]);

    assert_eq!(
        out,
        "\
shop-v2: variant off, value false, reason SPLIT

prerequisite base is on: holds
  variant on, value true, reason STATIC

rule
  if -> null
    ends_with -> false
      email is \"a@b\"
      \"@a.example\"
    (not asked)

split
  flagd-v2: hash 0xcc58eafa, bucket 79823 of 100000
    0 to 4999: on
  > 5000 to 99999: off

from flags.toml:13, revision 6 of the file
"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn a_rule_that_decides_ends_the_matter() {
    let folder = Folder::new();
    folder.write("who.json", r#"{"email": "z@a.example", "targetingKey": "42"}"#);

    let (_, out, _) = folder.flags(&["explain", "shop-v2", "flags.toml", "--context", "@who.json"]);

    assert!(
        out.starts_with("shop-v2: variant on, value true, reason TARGETING_MATCH\n"),
        "{out}"
    );
    assert!(out.ends_with("      email is \"z@a.example\"\n      \"@a.example\"\n    \"on\"\n\nfrom flags.toml:13, revision 6 of the file\n"), "{out}");
}

#[test]
fn a_fractional_shows_who_has_which_buckets() {
    let folder = Folder::new();

    let (_, out, _) = folder.flags(&[
        "explain",
        "theme",
        "flags.toml",
        "--context",
        r#"{"targetingKey": "42"}"#,
    ]);

    assert_eq!(
        out,
        "\
theme: variant dark, value \"d\", reason TARGETING_MATCH

rule
  fractional -> \"dark\"
    flagd-v2: hash 0x2c9f709f, bucket 17 of 100
    > 0 to 29: dark
      30 to 99: light

from flags.toml:19, revision 6 of the file
"
    );
}

#[test]
fn a_field_by_itself_goes_before_the_context() {
    let folder = Folder::new();
    let arguments = [
        "explain",
        "third",
        "flags.toml",
        "--json",
        "--context",
        r#"{"uid": 7}"#,
    ];

    let hash =
        |more: &[&str]| folder.json(&[&arguments, more].concat())["explanation"]["split"]["hash"].clone();

    assert_eq!(hash(&["--field", "uid=7"]), hash(&[]));
    assert_ne!(hash(&["--field", "uid=8"]), hash(&[]));
}

#[test]
fn grayscale_on_is_honoured() {
    let folder = Folder::new();

    let (_, variable, _) = folder.flags_with(&["explain", "shop-v2", "flags.toml"], &[("GRAYSCALE_ON", "0")]);
    let (_, argument, _) = folder.flags_with(
        &["explain", "shop-v2", "flags.toml", "--grayscale-on", "on"],
        &[("GRAYSCALE_ON", "0")],
    );

    assert_eq!(
        variable,
        "shop-v2: variant off, value false, reason DISABLED\n\nfrom flags.toml:13, revision 6 of the file\n\
         GRAYSCALE_ON is off: gray flags have their off variant\n"
    );
    assert!(
        argument.contains("flagd-v2: there is nothing to hash"),
        "{argument}"
    );
}

#[test]
fn a_context_that_is_none_is_told_with_its_place() {
    let folder = Folder::new();

    let (code, _, err) = folder.flags(&["explain", "one", "team.json", "--context", "{\"a\": }"]);

    assert!(err.contains("--context:1:7"), "{err}");
    assert_eq!(code, Some(2));
}
