use graylane_diagnostic::{Diagnostic, Diagnostics, list, meant, quote};

use crate::program::shape::{OPERATORS, Operator, Shape};
use crate::program::{Call, Constant, Decision, Expr, Iterate, Iteration, Ladder, Program, Scope, Word};
use crate::tape::{Items, Seen, View};
use crate::{Bucketing, Number, Value, Variant};

mod fraction;
mod fuse;
mod path;

/// The deepest nesting of operators and lists. The evaluator goes as deep on the stack.
const DEEPEST: u32 = 64;

/// What to do with a rule that flagd's schema forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It is a mistake.
    Strict,
    /// The flag answers as flagd does: mostly with an error, where some operators have the wrong operands with nothing.
    AsFlagd,
}

/// A rule, compiled, and the mistakes in it.
#[derive(Debug)]
pub(crate) struct Compiled<P = Program> {
    pub(crate) program: P,
    pub(crate) mistakes: Vec<Diagnostic>,
}

/// Compiles the rule of a flag with these variants.
pub(crate) fn compile(
    rule: View<'_>,
    variants: &[Variant],
    bucketing: Bucketing,
    manner: Manner,
) -> Compiled {
    let mut compiler = Compiler {
        variants,
        bucketing,
        manner,
        scope: Scope::Context,
        depth: 0,
        makes: false,
        mistakes: Vec::new(),
    };
    let rule = Ladder::of(compiler.expr(rule));
    Compiled {
        program: Program {
            rule,
            makes: compiler.makes,
        },
        mistakes: compiler.mistakes,
    }
}

struct Compiler<'d> {
    variants: &'d [Variant],
    bucketing: Bucketing,
    manner: Manner,
    scope: Scope,
    depth: u32,
    makes: bool,
    mistakes: Vec<Diagnostic>,
}

