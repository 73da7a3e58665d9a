//! The flags of the code, joined with those of the files.

use std::sync::Arc;

use super::{Flag, FlagType, Registered, Type};
use crate::set::Gray;
use crate::{CompiledFlag, Context, Fields, FlagId, FlagSet, Kind, Reason, Value, ValueRef};

/// A set in which each flag of the code has its place.
#[derive(Debug)]
pub struct Bound {
    set: Arc<FlagSet>,
    registry: u32,
    slots: Box<[Slot]>,
    ids: Box<[Option<FlagId>]>,
}

/// What a flag of the code is.
// A tag of its own: one hidden in a field must be worked out each time.
#[derive(Debug)]
#[repr(u8)]
enum Slot {
    /// The same for everybody.
    Fixed(Value),
    /// What the code says.
    Default,
    /// One of two values, without an evaluation: a split is drawn from, and nothing else.
    Draw(Box<Draw>),
    /// What an evaluation gives.
    Ask(FlagId),
}

#[derive(Debug)]
struct Draw {
    gray: Gray,
    on: Value,
    off: Value,
}

/// A flag of the code: what it is, and the flag of the files where there is one of its type.
type Joined = (Slot, Option<FlagId>);

/// How the code and the files differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Declared in code, in no file: they have their defaults.
    pub missing_in_files: Vec<Box<str>>,
    /// In a file, not declared in code.
    pub not_used_in_code: Vec<Box<str>>,
    /// Of another type than in code: they have their defaults.
    pub wrong_type: Vec<WrongType>,
}

/// A flag whose values do not have the type that the code wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the flag `{key}` is {code} in the code, and {} in the files", file.in_words())]
pub struct WrongType {
    /// Its key.
    pub key: Box<str>,
    /// The type in the code.
    pub code: Type,
    /// The type in the files; [`Kind::Number`] for a whole number means that one of the variants has a fraction.
    pub file: Kind,
}

impl Bound {
    /// Joins a set with the flags of the code, and says what does not fit.
    pub fn new(set: Arc<FlagSet>, registered: &Registered) -> (Self, Report) {
        let mut report = Report::default();
        let joined = registered.entries.iter().map(|entry| -> Joined {
            let Some(id) = set.find(&entry.key) else {
                report.missing_in_files.push(entry.key.clone());
                return (Slot::Default, None);
            };
            let flag = set.flag(id);
            if !entry.kind.fits(flag.kind(), flag.variants()) {
                report.wrong_type.push(WrongType {
                    key: entry.key.clone(),
                    code: entry.kind,
                    file: flag.kind(),
                });
                return (Slot::Default, None);
            }
            (slot(&set, id), Some(id))
        });
        let (slots, ids): (Vec<Slot>, Vec<Option<FlagId>>) = joined.unzip();
        let unused = set
            .iter()
            .map(|(_, flag)| flag.key())
            .filter(|key| !registered.index.contains_key(*key));
        report.not_used_in_code = unused.map(Into::into).collect();
        let bound = Self {
            set,
            registry: registered.id,
            slots: slots.into(),
            ids: ids.into(),
        };
        (bound, report)
    }

    /// The set.
    pub fn set(&self) -> &Arc<FlagSet> {
        &self.set
    }
}

fn slot(set: &FlagSet, id: FlagId) -> Slot {
    let nobody = Fields {
        targeting_key: None,
        fields: &[],
        unix_seconds: 0,
    };
    // Without a rule, or disabled, a flag is the same for everybody, so it can be asked for nobody.
    match set.evaluate(id, &nobody) {
        Ok(resolution) if matches!(resolution.reason, Reason::Static | Reason::Disabled) => resolution
            .value
            .map_or(Slot::Default, |value| Slot::Fixed(owned(value))),
        _ => match draw(set.flag(id)) {
            Some(draw) => Slot::Draw(Box::new(draw)),
            None => Slot::Ask(id),
        },
    }
}

fn draw(flag: &CompiledFlag) -> Option<Draw> {
    let (gray, [on, off]) = flag.gray()?;
    Some(Draw {
        gray,
        on: flag.variants().get(usize::from(on))?.value.clone(),
        off: flag.variants().get(usize::from(off))?.value.clone(),
    })
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Bool(value) => Value::Bool(value),
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Float(value) => Value::Float(value),
        ValueRef::Text(value) => Value::Text(value.into()),
        ValueRef::List(items) => Value::List(items.into()),
        ValueRef::Map(fields) => Value::Map(fields.into()),
    }
}

impl<T: FlagType> Flag<T> {
    /// What the flag is for somebody; its default in the code where the files have no answer: it is missing, of another
    /// type, disabled, or fails. The same where `bound` is of another registry.
    #[inline]
    pub fn value<'a, C: Context>(&'a self, bound: &'a Bound, context: &'a C) -> T::Read<'a> {
        let slot = bound.slots.get(self.index as usize).unwrap_or(&Slot::Default);
        let value = match slot {
            _ if bound.registry != self.registry => None,
            Slot::Fixed(value) => T::of(value.as_ref()),
            Slot::Default => None,
            Slot::Draw(draw) => {
                let value = if draw.gray.is_on(context) {
                    &draw.on
                } else {
                    &draw.off
                };
                T::of(value.as_ref())
            }
            Slot::Ask(id) => match bound.set.evaluate(*id, context) {
                Ok(resolution) => resolution.value.and_then(T::of),
                Err(_) => None,
            },
        };
        value.unwrap_or_else(|| self.default.read())
    }

    /// The flag of the files, to evaluate it with its reason; `None` where there is none of that type.
    pub fn id(&self, bound: &Bound) -> Option<FlagId> {
        let id = bound.ids.get(self.index as usize).copied().flatten();
        id.filter(|_| bound.registry == self.registry)
    }
}
