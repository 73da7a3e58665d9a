use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

#[test]
fn a_path_fits_segment_by_segment() {
    for (text, path, values) in [
        ("/", "/", Some(vec![])),
        ("/", "/a", None),
        ("/users/{id}", "/users/7", Some(vec!["7"])),
        ("/users/{id}", "/users/", None),
        ("/users/{id}", "/users", None),
        ("/users/{id}", "/users/7/", None),
        ("/users/{id}", "/%75sers/a%2Fb", Some(vec!["a%2Fb"])),
        ("/{a}/x/{b}", "/1/x/2", Some(vec!["1", "2"])),
        ("/files/{path...}", "/files/a/b/", Some(vec!["a/b/"])),
        ("/files/{path...}", "/files/", Some(vec![""])),
        ("/files/{path...}", "/files", None),
        ("/{all...}", "/", Some(vec![""])),
        ("/{all...}", "*", None),
        ("/灰", "/%E7%81%B0", Some(vec![])),
    ] {
        assert_eq!(pattern(text).matched(path), values, "{text} {path}");
    }
}

#[test]
fn what_is_no_path_is_told_why() {
    for (text, why) in [
        ("", NoPattern::NoSlash),
        ("users", NoPattern::NoSlash),
        ("/a?b", NoPattern::Character('?')),
        ("/a\nb", NoPattern::Character('\n')),
        ("/a%20b", NoPattern::Character('%')),
        ("/a{id}", NoPattern::Name),
        ("/{id", NoPattern::Name),
        ("/{}", NoPattern::Name),
        ("/{...}", NoPattern::Name),
        ("/{a.b}", NoPattern::Name),
        ("/{a...}/b", NoPattern::RestWithin),
        ("/{a}/{a}", NoPattern::Twice("a".into())),
    ] {
        assert_eq!(Pattern::parse(text).unwrap_err(), why, "{text}");
    }
    assert_eq!(
        Pattern::parse(&format!("/{}", "a".repeat(LONGEST))).unwrap_err(),
        NoPattern::TooLong
    );
}

#[test]
fn the_more_specific_path_comes_first() {
    let mut all = ["/{a...}", "/{a}", "/a/{b...}", "/a/{b}", "/{a}/b", "/a/b", "/a"].map(pattern);

    all.sort();

    assert_eq!(
        all.each_ref().map(Pattern::as_str),
        ["/a", "/a/b", "/a/{b}", "/a/{b...}", "/{a}", "/{a}/b", "/{a...}"]
    );
    assert_eq!(pattern("/{a}/{b...}"), pattern("/{x}/{y...}"));
}

#[test]
fn only_what_is_encoded_is_decoded() {
    for (text, expected) in [
        ("a%20b", "a b"),
        ("%E7%81%B0", "灰"),
        ("%zz%4", "%zz%4"),
        ("%+1%ff", "%+1\u{fffd}"),
        ("a+b", "a+b"),
        ("%00%0d%0A", "\0\r\n"),
    ] {
        assert_eq!(decoded(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn the_values_of_a_path_make_the_path_again(parts in prop::collection::vec("[a-z%0-9.]{1,5}", 1..6), rest in "[a-z/]{0,9}") {
        let names: Vec<_> = (0..parts.len()).map(|number| format!("{{n{number}}}")).collect();
        let pattern = pattern(&format!("/{}/{{rest...}}", names.join("/")));
        let path = format!("/{}/{rest}", parts.join("/"));

        let values = pattern.matched(&path).unwrap();

        prop_assert_eq!(format!("/{}", values.join("/")), path);
    }

    #[test]
    fn no_path_of_a_client_is_too_strange(text in "/[a-z{}./]{0,20}", path in ".{0,40}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = pattern.matched(&path);
        }
    }
}
