use super::*;

fn read(text: &str) -> Result<Node, String> {
    let source = Source::new("flags.toml", text.to_owned());
    read_toml(&source).map_err(|faults| faults.render(&source))
}

#[test]
fn brackets_and_the_parts_of_keys_count_together() {
    // The table of the whole file counts as well.
    let fine = [
        format!("[a{}]\nb = 1", ".b".repeat(62)),
        format!("a{} = 1", ".b".repeat(63)),
        format!("x = {}{}", "[".repeat(63), "]".repeat(63)),
        format!("x = {}1{}", "{ a.b = [".repeat(20), "] }".repeat(20)),
        format!("x = \"{}\" # {}", "[.{".repeat(99), "[.{".repeat(99)),
    ];
    // The first half would be too deep for `toml` itself, the other for whoever recurses over the tree.
    let deep = [
        format!("[a{}]", ".b".repeat(64)),
        format!("[a{}]\nb{} = 1", ".b".repeat(9_999), ".c".repeat(9_999)),
        "x = ".to_owned() + &"{ a.b = ".repeat(9_999),
        "[".repeat(9_999),
        format!("[a{}]\nb{} = 1", ".b".repeat(40), ".c".repeat(40)),
        format!("[a{}]\nb = {}{}", ".b".repeat(40), "[".repeat(40), "]".repeat(40)),
    ];

    for text in fine {
        assert!(read(&text).is_ok(), "{text}: {}", read(&text).unwrap_err());
    }
    for text in deep {
        assert!(
            read(&text)
                .unwrap_err()
                .starts_with("error: nested more than 64 deep\n"),
            "{text}"
        );
    }
}

#[test]
fn all_values_that_flags_cannot_have_are_told() {
    let error = read("a = 1979-05-27\nb = [nan, 1, 07:32:00]\nc = 1e999\n").unwrap_err();

    let places: Vec<&str> = error.lines().filter(|line| line.starts_with(" --> ")).collect();
    assert_eq!(
        places,
        [
            " --> flags.toml:1:5",
            " --> flags.toml:2:6",
            " --> flags.toml:2:14",
            " --> flags.toml:3:5"
        ]
    );
}

#[test]
fn what_is_not_toml_is_told_in_words_that_help() {
    for (text, message, hint) in [
        ("{\"flags\": {}}", "", "this looks like JSON"),
        ("a = 1\na = 2", "`a` stands twice", "merge the two"),
        ("[a]\n[a]", "`a` stands twice", "merge the two"),
        ("a = on", "", "stands in quotes"),
    ] {
        let error = read(text).unwrap_err();

        assert!(error.starts_with(&format!("error: {message}")), "{error}");
        assert!(error.contains(hint), "{error}");
    }
}
