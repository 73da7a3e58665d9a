/// Who may set a key, and who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guard {
    /// Any layer may set it where the environment allows overrides at all.
    Open,
    /// Outside dev only a file may set it.
    Sensitive,
    /// As sensitive, and it is shown as a digest only.
    Secret,
}

impl Guard {
    /// The word in the reference.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Sensitive => "sensitive",
            Self::Secret => "secret",
        }
    }
}

/// When a change of a key takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// With the next reload.
    Live,
    /// With the next start: a reload that changes it is refused.
    Restart,
}

impl Effect {
    /// The word in the reference.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Restart => "restart",
        }
    }
}
