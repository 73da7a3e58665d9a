//! Which variants are "on".

use graylane_flags::{Definition, Value};

/// The names of the variants that are on, before and after alike: that of a split, else those that are true, else every one
/// but the default.
pub(super) fn of<'d>(old: Option<&'d Definition>, new: Option<&'d Definition>) -> Vec<&'d str> {
    let sides = || new.into_iter().chain(old);
    if let Some(name) = sides().find_map(|flag| Some(name(flag, flag.split.as_ref()?.on))) {
        return vec![name];
    }
    let boolean = |value: &Value| matches!(value, Value::Bool(_));
    let variants = || sides().flat_map(|flag| flag.variants.iter());
    if variants().all(|variant| boolean(&variant.value)) {
        let on = variants().filter(|variant| variant.value == Value::Bool(true));
        return on.map(|variant| &*variant.name).collect();
    }
    let default = old.or(new).and_then(|flag| Some(name(flag, flag.default?)));
    let on = variants().map(|variant| &*variant.name);
    on.filter(|name| Some(*name) != default).collect()
}

fn name(flag: &Definition, index: u16) -> &str {
    &flag.variants[usize::from(index)].name
}
