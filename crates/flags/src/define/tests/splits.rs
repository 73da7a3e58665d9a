use super::*;
use crate::{Kind, Split, State, Value};

#[test]
fn a_gray_flag_without_variants_is_off_and_on() {
    let flag = one("state = \"gray-30\"");

    assert_eq!(
        (flag.kind, flag.state, flag.default),
        (Kind::Boolean, State::Enabled, Some(1))
    );
    assert_eq!(
        (&*flag.variants[0].name, &flag.variants[0].value),
        ("on", &Value::Bool(true))
    );
    assert_eq!(
        (&*flag.variants[1].name, &flag.variants[1].value),
        ("off", &Value::Bool(false))
    );
    let split = Split {
        on: 0,
        off: 1,
        by: None,
        share: 30_000,
        of: 100_000,
    };
    assert_eq!(flag.split, Some(split));
}

#[test]
fn the_default_of_a_gray_flag_is_off_and_the_other_one_on() {
    let old = one("state = \"gray-0.001\"\nvariants = { new = \"b\", old = \"a\" }\ndefault = \"old\"");
    let new = one("state = \"gray-100\"\nvariants = { new = \"b\", old = \"a\" }\ndefault = \"new\"");
    let inferred = one("state = \"gray-0\"\nvariants = { no = false, yes = true }");

    let split = |on, off, share| {
        Some(Split {
            on,
            off,
            by: None,
            share,
            of: 100_000,
        })
    };
    assert_eq!(old.split, split(0, 1, 1));
    assert_eq!(new.split, split(1, 0, 100_000));
    assert_eq!((inferred.split, inferred.default), (split(1, 0, 0), Some(0)));
}

#[test]
fn hash_mod_says_by_what_and_how_many() {
    let flag = one("state = \"enabled\"\nhash_mod = { mod = 100, key = \"uid\", threshold = 30 }");
    let plain =
        one("state = \"enabled\"\nhash_mod = { mod = 2147483647, key = \"targetingKey\", threshold = 0 }");

    let split = |by: Option<&str>, share, of| {
        Some(Split {
            on: 0,
            off: 1,
            by: by.map(Into::into),
            share,
            of,
        })
    };
    assert_eq!(flag.split, split(Some("uid"), 30, 100));
    assert_eq!(plain.split, split(None, 0, 2_147_483_647));
}

#[test]
fn each_mistake_in_a_split_has_words_of_its_own() {
    let three = "variants = { a = 1, b = 2, c = 3 }";
    let two = "variants = { a = 1, b = 2 }";
    for (lines, message, hint) in [
        (
            format!("state = \"gray-1\"\n{three}"),
            "a gray flag has two variants, not 3",
            "default variant",
        ),
        (
            format!("state = \"gray-1\"\n{two}"),
            "a gray flag needs a default variant",
            "`a` or `b`",
        ),
        (
            "state = \"gray-1\"\nhash_mod = { mod = 9, threshold = 3 }".into(),
            "`hash_mod` and a gray state both say",
            "`enabled`",
        ),
        (
            "state = \"on\"\nhash_mod = 30".into(),
            "`hash_mod` takes an object, not a number",
            "threshold = 30",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 100 }".into(),
            "`hash_mod` has no `threshold`",
            "threshold = 30",
        ),
        (
            "state = \"on\"\nhash_mod = { threshold = 30 }".into(),
            "`hash_mod` has no `mod`",
            "threshold = 30",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 0, threshold = 0 }".into(),
            "`mod` is out of range: 0",
            "1 to 2147483647",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 2147483648, threshold = 0 }".into(),
            "`mod` is out of range",
            "1 to",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 9, threshold = 10 }".into(),
            "`threshold` is out of range: 10",
            "0 to 9",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 9, threshold = -1 }".into(),
            "`threshold` is out of range: -1",
            "0 to 9",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 9.5, threshold = 1 }".into(),
            "`mod` takes a whole number, not a fraction",
            "",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 9, key = \"\", threshold = 1 }".into(),
            "`key` is empty",
            "uid",
        ),
        (
            "state = \"on\"\nhash_mod = { mod = 9, treshold = 1 }".into(),
            "`hash_mod` has no `threshold`",
            "did you mean `threshold`?",
        ),
    ] {
        let error = bad(&format!("[flags.f]\n{lines}\n"));

        assert!(
            error.starts_with(&format!("error: {message}")),
            "{lines}: {error}"
        );
        assert!(error.contains(hint), "{lines}: {error}");
    }
}
