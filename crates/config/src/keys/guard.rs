use toml::de::DeValue;

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

/// What people write who mean to write a secret.
pub(crate) const GUESSES: [&str; 3] = ["token", "password", "secret"];

impl Guard {
    /// Of a key of a module, which only the module knows. Its names are all there is to go by, those of tables within its
    /// value included, and it hides too much rather than too little.
    pub(crate) fn of_module(path: &[&str], value: &DeValue<'_>) -> Self {
        // `modules` and the name of the module say nothing of the key.
        let below = path.get(2..).unwrap_or_default();
        if below.iter().any(|part| is_secret(part)) || has_secret(value) {
            Self::Secret
        } else {
            Self::Open
        }
    }
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    GUESSES.iter().chain(&["sha256"]).any(|word| lower.contains(word))
}

// The depth was checked, so this ends.
fn has_secret(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Array(items) => items.iter().any(|item| has_secret(item.get_ref())),
        DeValue::Table(table) => table
            .iter()
            .any(|(name, value)| is_secret(name.get_ref()) || has_secret(value.get_ref())),
        _ => false,
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
