use super::*;

fn source(text: &str) -> Source {
    Source::new("graylane.toml", text.to_owned())
}

#[test]
fn a_mistake_shows_its_line_with_the_place_marked() {
    let source = source(&("\n".repeat(13) + "weight = 70\n"));
    let mistake = Diagnostic::new("too much").at(22..24).hint("lower it");

    let text = mistake.render(&source);

    let expected = "\
error: too much
 --> graylane.toml:14:10
   |
14 | weight = 70
   |          ^^
hint: lower it
";
    assert_eq!(text, expected);
}

#[test]
fn a_mistake_without_a_place_names_the_file() {
    let text = Diagnostic::new("there is no listener").render(&source(""));

    assert_eq!(text, "error: there is no listener\n --> graylane.toml\n");
}

#[test]
fn a_place_at_the_end_of_the_text_gets_one_mark() {
    let text = Diagnostic::new("ended early").at(4..4).render(&source("a = "));

    let expected = "error: ended early\n --> graylane.toml:1:5\n  |\n1 | a = \n  |     ^\n";
    assert_eq!(text, expected);
}

#[test]
fn a_long_line_is_shown_around_the_place() {
    let source = source(&format!("k = [{}\"x\"{}]", "1, ".repeat(100), ", 2".repeat(100)));

    let text = Diagnostic::new("not a number").at(305..308).render(&source);

    let lines: Vec<&str> = text.lines().collect();
    let mark = lines[4].find('^').unwrap();
    assert_eq!(lines[1], " --> graylane.toml:1:306");
    assert_eq!(lines[3].chars().count(), "1 | ".len() + WIDTH + 2);
    assert!(lines[3].starts_with("1 | …") && lines[3].ends_with('…'));
    assert_eq!(lines[3].chars().skip(mark).take(3).collect::<String>(), "\"x\"");
    assert_eq!(lines[4].matches('^').count(), 3);
}

#[test]
fn a_mark_never_leaves_the_shown_part_of_a_long_line() {
    let source = source(&format!("k = \"{}\"", "x".repeat(5000)));

    let text = Diagnostic::new("too long").at(4..5006).render(&source);

    let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest <= WIDTH + 6, "{widest}");
}

#[test]
fn nothing_from_the_file_reaches_the_terminal_unescaped() {
    let source = source("k = '\u{1b}[31m\u{202e}'\n");
    let mistake = Diagnostic::new("`\u{1b}[31m` is odd").at(4..10).hint("not \u{7}");

    let text = mistake.render(&source);

    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    assert!(text.contains("`\\u{1b}[31m` is odd"), "{text:?}");
}

#[test]
fn mistakes_are_kept_in_file_order_and_bounded() {
    let all = (0..500).rev().map(|at| Diagnostic::new("x").at(at..at)).collect();

    let all = Diagnostics::collect(all).unwrap();

    assert_eq!(all.iter().count(), Diagnostics::MAX);
    assert!(all.iter().zip(0..).all(|(one, at)| one.span == Some(at..at)));
    assert_eq!(all.to_string(), "x (and 99 more)");
    assert_eq!(Diagnostics::collect(Vec::new()), None);
}

#[test]
fn a_report_is_what_a_machine_expects() {
    let source = source("a\nb = 1\n");
    let all = Diagnostics::collect(vec![
        Diagnostic::new("nowhere"),
        Diagnostic::new("here").at(6..7).hint("do"),
    ]);

    let json = serde_json::to_string(&all.unwrap().reports(&source)).unwrap();

    assert_eq!(
        json,
        r#"[{"file":"graylane.toml","line":2,"column":5,"message":"here","hint":"do"},{"file":"graylane.toml","line":null,"column":null,"message":"nowhere","hint":null}]"#
    );
}
