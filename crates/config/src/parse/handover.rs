//! `[handover]`

use super::section::{Faults, Section};
use super::{values, words};
use crate::Handover;

pub(super) fn handover(section: &Section<'_>, faults: &mut Faults) -> Handover {
    let usual = Handover::default();
    let time = |key, faults: &mut Faults| section.value(key, faults, values::duration);
    Handover {
        folder: section
            .text("folder", faults, words::file)
            .given()
            .map(|path| path.get_ref().clone()),
        ready_within: time("ready_within", faults).or(usual.ready_within),
        probation: time("probation", faults).or(usual.probation),
        beat: time("beat", faults).or(usual.beat),
    }
}
