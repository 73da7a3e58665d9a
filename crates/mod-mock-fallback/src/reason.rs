//! For what there are mocks.

use std::borrow::Cow;

use graylane_pipeline::{Fault, Trouble};

/// A fault of an upstream, or a status of 500 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reason(u8);

/// The faults, each with its word in the section.
const FAULTS: [(Fault, &str); 4] = [
    (Fault::NoEndpoint, "no-endpoint"),
    (Fault::Unreachable, "unreachable"),
    (Fault::UpstreamTimeout, "timeout"),
    (Fault::UpstreamBroken, "broken"),
];

/// How many there are.
pub(crate) const COUNT: usize = FAULTS.len() + 100;

impl Reason {
    /// Of what went wrong; `None` for what no mock is for.
    pub(crate) fn of(trouble: Trouble) -> Option<Self> {
        match trouble {
            Trouble::Fault(fault) => {
                let number = FAULTS.iter().position(|(one, _)| *one == fault)?;
                Some(Self(number as u8))
            }
            Trouble::Status(status) => Self::of_status(status),
        }
    }

    fn of_status(status: u16) -> Option<Self> {
        let number = FAULTS.len() as u16 + status.checked_sub(500)?;
        (status < 600).then_some(Self(number as u8))
    }

    /// By a word of the section. The word of the fault itself is taken as well: it is what people see in `X-Graylane-Fault`.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let is_named = |(fault, name): &(Fault, &str)| *name == word || fault.as_str() == word;
        match FAULTS.iter().position(is_named) {
            Some(number) => Some(Self(number as u8)),
            None if word.len() == 3 => Self::of_status(word.parse().ok()?),
            None => None,
        }
    }

    /// As it is in metrics and in `{{fault}}`.
    pub(crate) fn word(self) -> Cow<'static, str> {
        match FAULTS.get(self.index()) {
            Some((fault, _)) => fault.as_str().into(),
            None => (self.index() - FAULTS.len() + 500).to_string().into(),
        }
    }

    /// From 0 to less than [`COUNT`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }

    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..COUNT as u8).map(Self)
    }
}

/// Some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reasons([bool; COUNT]);

impl Default for Reasons {
    /// The faults, and no status: an endpoint that answers may mean what it says.
    fn default() -> Self {
        let mut all = [false; COUNT];
        all[..FAULTS.len()].fill(true);
        Self(all)
    }
}

impl Reasons {
    pub(crate) fn none() -> Self {
        Self([false; COUNT])
    }

    pub(crate) fn add(&mut self, reason: Reason) {
        self.0[reason.index()] = true;
    }

    pub(crate) fn contains(&self, reason: Reason) -> bool {
        self.0[reason.index()]
    }

    /// Whether a status is among them.
    pub(crate) fn has_status(&self, status: u16) -> bool {
        Reason::of_status(status).is_some_and(|reason| self.contains(reason))
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = Cow<'static, str>> {
        Reason::all()
            .filter(|reason| self.contains(*reason))
            .map(Reason::word)
    }
}
