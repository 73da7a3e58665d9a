use crate::{FlagId, ValueRef};

/// What a flag is for somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resolution<'a> {
    /// The value; `None` leaves it to the default in the code.
    pub value: Option<ValueRef<'a>>,
    /// The variant: its index and its name.
    pub variant: Option<(u16, &'a str)>,
    /// Why.
    pub reason: Reason,
}

/// Why a flag is what it is, in OpenFeature's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// There is no rule.
    Static,
    /// The rule decided nothing.
    Default,
    /// The rule chose the variant.
    TargetingMatch,
    /// The bucket of the key chose the variant.
    Split,
    /// The flag is disabled, or gray flags are switched off.
    Disabled,
}

/// Why a flag has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// The rule failed: flagd's `PARSE_ERROR`.
    #[error("the rule of the flag failed")]
    Rule,
    /// The rule names a variant that the flag does not have: flagd's `GENERAL`.
    #[error("the rule of the flag names a variant that it does not have")]
    UnknownVariant(FlagId),
}

impl Reason {
    /// OpenFeature's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "STATIC",
            Self::Default => "DEFAULT",
            Self::TargetingMatch => "TARGETING_MATCH",
            Self::Split => "SPLIT",
            Self::Disabled => "DISABLED",
        }
    }
}
