use crate::ValueRef;
use crate::operator::same;

/// What is known of the one for whom a flag is evaluated. Evaluation is generic over it, so that a gateway can answer from
/// a request's head without making a map first.
pub trait Context {
    /// The targeting key; `None` where there is none. `{"var": "targetingKey"}` reads it too.
    fn targeting_key(&self) -> Option<&str>;

    /// A field by its name: the part of a `var` before the first dot, or one that has dots itself.
    fn field(&self, name: &str) -> Option<ValueRef<'_>>;

    /// A field below a field: `{"var": "user.tier"}` asks for `["user", "tier"]`. The default descends from
    /// [`Context::field`] into the [`crate::Value`]s below; a context that has its own nesting answers itself.
    fn below(&self, path: &[Box<str>]) -> Option<ValueRef<'_>> {
        let (first, rest) = path.split_first()?;
        rest.iter()
            .try_fold(self.field(first)?, |value, name| value.child(name))
    }

    /// Now, in whole seconds since 1970: `$flagd.timestamp`. Asked only where a rule wants it.
    fn unix_seconds(&self) -> u64;
}

/// A context of fields by name, looked through from the first to the last: the fastest form for the few fields that a
/// context has.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// The targeting key.
    pub targeting_key: Option<&'a str>,
    /// The fields; where a name stands twice, the first one counts.
    pub fields: &'a [(&'a str, ValueRef<'a>)],
    /// Now, in whole seconds since 1970.
    pub unix_seconds: u64,
}

impl Context for Fields<'_> {
    #[inline]
    fn targeting_key(&self) -> Option<&str> {
        self.targeting_key
    }

    // A loop and not `find`, which the compiler does not inline here.
    #[inline(always)]
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        for (field, value) in self.fields {
            if same(field, name) {
                return Some(*value);
            }
        }
        None
    }

    #[inline]
    fn unix_seconds(&self) -> u64 {
        self.unix_seconds
    }
}
