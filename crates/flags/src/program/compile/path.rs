use graylane_diagnostic::{Diagnostic, quote};

use crate::Number;
use crate::program::compile::Compiler;
use crate::program::{Expr, Path, Scope, Var, VarBy};
use crate::tape::{Seen, View};

impl Compiler<'_> {
    pub(super) fn var(&mut self, items: &[View<'_>]) -> Expr {
        let (path, default) = match items {
            [path] => (*path, Expr::Null),
            [path, default, ..] => (*path, self.expr(*default)),
            [] => return Expr::Broken,
        };
        let var = match path.data() {
            Seen::Text(text) => self.known(path, text),
            Seen::Number(Number::Integer(index)) => self.known(path, &index.to_string()),
            Seen::Null => self.known(path, ""),
            Seen::Map(_) => {
                self.makes = true;
                let path = self.expr(path);
                return Expr::VarBy(Box::new(VarBy {
                    scope: self.scope,
                    path,
                    default,
                }));
            }
            Seen::Bool(_) | Seen::Number(Number::Float(_)) | Seen::List(_) => Err(Diagnostic::new(
                "`var` wants the name of a field",
            )
            .hint("write {\"var\": \"user.tier\"}, or with a default {\"var\": [\"user.tier\", \"free\"]}")
            .at(path.span())),
        };
        match (var, default) {
            (Ok(var), Expr::Null) => Expr::Var(var),
            (Ok(var), default) => Expr::VarOr(Box::new((var, default))),
            (Err(mistake), _) => self.broken(mistake),
        }
    }

    fn known(&self, node: View<'_>, path: &str) -> Result<Var, Diagnostic> {
        let parts = |path: &str| -> Box<[Box<str>]> {
            match path {
                "" => Box::default(),
                path => path.split('.').map(Box::from).collect(),
            }
        };
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        match (self.scope, path) {
            (Scope::Item, path) => Ok(Var::Item(parts(path))),
            (Scope::Reduction, "") => Err(Diagnostic::new("`var` without a name within `reduce`")
                .hint("name `current` or `accumulator`")
                .at(node.span())),
            (Scope::Reduction, _) => Ok(match first {
                "current" => Var::Current(parts(rest)),
                "accumulator" => Var::Accumulator(parts(rest)),
                _ => Var::Nowhere,
            }),
            (Scope::Context, "") => Err(Diagnostic::new("`var` without a name means the whole context")
                .hint("name the field: {\"var\": \"email\"}")
                .at(node.span())),
            (Scope::Context, "targetingKey") => Ok(Var::TargetingKey),
            (Scope::Context, "$flagd.flagKey") => Ok(Var::FlagKey),
            (Scope::Context, "$flagd.timestamp") => Ok(Var::Seconds),
            (Scope::Context, _) if first == "$flagd" => {
                Err(Diagnostic::new(format!("flagd gives no {}", quote(path)))
                    .hint("there are `$flagd.flagKey` and `$flagd.timestamp`")
                    .at(node.span()))
            }
            (Scope::Context, path) if rest.is_empty() => Ok(Var::Field(path.into())),
            (Scope::Context, path) => Ok(Var::Below(Box::new(Path {
                whole: path.into(),
                parts: parts(path),
            }))),
        }
    }
}
