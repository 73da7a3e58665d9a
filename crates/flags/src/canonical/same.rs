//! Whether two definitions say the same, without writing them out: places do not count, everything that shows does.

use crate::{Definition, Definitions, Metadata, Rule, Value};

impl Definitions {
    /// Whether `flag`, one of these, and `other`, one of `others`, say the same: their [`Definitions::canonical`] lines are
    /// equal then. Far cheaper than those; two that say the same in different words may pass for different.
    pub fn says_same(&self, flag: &Definition, others: &Self, other: &Definition) -> bool {
        flag.state == other.state
            && flag.default == other.default
            && flag.split == other.split
            && equal(&flag.variants, &other.variants, |one, other| {
                one.name == other.name && value(&one.value, &other.value)
            })
            && equal(
                flag.targeting.as_slice(),
                other.targeting.as_slice(),
                Rule::says_same,
            )
            && metadata(&flag.metadata, &other.metadata)
            && self.waits_for_same(flag, others, other)
    }

    /// Prerequisites by the names that they show as: the numbers may have moved.
    fn waits_for_same(&self, flag: &Definition, others: &Self, other: &Definition) -> bool {
        equal(&flag.prerequisites, &other.prerequisites, |one, two| {
            let (here, there) = (&self.flags[one.flag as usize], &others.flags[two.flag as usize]);
            here.key == there.key
                && equal(&one.variants, &two.variants, |one, two| {
                    here.variants[usize::from(*one)].name == there.variants[usize::from(*two)].name
                })
        })
    }
}

fn equal<T>(one: &[T], other: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

fn metadata(one: &Metadata, other: &Metadata) -> bool {
    equal(one, other, |(name, one), (other_name, other)| {
        name == other_name && value(one, other)
    })
}

fn value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        // 0 and -0 show differently.
        (Value::Float(one), Value::Float(other)) => one.to_bits() == other.to_bits(),
        (Value::List(one), Value::List(other)) => equal(one, other, value),
        (Value::Map(one), Value::Map(other)) => equal(one, other, |(name, one), (other_name, other)| {
            name == other_name && value(one, other)
        }),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use graylane_diagnostic::Source;

    use crate::{Definitions, ReadOptions};

    fn read(text: &str) -> Definitions {
        let source = Source::new("flags.toml", text.to_owned());
        Definitions::read([&source], ReadOptions::default())
            .unwrap_or_else(|error| panic!("{text}\n{error}"))
            .definitions
    }

    fn same(one: &str, other: &str) -> bool {
        let (one, other) = (read(one), read(other));
        let find = |all: &Definitions| all.flags.iter().position(|flag| &*flag.key == "f").unwrap();
        let (a, b) = (&one.flags[find(&one)], &other.flags[find(&other)]);
        let same = one.says_same(a, &other, b);
        assert_eq!(same, one.canonical(a) == other.canonical(b));
        same
    }

    const RULE: &str = "[flags.f]\nstate = \"enabled\"\nvariants = { on = 1, off = 0.0 }\ndefault = \"off\"\n\
                        targeting = '{\"if\": [{\"==\": [{\"var\": \"a\"}, 0.0]}, \"on\"]}'\nmetadata = { team = \"a\" }\n";

    #[test]
    fn a_flag_that_only_moved_says_the_same() {
        let moved = format!(
            "# moved\n[flags.other]\nstate = \"gray-1\"\n{}",
            RULE.replace("\": [", "\":  [")
        );

        assert!(same(RULE, &moved));
    }

    #[test]
    fn every_part_of_a_flag_that_shows_counts() {
        for (part, other) in [
            ("\"enabled\"", "\"disabled\""),
            ("default = \"off\"", "default = \"on\""),
            ("on = 1", "on = 2"),
            ("off = 0.0", "off = -0.0"),
            ("\"a\"}", "\"b\"}"),
            (", 0.0]", ", -0.0]"),
            ("\"on\"]", "\"off\"]"),
            ("team = \"a\"", "team = \"b\""),
            ("team = \"a\"", "name = \"a\""),
            (
                "state = \"enabled\"\nvariants = { on = 1, off = 0.0 }",
                "state = \"gray-5\"\nvariants = { on = 1, off = 0.0 }",
            ),
        ] {
            let changed = RULE.replacen(part, other, 1);

            assert!(!same(RULE, &changed), "{part} -> {other}");
        }
    }

    #[test]
    fn a_prerequisite_counts_by_its_names_and_not_by_its_number() {
        let wants = |other: &str, variant: &str| {
            format!("{RULE}prerequisites = [{{ flag = \"{other}\", variants = [\"{variant}\"] }}]\n")
        };
        let gray = |key: &str| format!("[flags.{key}]\nstate = \"gray-1\"\n");
        let before = format!("{}{}{}", gray("a"), gray("b"), wants("b", "on"));

        let moved = format!("{}{}{}", gray("b"), gray("a"), wants("b", "on"));
        let renamed = format!("{}{}{}", gray("a"), gray("b"), wants("a", "on"));
        let turned = format!("{}{}{}", gray("a"), gray("b"), wants("b", "off"));

        assert!(same(&before, &moved));
        assert!(!same(&before, &renamed));
        assert!(!same(&before, &turned));
    }
}
