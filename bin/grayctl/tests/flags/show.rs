//! `list` and `get`.

use super::*;

#[test]
fn list_is_a_table_of_all_files() {
    let folder = Folder::new();

    let (code, out, _) = folder.flags(&["list", "flags.toml", "team.json"]);

    assert_eq!(
        out,
        "\
flag     state     type     variants    default  rule  where
base     enabled   boolean  on,off      on       no    flags.toml:8
shop-v2  gray-5    boolean  on,off      off      yes   flags.toml:13
theme    enabled   string   dark,light  -        yes   flags.toml:19
third    gray-1/3  boolean  on,off      off      no    flags.toml:24
limit    enabled   number   low,high    -        no    team.json:4
one      disabled  object   low         low      no    team.json:8
"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn list_as_json_has_the_same() {
    let folder = Folder::new();

    let told = folder.json(&["list", "--json", "flags.toml"]);

    assert_eq!(
        told["flags"][1],
        serde_json::json!({"key": "shop-v2", "state": "gray-5", "type": "boolean", "variants": ["on", "off"],
            "default": "off", "rule": true, "where": "flags.toml:13"})
    );
}

#[test]
fn the_last_file_counts() {
    let folder = Folder::new();
    folder.write(
        "last.toml",
        "bucketing = \"flagd-v2\"\n[flags.theme]\nstate = \"off\"\nvariants.a = 1\n",
    );

    let (_, out, _) = folder.flags(&["list", "flags.toml", "last.toml"]);

    let line = out.lines().find(|line| line.starts_with("theme")).unwrap();
    assert_eq!(
        line,
        "theme    disabled  number   a         -        no    last.toml:2"
    );
}

#[test]
fn get_shows_the_whole_flag_with_its_evaluators() {
    let folder = Folder::new();

    let (code, out, _) = folder.flags(&["get", "shop-v2", "flags.toml"]);

    assert_eq!(
        out,
        "\
flag           shop-v2
where          flags.toml:13
state          gray-5
type           boolean
variants       on = true, off = false
default        off
split          5 % on, else off, by the targeting key
prerequisite   base is on
metadata       team = \"pay\"
targeting
  {\"if\": [{\"ends_with\": [{\"var\": \"email\"}, \"@a.example\"]}, \"on\"]}
"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn get_as_json_is_the_canonical_line() {
    let folder = Folder::new();

    let (_, out, _) = folder.flags(&["get", "third", "flags.toml", "--json"]);

    assert_eq!(
        out,
        "{\"state\":\"ENABLED\",\"variants\":{\"on\":true,\"off\":false},\"defaultVariant\":\"off\",\
         \"split\":{\"share\":1,\"of\":3,\"on\":\"on\",\"off\":\"off\",\"by\":\"uid\"}}\n"
    );
}

#[test]
fn a_flag_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let folder = Folder::new();

    let (code, _, err) = folder.flags(&["get", "shpo-v2", "flags.toml"]);

    assert_eq!(
        err,
        "error: there is no flag `shpo-v2`\nhint: did you mean `shop-v2`?\n"
    );
    assert_eq!(code, Some(32));
}

#[test]
fn files_that_cannot_be_read_have_their_own_code() {
    let folder = Folder::new();
    fs::write(folder.path("binary.toml"), b"a = 1\n\xff").unwrap();

    let (missing, _, message) = folder.flags(&["list", "no.toml"]);
    let (binary, _, line) = folder.flags(&["list", "binary.toml"]);
    let (none, _, _) = folder.flags(&["list"]);

    assert!(
        message.starts_with("error: no.toml cannot be read: No such file"),
        "{message}"
    );
    assert!(
        line.starts_with("error: binary.toml cannot be read: line 2 is not UTF-8\n"),
        "{line}"
    );
    assert_eq!((missing, binary, none), (Some(10), Some(10), Some(2)));
}
