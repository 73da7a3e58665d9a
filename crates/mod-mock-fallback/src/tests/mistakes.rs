use super::*;

/// Of a mock with the path `/a/{id}` and these lines.
fn mistake(lines: &str) -> Mistake {
    Stage::with(&format!("[[mock]]\npath = \"/a/{{id}}\"\n{lines}\n")).mistake()
}

#[test]
fn a_mock_with_a_mistake_is_told_with_its_place() {
    for (lines, at, message) in [
        ("status = 199", "199", "199 is no status of an answer"),
        ("status = 600", "600", "600 is no status of an answer"),
        ("status = 70000", "70000", "70000 is no status"),
        ("status = \"200\"", "\"200\"", "invalid type"),
        ("method = \"get\"", "\"get\"", "`get` is no method"),
        ("method = \"\"", "\"\"", "`` is no method"),
        ("name = \"a b\"", "\"a b\"", "`a b` cannot be told in a header"),
        ("name = \"\"", "\"\"", "`` cannot be told"),
        ("bodi = \"\"", "bodi", "unknown field `bodi`"),
        (
            "headers = { \"a b\" = \"\" }",
            "\"a b\"",
            "`a b` is no name of a header",
        ),
        (
            "headers = { Content-Length = \"1\" }",
            "Content-Length",
            "`content-length` is written by the gateway",
        ),
        (
            "headers = { x-gray-mock = \"no\" }",
            "x-gray-mock",
            "`x-gray-mock` is written",
        ),
        (
            "headers = { X-Graylane-Fault = \"no\" }",
            "X-Graylane-Fault",
            "`x-graylane-fault` is written",
        ),
        ("headers = { x = \"1\", X = \"2\" }", "x", "`x` stands here twice"),
        (
            "headers = { x = \"a\\r\\nb: c\" }",
            "\"a\\r\\nb: c\"",
            "the value of `x` cannot be sent",
        ),
        (
            "headers = { x = \" a\" }",
            "\" a\"",
            "the value of `x` cannot be sent",
        ),
        (
            "headers = { x = \"ä\" }",
            "\"ä\"",
            "the value of `x` cannot be sent",
        ),
        (
            "body = \"{{path.ID}}\"",
            "\"{{path.ID}}\"",
            "`path.ID` is not named in the path",
        ),
        (
            "body = \"{{env.HOME}}\"",
            "\"{{env.HOME}}\"",
            "`env.HOME` is no placeholder",
        ),
        (
            "body = \"{\"\nheaders = { content-type = \"application/json\" }",
            "\"{\"",
            "the body is not JSON",
        ),
        (
            "body = \"\"\nbody_file = \"b\"",
            "\"b\"",
            "there is both a body and a body_file",
        ),
        ("body_file = \"b\"", "\"b\"", "there is no file `b`"),
        ("body_file = \"../b\"", "\"../b\"", "`../b` cannot be a body"),
        (
            "body_file = \"/etc/passwd\"",
            "\"/etc/passwd\"",
            "`/etc/passwd` cannot be a body",
        ),
        (
            "body_file = \"a.toml\"",
            "\"a.toml\"",
            "`a.toml` cannot be a body",
        ),
        (
            "status = 204\nbody = \"b\"",
            "\"b\"",
            "an answer with status 204 has no body",
        ),
        (
            "status = 304\nbody = \"b\"",
            "\"b\"",
            "an answer with status 304 has no body",
        ),
    ] {
        let found = mistake(lines);

        assert!(found.message.starts_with(message), "{lines}: {found:?}");
        assert!(found.at == at || at == "x", "{lines}: {found:?}");
    }
}

#[test]
fn a_file_that_is_no_list_of_mocks_is_told_with_its_place() {
    for (text, at, message) in [
        ("[[mock]]\n", "[[mock]]", "missing field `path`"),
        ("[[mock]]\npath = \"a\"\n", "\"a\"", "a path begins with `/`"),
        ("[[mock]\n", "", ""),
        ("[[moc]]\npath = \"/\"\n", "moc", "unknown field `moc`"),
        ("mock = 1\n", "1", "invalid type"),
    ] {
        let found = Stage::with(text).mistake();

        assert!(found.message.starts_with(message), "{text}: {found:?}");
        assert!(at.is_empty() || found.at == at, "{text}: {found:?}");
    }
    let deep = format!("x = {}1{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(Stage::with(&deep).mistake().message, "nested too deeply");
}

#[test]
fn a_mistake_in_a_body_of_its_own_is_told_there() {
    let stage = Stage::with("[[mock]]\npath = \"/\"\nbody_file = \"b\"\n").file("b", "line\nno {{what}}\n");

    let found = stage.mistake();

    assert_eq!(
        (found.message.as_str(), found.at.as_str()),
        ("`what` is no placeholder", "{{what}}")
    );
}

#[test]
fn two_mocks_that_fit_the_same_requests_are_a_mistake() {
    let mock = |lines: &str| format!("[[mock]]\n{lines}\n");
    for (one, other) in [
        ("path = \"/a/{x}\"", "path = \"/a/{y}\""),
        (
            "path = \"/a\"\nmethod = \"GET\"",
            "path = \"/a\"\nmethod = \"GET\"",
        ),
        (
            "path = \"/{a...}\"\nservice = \"s\"",
            "path = \"/{b...}\"\nservice = \"s\"",
        ),
    ] {
        let found = Stage::with(&mock(one)).file("b/c.toml", mock(other)).mistake();

        assert_eq!(
            found.message,
            "`b/c.toml#1` fits the same requests as `a.toml#1` in a.toml:1"
        );
        assert!(found.at.starts_with("[[mock]]"), "{found:?}");
    }
    for (one, other) in [
        ("path = \"/a\"", "path = \"/a/\""),
        ("path = \"/a\"", "path = \"/a\"\nmethod = \"GET\""),
        ("path = \"/a\"", "path = \"/a\"\nservice = \"s\""),
        ("path = \"/{a}\"", "path = \"/{a...}\""),
    ] {
        let stage = Stage::with(&(mock(one) + &mock(other)));

        assert!(
            stage.read(|settings| module().check(settings)).is_ok(),
            "{one} {other}"
        );
    }
}

#[test]
fn two_mocks_of_one_name_are_a_mistake() {
    let found =
        Stage::with("[[mock]]\nname = \"x\"\npath = \"/a\"\n\n[[mock]]\nname = \"x\"\npath = \"/b\"\n")
            .mistake();

    assert_eq!(
        found.message,
        "two mocks are called `x`: the other stands in a.toml:1"
    );
}

#[test]
fn there_are_so_many_mocks_and_no_more() {
    let mocks = |count| -> String {
        (0..count)
            .map(|number| format!("[[mock]]\npath = \"/{number}\"\n"))
            .collect()
    };

    let most = Stage::with(&mocks(1_000)).read(|settings| module().check(settings));
    let more = Stage::with(&mocks(1_001)).mistake();

    assert!(most.is_ok());
    assert_eq!(more.message, "more than 1000 mocks");
}
