//! The context of a request: read from JSON into borrowed fields, without a map.

mod hash;
mod read;

use std::borrow::Cow;
use std::cell::{Cell, OnceCell};
use std::time::{SystemTime, UNIX_EPOCH};

use graylane_flags::{Context, Value, ValueRef};

pub(crate) use read::read;

const TARGETING_KEY: &str = "targetingKey";

/// Who asks.
#[derive(Debug, Default)]
pub(crate) struct Caller<'a> {
    key: Option<Cow<'a, str>>,
    fields: Vec<(Cow<'a, str>, Held<'a>)>,
    /// Whether the targeting key was asked for in vain since it was last looked at.
    missed: Cell<bool>,
    /// One moment for all flags of a request.
    now: OnceCell<u64>,
}

/// A field: borrowed from the request where it can be.
#[derive(Debug)]
enum Held<'a> {
    Plain(ValueRef<'a>),
    Own(Value),
}

impl Held<'_> {
    fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Plain(value) => *value,
            Self::Own(value) => value.as_ref(),
        }
    }
}

impl Caller<'_> {
    /// Whether an evaluation asked for the targeting key in vain; asking resets it.
    pub(crate) fn missed_key(&self) -> bool {
        self.missed.take()
    }
}

impl Context for Caller<'_> {
    fn targeting_key(&self) -> Option<&str> {
        // An empty one is no key that anybody could be told apart by, and a rule that needs one decides nothing for it.
        if self.key.as_ref().is_none_or(|key| key.is_empty()) {
            self.missed.set(true);
        }
        self.key.as_deref()
    }

    #[inline]
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        let found = self.fields.iter().find(|(field, _)| *field == name);
        if found.is_none() && name == TARGETING_KEY {
            return self.targeting_key().map(ValueRef::Text);
        }
        found.map(|(_, held)| held.as_ref())
    }

    fn unix_seconds(&self) -> u64 {
        *self.now.get_or_init(|| {
            SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |time| time.as_secs())
        })
    }
}
