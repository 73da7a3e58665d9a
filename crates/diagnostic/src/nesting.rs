//! Tables may not be nested too deeply.
//!
//! `toml` bounds the nesting of arrays and inline tables (at 80) and the parts of one key (at 80), but not their product: it
//! builds one table within another for each part of a key such as `a.b.c`, and drops them recursively, so that a text of
//! 12 KB can overflow a stack of 512 KiB. The check uses `toml`'s own lexer, so that the two cannot disagree about what is
//! a string or a comment.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

/// The first place of a TOML text that is nested more than so many levels deep, as bytes of the text. A header may be so
/// deep, and a line below it once more.
pub fn too_deep_toml(text: &str, most: usize) -> Option<Range<usize>> {
    // The dots of the key that led to each open bracket, and of the key read now.
    let mut enclosing: Vec<usize> = Vec::new();
    let mut enclosing_dots = 0;
    let mut dots = 0;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket => {
                enclosing.push(dots);
                enclosing_dots += dots;
                dots = 0;
            }
            TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket => {
                enclosing_dots -= enclosing.pop().unwrap_or(0);
                dots = 0;
            }
            TokenKind::Comma | TokenKind::Newline => dots = 0,
            _ => {}
        }
        if enclosing.len() + enclosing_dots + dots > most {
            let span = token.span();
            return Some(span.start()..span.end());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_key_and_the_brackets_around_it_count_together() {
        let fine = [
            format!("[a{}]\nb{} = 1\n", ".b".repeat(31), ".c".repeat(32)).repeat(9),
            format!("x = {{ a{} = 1, b{} = 2 }}", ".b".repeat(31), ".c".repeat(31)),
            format!("x = [{}]", "{ a.b = [1.5] }, ".repeat(100)),
            format!("x = \"{}\" # {}", "[.{".repeat(99), "[.{".repeat(99)),
            format!("x = {}{}", "[".repeat(32), "]".repeat(32)),
        ];
        let deep = [
            format!("[a{}]", ".b".repeat(32)),
            format!("a{} = 1", " . 'b'".repeat(33)),
            format!("x = {{ y = 1, a{} = 1 }}", ".\"b\"".repeat(32)),
            "{ a.b = ".repeat(17),
            "[".repeat(33),
        ];

        for text in fine {
            assert_eq!(too_deep_toml(&text, 32), None, "{text}");
        }
        for text in deep {
            assert!(too_deep_toml(&text, 32).is_some(), "{text}");
        }
    }
}
