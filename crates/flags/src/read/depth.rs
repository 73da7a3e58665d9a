//! Tables may not be nested too deeply.
//!
//! `toml` bounds the nesting of arrays and inline tables and the parts of one key, but not their product, and drops its
//! tables recursively. The check uses `toml`'s own lexer, so that the two cannot disagree about what is a string.

use std::ops::Range;

use toml_parser::lexer::TokenKind;

use super::MAX_DEPTH;

/// The first place that is too deep. A header may be [`MAX_DEPTH`] deep and a line below it once more; the whole is
/// bounded when the tree is made.
pub(super) fn exceeded(text: &str) -> Option<Range<usize>> {
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
        if enclosing.len() + enclosing_dots + dots > MAX_DEPTH {
            let span = token.span();
            return Some(span.start()..span.end());
        }
    }
    None
}
