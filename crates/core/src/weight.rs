use std::fmt;
use std::str::FromStr;

/// A share of the targeting keys, in steps of 0.001 %: 0 to [`Weight::FULL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Weight(u32);

impl Weight {
    /// Nobody.
    pub const ZERO: Self = Self(0);
    /// Everybody: 100 %, that is 100,000 steps.
    pub const FULL: Self = Self(100_000);

    /// A weight of so many steps of 0.001 %.
    ///
    /// # Errors
    /// More than 100,000 steps.
    pub const fn from_steps(steps: u32) -> Result<Self, InvalidWeight> {
        if steps > Self::FULL.0 {
            Err(InvalidWeight::OutOfRange)
        } else {
            Ok(Self(steps))
        }
    }

    /// A weight of so many percent, which must be a whole number of steps of 0.001.
    ///
    /// # Errors
    /// Not within 0 and 100, or finer than 0.001.
    pub fn from_percent(percent: f64) -> Result<Self, InvalidWeight> {
        if !(0.0..=100.0).contains(&percent) {
            return Err(InvalidWeight::OutOfRange);
        }
        let steps = percent * 1_000.0;
        // A decimal such as 0.1 has no exact binary form: the tolerance is far below one step and far above the error.
        if (steps - steps.round()).abs() > 1e-6 {
            return Err(InvalidWeight::TooFine);
        }
        // In range by the first check, so the cast cannot truncate.
        Ok(Self(steps.round() as u32))
    }

    /// The number of steps of 0.001 %.
    pub const fn steps(self) -> u32 {
        self.0
    }
}

/// Why a number is not a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWeight {
    /// Below 0 or above 100 %.
    #[error("a weight is a percentage from 0 to 100")]
    OutOfRange,
    /// A fraction of the smallest step.
    #[error("a weight has steps of 0.001 %")]
    TooFine,
    /// Not a number.
    #[error("a weight is a number of percent, such as 5 or \"0.5%\"")]
    NotANumber,
}

impl FromStr for Weight {
    type Err = InvalidWeight;

    /// Reads `5`, `0.5` or `0.5%`.
    fn from_str(text: &str) -> Result<Self, InvalidWeight> {
        let number = text.strip_suffix('%').unwrap_or(text).trim();
        let percent: f64 = number.parse().map_err(|_| InvalidWeight::NotANumber)?;
        if percent.is_nan() {
            Err(InvalidWeight::NotANumber)
        } else {
            Self::from_percent(percent)
        }
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1_000, self.0 % 1_000);
        if rest == 0 {
            return f.pad(&format!("{whole} %"));
        }
        let number = format!("{whole}.{rest:03}");
        f.pad(&format!("{} %", number.trim_end_matches('0')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_reads_what_people_write() {
        for (text, steps) in [
            ("5", 5_000),
            ("0.001", 1),
            ("0.1%", 100),
            ("100 %", 100_000),
            ("33.333", 33_333),
        ] {
            assert_eq!(text.parse(), Weight::from_steps(steps), "{text}");
        }
    }

    #[test]
    fn a_weight_refuses_what_it_cannot_keep() {
        assert_eq!("0.0005".parse::<Weight>(), Err(InvalidWeight::TooFine));
        assert_eq!("100.001".parse::<Weight>(), Err(InvalidWeight::OutOfRange));
        assert_eq!("-1".parse::<Weight>(), Err(InvalidWeight::OutOfRange));
        assert_eq!("NaN".parse::<Weight>(), Err(InvalidWeight::NotANumber));
        assert_eq!("inf".parse::<Weight>(), Err(InvalidWeight::OutOfRange));
    }

    #[test]
    fn a_weight_prints_the_shortest_percentage() {
        for (steps, text) in [
            (0, "0 %"),
            (1, "0.001 %"),
            (500, "0.5 %"),
            (10_000, "10 %"),
            (33_330, "33.33 %"),
        ] {
            assert_eq!(Weight::from_steps(steps).unwrap().to_string(), text);
        }
    }
}
