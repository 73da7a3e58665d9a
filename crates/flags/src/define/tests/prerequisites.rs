use super::*;
use crate::Prerequisite;

/// Boolean flags, each with the flags that it wants.
fn flags(wanted: &[(&str, &[&str])]) -> String {
    let flags = wanted.iter().map(|(key, wanted)| {
        let wanted: Vec<String> = wanted.iter().map(|other| format!("{{ flag = \"{other}\" }}")).collect();
        let wanted = wanted.join(", ");
        format!("[flags.{key}]\nstate = \"on\"\nvariants = {{ off = false, on = true }}\nprerequisites = [{wanted}]\n")
    });
    flags.collect()
}

#[test]
fn a_flag_wants_another_to_be_true_or_one_of_its_variants() {
    let text = flags(&[("a", &["b"]), ("b", &[])])
        + "[flags.c]\nstate = \"on\"\nvariants = { x = 1, y = 2, z = 3 }\n"
        + "prerequisites = [{ flag = \"a\", variants = [\"off\"] }, { flag = \"b\" }]\n"
        + "[flags.d]\nstate = \"on\"\nvariants.x = 1\nprerequisites = [{ flag = \"c\", variants = [\"z\", \"x\"] }]\n";

    let definitions = good(&text);

    let of = |flag: usize| definitions.flags[flag].prerequisites.clone();
    let wanted = |flag, variants: &[u16]| Prerequisite {
        flag,
        variants: variants.to_vec(),
    };
    assert_eq!(of(0), [wanted(1, &[1])]);
    assert_eq!(of(1), []);
    assert_eq!(of(2), [wanted(0, &[0]), wanted(1, &[1])]);
    assert_eq!(of(3), [wanted(2, &[2, 0])]);
}

#[test]
fn a_circle_is_named() {
    let error = bad(&flags(&[
        ("a", &["b"]),
        ("b", &["c"]),
        ("c", &["d", "b"]),
        ("d", &[]),
    ]));

    assert_eq!(
        error,
        "error: flags want each other in a circle: `b` -> `c` -> `b`
 --> flags.toml:12:43
   |
12 | prerequisites = [{ flag = \"d\" }, { flag = \"b\" }]
   |                                           ^^^
hint: one of them must not want the next
"
    );
    assert!(
        bad(&flags(&[("a", &["a"])])).starts_with("error: flags want each other in a circle: `a` -> `a`\n")
    );
}

#[test]
fn a_long_circle_is_found_without_recursion() {
    let keys: Vec<String> = (0..20_000).map(|flag| format!("f{flag}")).collect();
    let wanted: Vec<[&str; 1]> = (0..keys.len())
        .map(|flag| [keys[(flag + 1) % keys.len()].as_str()])
        .collect();
    let all: Vec<(&str, &[&str])> = keys
        .iter()
        .zip(&wanted)
        .map(|(key, wanted)| (key.as_str(), &wanted[..]))
        .collect();

    let error = bad(&flags(&all));

    assert!(
        error.starts_with("error: flags want each other in a circle: `f0` -> `f1` -> "),
        "{error}"
    );
}

#[test]
fn flags_that_want_too_much_are_refused() {
    let chain: Vec<String> = (0..18).map(|flag| format!("f{flag}")).collect();
    let doubled: Vec<(&str, Vec<&str>)> = (0..18)
        .map(|flag| {
            (
                chain[flag].as_str(),
                chain.get(flag + 1).map_or(vec![], |next| vec![next.as_str(); 2]),
            )
        })
        .collect();
    let of = |from: usize, count: usize| -> String {
        let some: Vec<(&str, &[&str])> = doubled[from..]
            .iter()
            .map(|(key, wanted)| (*key, &wanted[..count.min(wanted.len())]))
            .collect();
        flags(&some)
    };

    assert!(read(&of(2, 1)).is_ok());
    assert!(bad(&of(0, 1)).starts_with("error: `f1` and what it wants are a chain of more than 16 flags\n"));
    assert!(read(&of(10, 2)).is_ok());
    assert!(
        bad(&of(9, 2)).starts_with("error: `f9` and what it wants are more than 256 flags to evaluate\n")
    );
}

#[test]
fn each_mistake_in_prerequisites_has_words_of_its_own() {
    let others = "[flags.other]\nstate = \"on\"\nvariants = { x = 1 }\n[flags.no]\nstate = \"on\"\nvariants = { x = false }\n";
    for (written, message, hint) in [
        (
            "1",
            "`prerequisites` takes an array of objects, not a number",
            "such as",
        ),
        ("[1]", "a prerequisite takes an object, not a number", "such as"),
        ("[{}]", "the prerequisite has no `flag`", "such as"),
        ("[{ flag = 1 }]", "`flag` takes a string, not a number", "such as"),
        (
            "[{ flag = \"othr\" }]",
            "there is no flag `othr`",
            "did you mean `other`?",
        ),
        (
            "[{ flag = \"other\" }]",
            "a variant of `other` is a number, never true",
            "`variants`",
        ),
        ("[{ flag = \"no\" }]", "no variant of `no` is true", "`variants`"),
        (
            "[{ flag = \"other\", variants = [\"y\"] }]",
            "there is no variant `y`",
            "`x`",
        ),
        (
            "[{ flag = \"other\", variants = [] }]",
            "no variant is good enough",
            "value true",
        ),
        (
            "[{ flag = \"other\", variants = \"x\" }]",
            "`variants` takes an array of names, not a string",
            "such as",
        ),
        (
            "[{ flag = \"other\", variants = [1] }]",
            "`variants` takes a string, not a number",
            "such as",
        ),
        (
            "[{ flag = \"other\", variant = \"x\" }]",
            "`variant` is not known here",
            "did you mean `variants`?",
        ),
    ] {
        let error = bad(&format!(
            "{others}[flags.f]\nstate = \"on\"\nvariants.a = 1\nprerequisites = {written}\n"
        ));

        assert!(error.contains(&format!("error: {message}")), "{written}: {error}");
        assert!(error.contains(hint), "{written}: {error}");
    }
}
