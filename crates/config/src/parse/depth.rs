//! Keys such as `a.b.c` may not have too many parts.
//!
//! `toml` bounds the nesting of arrays and inline tables (at 80), but builds one table within another for each part of a
//! dotted key or a header, and drops them recursively: a header of 1 MiB would overflow the stack. The check uses `toml`'s own
//! lexer, so that the two cannot disagree about what is a string or a comment.

use toml_parser::lexer::TokenKind;

use crate::Diagnostic;

/// The most parts of a key. Ours have five at most (`lanes.<service>.<name>.respond.status`); a module may need more.
const MAX_PARTS: usize = 16;

pub(super) fn check(text: &str) -> Result<(), Diagnostic> {
    let mut start = 0;
    let mut parts = 1;
    for token in toml_parser::Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => parts += 1,
            TokenKind::Atom | TokenKind::Whitespace | TokenKind::BasicString | TokenKind::LiteralString => {}
            _ => {
                parts = 1;
                start = token.span().end();
            }
        }
        if parts > MAX_PARTS {
            let error = Diagnostic::new(format!("a key of more than {MAX_PARTS} parts"));
            return Err(error.hint("no key is so deep").at(start..token.span().end()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_a_bounded_number_of_parts() {
        let fine = format!(
            "[a{}]\nx = \"{}\" # {}",
            ".b".repeat(15),
            ".".repeat(99),
            ".".repeat(99)
        );
        let deep = [
            format!("[a{}]", ".b".repeat(16)),
            format!("a{} = 1", " . 'b'".repeat(16)),
            format!("x = {{ y = 1, a{} = 1 }}", ".\"b\"".repeat(16)),
        ];

        assert_eq!(check(&fine), Ok(()));
        for text in deep {
            assert!(check(&text).is_err(), "{text}");
        }
    }
}