impl Compiler<'_> {
    fn expr(&mut self, node: View<'_>) -> Expr {
        if self.depth == DEEPEST {
            return self.broken(
                Diagnostic::new(format!("the rule is nested deeper than {DEEPEST} levels"))
                    .hint("split it: flatten `if` chains into one `if` with many conditions, or use `in`")
                    .at(node.span()),
            );
        }
        self.depth += 1;
        let expr = match node.data() {
            Seen::Map(mut entries) => match (entries.len(), entries.next()) {
                (1, Some((operator, operands))) => self.operator(node, operator, operands),
                (count, _) => self.broken(
                    Diagnostic::new(format!("an object with {count} keys is no rule"))
                        .hint("a rule is an object with one key, the operator: {\"==\": [..]}")
                        .at(node.span()),
                ),
            },
            Seen::List(items) => match constants(items) {
                Some(items) => Expr::List(items),
                None => {
                    self.makes = true;
                    Expr::Build(items.map(|item| self.expr(item)).collect())
                }
            },
            Seen::Null => Expr::Null,
            Seen::Bool(value) => Expr::Bool(value),
            Seen::Number(Number::Integer(value)) => Expr::Integer(value),
            Seen::Number(Number::Float(value)) => Expr::Float(value),
            Seen::Text(text) => Expr::Text(self.constant(text)),
        };
        self.depth -= 1;
        expr
    }

    fn constant(&self, text: &str) -> Constant {
        let variant = self.variants.iter().position(|variant| *variant.name == *text);
        Constant {
            text: text.into(),
            decision: Decision::of(variant),
        }
    }

    fn operator(&mut self, node: View<'_>, key: View<'_>, operands: View<'_>) -> Expr {
        let Some(operator) = Operator::find(key.text()) else {
            return self.unknown(key, operands);
        };
        // One operand may stand without its list.
        let (items, listed): (Vec<View<'_>>, bool) = match operands.data() {
            Seen::List(items) => (items.collect(), true),
            _ => (vec![operands], false),
        };
        if !operator.takes(items.len()) {
            return self.refuse(
                operator,
                Diagnostic::new(format!("{} has {} operands", quote(operator.name), items.len()))
                    .hint(format!("it takes {}", operator.wants()))
                    .at(node.span()),
            );
        }
        match operator.shape {
            Shape::Var => self.var(&items),
            Shape::If => Expr::If(self.exprs(&items)),
            Shape::And => fuse::and(self.exprs(&items)),
            Shape::Or => Expr::Or(self.exprs(&items)),
            Shape::Not => Expr::Not(Box::new(self.expr(items[0]))),
            Shape::Truth => Expr::Truth(Box::new(self.expr(items[0]))),
            Shape::Word(word) => self.word(operator, word, &items),
            Shape::Iteration(how) => self.iteration(how, &items),
            Shape::Fractional if listed => self.fractional(operator, &items),
            Shape::Fractional => self.refuse(
                operator,
                Diagnostic::new("`fractional` takes a list")
                    .hint("write {\"fractional\": [[\"on\", 30], [\"off\", 70]]}")
                    .at(operands.span()),
            ),
        }
    }

    fn exprs(&mut self, nodes: &[View<'_>]) -> Box<[Expr]> {
        nodes.iter().map(|node| self.expr(*node)).collect()
    }

    fn word(&mut self, operator: &Operator, word: Word, items: &[View<'_>]) -> Expr {
        self.makes |= word.makes();
        let operands = self.exprs(items);
        if let (Word::SemVer, Manner::Strict) = (word, self.manner)
            && let Some(mistake) = fuse::wrong_version(items)
        {
            return self.refuse(operator, mistake);
        }
        fuse::call(Call {
            word,
            scope: self.scope,
            operands,
        })
    }

    fn iteration(&mut self, how: Iteration, items: &[View<'_>]) -> Expr {
        self.makes |= matches!(how, Iteration::Map | Iteration::Filter);
        let list = self.expr(items[0]);
        let start = items.get(2).map_or(Expr::Null, |start| self.expr(*start));
        let inner = match how {
            Iteration::Reduce => Scope::Reduction,
            _ => Scope::Item,
        };
        let outer = std::mem::replace(&mut self.scope, inner);
        let each = self.expr(items[1]);
        self.scope = outer;
        Expr::Iterate(Box::new(Iterate {
            how,
            list,
            each,
            start,
        }))
    }

    fn unknown(&mut self, key: View<'_>, operands: View<'_>) -> Expr {
        let mistake = match (key.text(), operands.data()) {
            ("$ref", Seen::Text(name)) => Diagnostic::new(format!("there is no evaluator {}", quote(name)))
                .hint("define it under `$evaluators`")
                .at(operands.span()),
            (name, _) => Diagnostic::new(format!("{} is no operator", quote(name)))
                .hint(
                    match meant(name, OPERATORS.iter().map(|operator| operator.name)) {
                        Some(other) => format!("did you mean {}?", quote(other)),
                        None => format!(
                            "the operators are {}",
                            list(OPERATORS.iter().map(|operator| operator.name))
                        ),
                    },
                )
                .at(key.span()),
        };
        self.broken(mistake)
    }

    /// More are not shown, and in a large rule they would be many times its size.
    fn note(&mut self, mistake: Diagnostic) {
        if self.mistakes.len() < Diagnostics::MAX {
            self.mistakes.push(mistake);
        }
    }

    /// A mistake at which flagd fails.
    fn broken(&mut self, mistake: Diagnostic) -> Expr {
        self.note(mistake);
        Expr::Broken
    }

    /// Wrong operands of an operator.
    fn refuse(&mut self, operator: &Operator, mistake: Diagnostic) -> Expr {
        self.note(mistake);
        if operator.forgives() {
            Expr::Null
        } else {
            Expr::Broken
        }
    }
}

/// The values, if all of them are constants.
fn constants(items: Items<'_>) -> Option<Box<[Value]>> {
    items.map(|item| constant(item, DEEPEST)).collect()
}

fn constant(node: View<'_>, depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    Some(match node.data() {
        Seen::List(items) => Value::List(items.map(|item| constant(item, depth)).collect::<Option<_>>()?),
        Seen::Map(_) => return None,
        _ => node.to_value(),
    })
}
