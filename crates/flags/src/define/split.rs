use graylane_core::Weight;
use graylane_diagnostic::{Diagnostic, quote};

use super::faults::Faults;
use super::fields::{Others, known, object, text, wrong_type};
use crate::tape::{Seen, View};
use crate::{Kind, Number, Split, Value, Variant};

/// Which part of whom gets the on variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Share {
    by: Option<Box<str>>,
    share: u32,
    of: u32,
}

impl From<Weight> for Share {
    fn from(weight: Weight) -> Self {
        Self {
            by: None,
            share: weight.steps(),
            of: Weight::FULL.steps(),
        }
    }
}

const EXAMPLE: &str = "such as hash_mod = { mod = 100, key = \"uid\", threshold = 30 }";

/// Reads `{ mod = 100, key = "uid", threshold = 30 }`.
pub(super) fn hash_mod(node: View<'_>, faults: &mut Faults) -> Option<Share> {
    let span = node.span();
    let fields = object("`hash_mod`", node)
        .map_err(|fault| faults.add(fault.hint(EXAMPLE)))
        .ok()?;
    let [modulus, by, threshold] = known(
        fields,
        &[&["mod"], &["key"], &["threshold"]],
        Others::Refused,
        faults,
    );
    let before = faults.count();
    let mut number = |name: &str, field: Option<_>, min, max| match field {
        Some((_, node)) => whole(name, node, min, max)
            .map_err(|fault| faults.add(fault))
            .ok(),
        None => {
            let fault = Diagnostic::new(format!("`hash_mod` has no `{name}`"));
            faults.add(fault.hint(EXAMPLE).at(span.clone()));
            None
        }
    };
    let of = number("mod", modulus, 1, i32::MAX as u32);
    let share = number("threshold", threshold, 0, of.unwrap_or(i32::MAX as u32));
    let by = match by.map(|(_, node)| text("`key`", node)) {
        Some(Err(fault)) => {
            faults.add(fault.hint("the field of the context that decides, such as \"uid\""));
            None
        }
        Some(Ok(name)) => (&*name.name != "targetingKey").then(|| name.name.as_str().into()),
        None => None,
    };
    (faults.count() == before).then_some(Share {
        by,
        share: share?,
        of: of?,
    })
}

fn whole(name: &str, node: View<'_>, min: u32, max: u32) -> Result<u32, Diagnostic> {
    let fault = match node.data() {
        Seen::Number(Number::Integer(number)) => match u32::try_from(number) {
            Ok(number) if (min..=max).contains(&number) => return Ok(number),
            _ => Diagnostic::new(format!("`{name}` is out of range: {number}"))
                .hint(format!("it takes {min} to {max}")),
        },
        Seen::Number(Number::Float(_)) => {
            Diagnostic::new(format!("`{name}` takes a whole number, not a fraction")).hint(EXAMPLE)
        }
        _ => wrong_type(&format!("`{name}`"), "a whole number", node).hint(EXAMPLE),
    };
    Err(fault.at(node.span()))
}

/// Which of the variants are on and off.
pub(super) fn join(
    share: Share,
    kind: Kind,
    variants: &[Variant],
    default: Option<u16>,
) -> Result<Split, Diagnostic> {
    let [first, second] = variants else {
        let fault = Diagnostic::new(format!("a gray flag has two variants, not {}", variants.len()));
        return Err(fault.hint("the default variant for those who are off, and one for those who are on"));
    };
    let off = match default {
        Some(off) => off,
        None if kind == Kind::Boolean && first.value != second.value => {
            u16::from(second.value == Value::Bool(false))
        }
        None => {
            let (first, second) = (quote(&first.name), quote(&second.name));
            let fault = Diagnostic::new("a gray flag needs a default variant");
            return Err(fault.hint(format!("{first} or {second}: it is for those who are off")));
        }
    };
    let Share { by, share, of } = share;
    Ok(Split {
        on: 1 - off,
        off,
        by,
        share,
        of,
    })
}
