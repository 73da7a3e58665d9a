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

impl<'a> Fields<'a> {
    // A loop and not `find`, which the compiler does not inline here.
    #[inline(always)]
    fn first(&self, name: &str, is_same: impl Fn(&[u8], &[u8]) -> bool) -> Option<ValueRef<'a>> {
        for (field, value) in self.fields {
            if field.len() == name.len() && is_same(field.as_bytes(), name.as_bytes()) {
                return Some(*value);
            }
        }
        None
    }
}

/// Whether two strings of one length, from `N` to twice as many bytes, are the same.
#[inline(always)]
fn same_ends<const N: usize>(a: &[u8], b: &[u8]) -> bool {
    a.first_chunk::<N>() == b.first_chunk() && a.last_chunk::<N>() == b.last_chunk()
}

impl Context for Fields<'_> {
    #[inline]
    fn targeting_key(&self) -> Option<&str> {
        self.targeting_key
    }

    // By the length of the name first: most are of the first two, and their loops have no other case to look for.
    #[inline(always)]
    fn field(&self, name: &str) -> Option<ValueRef<'_>> {
        match name.len() {
            4..8 => self.first(name, same_ends::<4>),
            8..=16 => self.first(name, same_ends::<8>),
            _ => self.first(name, same),
        }
    }

    #[inline]
    fn unix_seconds(&self) -> u64 {
        self.unix_seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Value;

    #[test]
    fn a_field_is_found_by_its_whole_name_however_long_it_is() {
        let name = "abcdefghijklmnopqrstuvwxyz";

        for length in 0..=name.len() {
            let wanted = &name[..length];
            // The same name but for one byte, each byte once.
            let others: Vec<String> = (0..length)
                .map(|at| format!("{}_{}", &wanted[..at], &wanted[at + 1..]))
                .collect();
            let mut fields: Vec<_> = others.iter().map(|other| (&**other, ValueRef::Null)).collect();
            let without = fields.clone();
            fields.extend([(wanted, ValueRef::Integer(1)), (wanted, ValueRef::Integer(2))]);
            let find = |fields| {
                let context = Fields {
                    targeting_key: None,
                    fields,
                    unix_seconds: 0,
                };
                context.field(wanted).map(Value::from)
            };

            assert_eq!(find(&fields), Some(Value::Integer(1)), "{wanted}");
            assert_eq!(find(&without), None, "{wanted}");
        }
    }
}
