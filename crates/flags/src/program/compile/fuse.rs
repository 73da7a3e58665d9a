//! Common shapes of rules that need no values in between.

use graylane_diagnostic::{Diagnostic, list, quote};

use crate::Value;
use crate::operator::{Packed, Range, Relation, Texts, Version};
use crate::program::{Call, Constant, Expr, Test, Var, Versions, What, Word};
use crate::tape::{Seen, View};

/// The call, or what does the same faster.
pub(super) fn call(mut call: Call) -> Expr {
    let fused = match call.word {
        Word::Equal => is(&mut call.operands, true, false),
        Word::StrictlyEqual => is(&mut call.operands, true, true),
        Word::NotEqual => is(&mut call.operands, false, false),
        Word::StrictlyNotEqual => is(&mut call.operands, false, true),
        Word::In => is_one_of(&mut call.operands),
        Word::SemVer => version(&mut call.operands),
        Word::StartsWith => end(&mut call.operands, What::StartsWith),
        Word::EndsWith => end(&mut call.operands, What::EndsWith),
        _ => None,
    };
    fused.unwrap_or_else(|| Expr::Call(Box::new(call)))
}

/// The same for `and`.
pub(super) fn and(operands: Box<[Expr]>) -> Expr {
    if operands.iter().any(|operand| !matches!(operand, Expr::Test(_))) {
        return Expr::And(operands);
    }
    let tests = operands.into_iter().filter_map(|operand| match operand {
        Expr::Test(test) => Some(*test),
        _ => None,
    });
    Expr::Tests(tests.collect())
}

fn test(var: Var, what: What) -> Expr {
    Expr::Test(Box::new(Test { var, what }))
}

fn is(operands: &mut [Expr], wanted: bool, strict: bool) -> Option<Expr> {
    let ([Expr::Var(_), Expr::Text(_)] | [Expr::Text(_), Expr::Var(_)]) = operands else {
        return None;
    };
    let [a, b] = operands else { return None };
    match (take(a), take(b)) {
        (Expr::Var(var), Expr::Text(Constant { text, .. }))
        | (Expr::Text(Constant { text, .. }), Expr::Var(var)) => {
            Some(test(var, What::Is { text, wanted, strict }))
        }
        _ => None,
    }
}

fn is_one_of(operands: &mut [Expr]) -> Option<Expr> {
    let [Expr::Var(_), Expr::List(items)] = &*operands else {
        return None;
    };
    if items.iter().any(|item| !matches!(item, Value::Text(_))) {
        return None;
    }
    let [var, items] = operands else { return None };
    match (take(var), take(items)) {
        (Expr::Var(var), Expr::List(items)) => {
            let texts = items.into_iter().filter_map(|item| match item {
                Value::Text(text) => Some(text),
                _ => None,
            });
            Some(test(var, What::OneOf(Texts::new(texts.collect()))))
        }
        _ => None,
    }
}

fn end(operands: &mut [Expr], what: impl FnOnce(Box<str>) -> What) -> Option<Expr> {
    let [Expr::Var(_), Expr::Text(_)] = operands else {
        return None;
    };
    let [var, text] = operands else { return None };
    match (take(var), take(text)) {
        (Expr::Var(var), Expr::Text(Constant { text, .. })) => Some(test(var, what(text))),
        _ => None,
    }
}

fn version(operands: &mut [Expr]) -> Option<Expr> {
    let [operand @ Expr::Var(_), Expr::Text(relation), Expr::Text(version)] = operands else {
        return None;
    };
    let relation = Relation::parse(&relation.text)?;
    let read = Version::parse(&version.text)?;
    let versions = Versions {
        range: Packed::parse(&version.text).map(|version| Range::new(relation, version)),
        numbers: read.numbers(),
        prerelease: read.prerelease().into(),
        written: version.text.clone(),
        relation,
    };
    match take(operand) {
        Expr::Var(var) => Some(test(var, What::Version(versions))),
        _ => None,
    }
}

fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Null)
}

/// What is wrong with the constants of a `sem_ver`.
pub(super) fn wrong_version(operands: &[View<'_>]) -> Option<Diagnostic> {
    let [a, relation, b] = operands else { return None };
    match relation.data() {
        Seen::Text(word) if Relation::parse(word).is_some() => {}
        Seen::Map(_) => {}
        _ => {
            let words = list(Relation::ALL.iter().map(|(word, _)| *word));
            return Some(
                Diagnostic::new("`sem_ver` has no such relation")
                    .hint(format!("it is one of {words}"))
                    .at(relation.span()),
            );
        }
    }
    [a, b].into_iter().find_map(|side| match side.data() {
        Seen::Text(text) if Version::parse(text).is_none() => Some(
            Diagnostic::new(format!("{} is no semantic version", quote(text)))
                .hint("write it as 1.2.3, 1.2.3-rc.1, or short as 1.2")
                .at(side.span()),
        ),
        _ => None,
    })
}
