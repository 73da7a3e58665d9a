use std::fmt;
use std::str::FromStr;

/// A way to say in a request which lane it belongs to: a header field, or a member of one.
///
/// Metadata of gRPC are header fields of the same names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dialect {
    /// `X-Gray-Version`, our own.
    GrayVersion,
    /// A member of W3C `baggage`, whose key is configured.
    Baggage,
    /// `x-mse-tag` of Alibaba MSE.
    MseTag,
    /// `x-asm-prefer-tag` of Alibaba ASM.
    AsmPreferTag,
    /// `x-opensergo-traffic` of OpenSergo; also a member of `baggage` of that name.
    OpenSergo,
    /// `n-d-version` of Nepxion Discovery: one version, or an object of JSON with one for each service.
    NdVersion,
    /// `dubbo.tag` of Apache Dubbo.
    DubboTag,
    /// `x_version_tag`.
    VersionTag,
    /// `x-sermant-version` of Sermant.
    Sermant,
}

impl Dialect {
    /// Every dialect, in the order of the type.
    pub const ALL: [Self; 9] = [
        Self::GrayVersion,
        Self::Baggage,
        Self::MseTag,
        Self::AsmPreferTag,
        Self::OpenSergo,
        Self::NdVersion,
        Self::DubboTag,
        Self::VersionTag,
        Self::Sermant,
    ];

    /// The name of its field, in lower case: also what configuration and metrics call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GrayVersion => "x-gray-version",
            Self::Baggage => "baggage",
            Self::MseTag => "x-mse-tag",
            Self::AsmPreferTag => "x-asm-prefer-tag",
            Self::OpenSergo => "x-opensergo-traffic",
            Self::NdVersion => "n-d-version",
            Self::DubboTag => "dubbo.tag",
            Self::VersionTag => "x_version_tag",
            Self::Sermant => "x-sermant-version",
        }
    }

    /// Whether a lane goes by its name there; in all others it goes by its tag.
    pub const fn takes_names(self) -> bool {
        matches!(self, Self::GrayVersion | Self::Baggage)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no [`Dialect`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no dialect is called `{0}`")]
pub struct UnknownDialect(String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    /// In any case, as names of fields are.
    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        let mut all = Self::ALL.into_iter();
        all.find(|dialect| dialect.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownDialect(word.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialect_is_known_by_the_name_of_its_field_in_any_case() {
        for (place, dialect) in Dialect::ALL.into_iter().enumerate() {
            let upper = dialect.as_str().to_ascii_uppercase();

            assert_eq!((upper.parse(), dialect as usize), (Ok(dialect), place));
        }
        assert!("x-gray".parse::<Dialect>().is_err());
    }
}
