use proptest::prelude::*;

use super::*;

fn parse(text: &str, media: Media) -> Result<Template, Wrong> {
    Template::parse(text, media, |name| (name == "id").then_some(0))
}

/// With this value everywhere.
fn rendered(text: &str, media: Media, value: &str) -> String {
    parse(text, media).unwrap().render(|_, _| value.into())
}

#[test]
fn a_body_without_placeholders_stays_as_it_is() {
    for text in ["", "{", "}}", "{ {", "{\"a\":{}}", "灰"] {
        assert_eq!(rendered(text, Media::Plain, "?"), text);
    }
    assert_eq!(rendered("a{{{{b}}{{{{", Media::Other, "?"), "a{{b}}{{");
}

#[test]
fn every_placeholder_is_known() {
    let text = "{{path.id}}{{ query.a.b }}{{header.X-Y}}{{trace}}{{service}}{{lane}}{{fault}}{{method}}";

    let template = parse(text, Media::Plain).unwrap();

    let all: Vec<_> = template
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Value(placeholder, How::Plain) => placeholder.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        all,
        [
            Placeholder::Path(0),
            Placeholder::Query("a.b".into()),
            Placeholder::Header("x-y".into()),
            Placeholder::Trace,
            Placeholder::Service,
            Placeholder::Lane,
            Placeholder::Fault,
            Placeholder::Method,
        ]
    );
}

#[test]
fn what_is_no_template_is_told_with_its_place() {
    for (text, media, at, message) in [
        ("a {{b}} c", Media::Plain, "{{b}}", "`b` is no placeholder"),
        ("{{}}", Media::Plain, "{{}}", "`` is no placeholder"),
        (
            "{{path.}}",
            Media::Plain,
            "{{path.}}",
            "`path.` is no placeholder",
        ),
        (
            "{{path.x}}",
            Media::Plain,
            "{{path.x}}",
            "`path.x` is not named in the path",
        ),
        (
            "{{body.x}}",
            Media::Plain,
            "{{body.x}}",
            "`body.x` is no placeholder",
        ),
        (
            "{{{path.id}}}",
            Media::Plain,
            "{{{path.id}}",
            "`{path.id` is no placeholder",
        ),
        ("ä {{trace", Media::Plain, "{{", "a placeholder is not closed"),
        (
            "{{header.Cookie}}",
            Media::Plain,
            "{{header.Cookie}}",
            "`header.Cookie` is a secret",
        ),
        (
            "{{header.authorization}}",
            Media::Json,
            "{{header.authorization}}",
            "`header.authorization` is a secret",
        ),
        ("x({{trace}})", Media::Other, "{{trace}}", "nobody knows how"),
        (
            "{\"a\":}",
            Media::Json,
            "{\"a\":}",
            "the body is not JSON: expected value",
        ),
        (
            "{\"a\":\"\\{{trace}}\"}",
            Media::Json,
            "{\"a\":\"\\{{trace}}\"}",
            "the body is not JSON",
        ),
        (
            "{\"a\":1{{trace}}x}",
            Media::Json,
            "{\"a\":1{{trace}}x}",
            "the body is not JSON",
        ),
        (
            "{\"a\":1{{trace}}}",
            Media::Json,
            "{\"a\":1{{trace}}}",
            "the body is not JSON",
        ),
        (
            "{\"a\":-{{trace}}}",
            Media::Json,
            "{\"a\":-{{trace}}}",
            "the body is not JSON",
        ),
        (
            "{\"a\":{{trace}}.5}",
            Media::Json,
            "{\"a\":{{trace}}.5}",
            "the body is not JSON",
        ),
        (
            "{ {{trace}}: 1 }",
            Media::Json,
            "{ {{trace}}: 1 }",
            "the body is not JSON",
        ),
    ] {
        let wrong = parse(text, media).unwrap_err();

        assert!(wrong.message.starts_with(message), "{text}: {}", wrong.message);
        assert_eq!(&text[wrong.at], at, "{text}");
    }
    let many = "{{trace}} ".repeat(MOST + 1);
    assert!(
        parse(&many, Media::Plain)
            .unwrap_err()
            .message
            .starts_with("more than")
    );
}

#[test]
fn a_value_of_json_is_escaped_for_where_it_stands() {
    let text = r#"{"a":"x {{path.id}}","b\"{{trace}}":{{path.id}},"c":[{{lane}}]}"#;

    let body = rendered(text, Media::Json, "7\"");
    let number = rendered(text, Media::Json, "7");

    assert_eq!(body, r#"{"a":"x 7\"","b\"7\"":"7\"","c":["7\""]}"#);
    assert_eq!(number, r#"{"a":"x 7","b\"7":7,"c":[7]}"#);
}

#[test]
fn a_long_value_is_cut_between_characters() {
    let body = rendered("{{trace}}", Media::Plain, &"灰".repeat(MAX_VALUE));

    assert_eq!(body, "灰".repeat(MAX_VALUE / 3));
}

proptest! {
    #[test]
    fn any_value_leaves_json_what_it_is(value in any::<String>()) {
        let body = rendered(r#"{"a":"{{path.id}}","b":{{path.id}},"c":true}"#, Media::Json, &value);

        let read: serde_json::Value = serde_json::from_str(&body).unwrap();
        prop_assert_eq!(read.as_object().unwrap().len(), 3);
        prop_assert_eq!(&read["c"], &serde_json::Value::Bool(true));
        prop_assert!(value.starts_with(read["a"].as_str().unwrap()));
    }

    #[test]
    fn any_text_is_a_template_or_told_why(text in "[a-z{}\". ]{0,40}") {
        for media in [Media::Json, Media::Markup, Media::Plain, Media::Other] {
            if let Err(wrong) = parse(&text, media) {
                prop_assert!(wrong.at.end <= text.len());
            }
        }
    }
}
