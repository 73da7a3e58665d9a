//! What is mirrored, before the lane that it names is looked for.

use std::ops::Range;

use graylane_core::Weight;
use toml::Spanned;
use toml::de::DeValue;

use super::section::{Faults, Field, Section};
use super::{values, words};

/// `[lanes.<service>.<name>.mirror]`
#[derive(Debug)]
pub(crate) struct MirrorDraft {
    pub(crate) place: Range<usize>,
    pub(crate) to: Field<String>,
    pub(crate) share: Field<Weight>,
    pub(crate) body: Field<u64>,
    pub(crate) in_flight: Field<u64>,
    pub(crate) methods: Field<Vec<Spanned<Box<str>>>>,
}

pub(super) fn mirror<'t>(
    value: &'t Spanned<DeValue<'t>>,
    lane: &str,
    faults: &mut Faults,
) -> Field<MirrorDraft> {
    let name = format!("{lane}.mirror");
    let Some(section) = Section::open(value, "lanes.<service>.<name>.mirror", &name, faults) else {
        return Field::Bad;
    };
    let draft = MirrorDraft {
        place: value.span(),
        to: section.text("to", faults, |text| Ok(text.to_owned())),
        share: section.value("share", faults, values::percent),
        body: section.value("body", faults, values::bytes),
        in_flight: section.value("in_flight", faults, values::count),
        methods: section.list("methods", faults, words::method),
    };
    Field::Given(Spanned::new(value.span(), draft))
}
