use super::*;
use crate::{Data, Number};

fn read(text: &str) -> Result<Node, String> {
    let source = Source::new("flags.json", text.to_owned());
    read_json(&source).map_err(|faults| faults.render(&source))
}

fn data(text: &str) -> Data {
    read(text).unwrap_or_else(|error| panic!("{error}")).data
}

fn number(text: &str) -> Number {
    match data(text) {
        Data::Number(number) => number,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mistake_shows_its_place_and_what_to_do() {
    let text = "{\n  \"flags\": {\n    \"a\": {\"state\": \"ENABLED\",}\n  }\n}";

    let error = read(text).unwrap_err();

    assert_eq!(
        error,
        "error: there is a comma after the last value
 --> flags.json:3:29
  |
3 |     \"a\": {\"state\": \"ENABLED\",}
  |                             ^
hint: JSON has commas only between two values: remove it
"
    );
}

#[test]
fn each_mistake_has_words_of_its_own() {
    for (text, message, hint) in [
        ("", "the text is empty", "the smallest one is"),
        (" \n", "the text is empty", "the smallest one is"),
        (
            "{",
            "the text ends where a key in double quotes should stand",
            "is the file complete?",
        ),
        (
            "[1",
            "the text ends where `,` or `]` should stand",
            "is the file complete?",
        ),
        ("[1 2]", "`2` stands where `,` or `]` should", "this is not JSON"),
        (
            "{\"a\": 1 \"b\": 2}",
            "`\"` stands where `,` or `}` should",
            "is a comma missing before it?",
        ),
        (
            "{a: 1}",
            "`a` stands where a key in double quotes should",
            "this is not JSON",
        ),
        (
            "{'a': 1}",
            "`'` stands where a key in double quotes should",
            "double quotes",
        ),
        (
            "{\"a\" = 1}",
            "`=` stands where `:` after the key should",
            "a TOML file?",
        ),
        (
            "{\"a\": }",
            "`}` stands where a value should",
            "is a bracket missing",
        ),
        ("[1,]", "there is a comma after the last value", "remove it"),
        ("[,1]", "`,` stands where a value should", "this is not JSON"),
        (
            "{} {}",
            "`{` stands where the end of the text should",
            "this is not JSON",
        ),
        (
            "[1] // two",
            "`/` stands where the end of the text should",
            "JSON has no comments",
        ),
        ("# a", "`#` stands where a value should", "JSON has no comments"),
        (
            "{\"a\": 1, \"\\u0061\": 2}",
            "`a` stands twice",
            "remove one of the two",
        ),
        ("\"a", "the string has no end", "double quote"),
        (
            "\"a\nb\"",
            "a line break or control character stands within a string",
            "write it as \\n",
        ),
        (
            "\"a\u{1}\"",
            "a line break or control character stands within a string",
            "write it as \\u0001",
        ),
        (
            "\"C:\\dir\"",
            "`\\d` is no escape",
            "a backslash is written twice",
        ),
        (
            "\"\\u12g4\"",
            "four hexadecimal digits should follow `\\u`",
            "\\u00e4",
        ),
        (
            "\"\\u+123\"",
            "four hexadecimal digits should follow `\\u`",
            "\\u00e4",
        ),
        ("\"\\ud800\"", "`\\ud800` is half a character", "a pair"),
        ("\"\\ud800\\u0041\"", "`\\ud800` is half a character", "a pair"),
        ("\"\\udc00\\ud800\"", "`\\udc00` is half a character", "a pair"),
        ("NaN", "`NaN` is not JSON", "finite numbers only"),
        ("-Infinity", "`-Infinity` is not a number", "finite numbers only"),
        ("True", "`True` is not JSON", "write true"),
        ("nul", "`nul` is not JSON", "double quotes"),
        ("1e999", "`1e999` is too large", "1.79"),
        ("-1e999", "`-1e999` is too large", "1.79"),
        ("012", "`012` is not a number", "does not start with 0"),
        ("-", "`-` is not a number", "such as 5"),
        ("1.", "`1.` is not a number", "digits follow the dot"),
        ("1.e5", "`1.e5` is not a number", "such as 5"),
        (".5", "`.` stands where a value should", "starts with a digit"),
        ("+5", "`+` stands where a value should", "starts with a digit"),
        ("1_000", "`1_000` is not a number", "no `_`"),
        ("0x1f", "`0x1f` is not a number", "decimal"),
        ("1e", "`1e` is not a number", "such as 5"),
        ("12px", "`12px` is not a number", "double quotes"),
    ] {
        let error = read(text).unwrap_err();

        assert!(
            error.starts_with(&format!("error: {message}\n")),
            "{text}: {error}"
        );
        assert!(error.contains(hint), "{text}: {error}");
    }
}

#[test]
fn numbers_are_whole_where_they_are_written_so_and_fit() {
    assert_eq!(number("0"), Number::Integer(0));
    assert_eq!(number("-9223372036854775808"), Number::Integer(i64::MIN));
    assert_eq!(number("9223372036854775807"), Number::Integer(i64::MAX));
    assert_eq!(
        number("9223372036854775808"),
        Number::Float(9_223_372_036_854_775_808.0)
    );
    assert_eq!(number("1.0"), Number::Float(1.0));
    assert_eq!(number("1e2"), Number::Float(100.0));
    assert_eq!(number("-0.5E-1"), Number::Float(-0.05));
    assert_eq!(number("1e-999"), Number::Float(0.0));
    assert_eq!(number(&"9".repeat(300)), Number::Float(1e300));
}

#[test]
fn strings_mean_what_their_escapes_say() {
    assert_eq!(
        data(r#""a\"\\\/\b\f\n\r\t""#),
        Data::Text("a\"\\/\u{8}\u{c}\n\r\t".into())
    );
    assert_eq!(data(r#""\u00e4\uD83D\uDE00灰""#), Data::Text("ä😀灰".into()));
    assert_eq!(data(r#""\u0000""#), Data::Text("\0".into()));
    assert_eq!(data("\"\u{7f}\u{2028}\""), Data::Text("\u{7f}\u{2028}".into()));
}

#[test]
fn every_value_knows_its_bytes_among_several_texts() {
    let mut sources = graylane_diagnostic::Sources::new(Source::new("a", "x".to_owned()));
    let source = sources
        .add(Source::new("b", " {\"k\": [1, \"ä\"]}".to_owned()))
        .clone();

    let node = read_json(&source).unwrap();

    let Data::Map(fields) = &node.data else { panic!() };
    let (key, list) = &fields[0];
    let Data::List(items) = &list.data else { panic!() };
    let spans = [&node.span, &key.span, &list.span, &items[0].span, &items[1].span];
    let texts = spans.map(|span| &source.text()[span.start - source.base()..span.end - source.base()]);
    assert_eq!(
        texts,
        ["{\"k\": [1, \"ä\"]}", "\"k\"", "[1, \"ä\"]", "1", "\"ä\""]
    );
    assert_eq!(source.base(), 2);
}

#[test]
fn a_text_is_nested_64_deep_and_no_deeper() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));

    assert!(read(&nested(64)).is_ok());
    assert!(
        read(&nested(65))
            .unwrap_err()
            .starts_with("error: nested more than 64 deep\n --> flags.json:1:65\n")
    );
    assert!(read(&"[{\"a\":".repeat(1_000_000)).is_err());
}

#[test]
fn a_text_that_is_too_long_is_refused_before_it_is_read() {
    let error = read(&" ".repeat(crate::MAX_TEXT + 1)).unwrap_err();

    assert!(
        error.starts_with("error: the text has 33554433 bytes, more than 33554432\n"),
        "{error}"
    );
}

#[test]
fn keys_may_be_many() {
    let keys: Vec<String> = (0..10_000).map(|key| format!("\"k{key}\": {key}")).collect();
    let all = keys.join(",");

    assert!(read(&format!("{{{all}}}")).is_ok());
    assert!(
        read(&format!("{{{all}, \"k77\": 1}}"))
            .unwrap_err()
            .starts_with("error: `k77` stands twice")
    );
}
