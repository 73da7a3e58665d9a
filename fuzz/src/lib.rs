//! What several targets share.

mod somebody;

pub use somebody::Somebody;

use graylane_diagnostic::{Diagnostics, Source, Texts};
use graylane_flags::{Definitions, FlagSet, Node, Options, ReadOptions, Value};

/// The parts of an input: what lies between lines of `=====`. What is missing is empty.
pub fn parts<const N: usize>(input: &[u8]) -> [String; N] {
    let text = String::from_utf8_lossy(input);
    let mut parts = text.split("=====\n");
    std::array::from_fn(|_| parts.next().unwrap_or_default().to_owned())
}

/// Mistakes can be shown, for people and for machines, and each has a place in its text where it has one.
///
/// # Panics
/// Where that is not so.
pub fn show(faults: &Diagnostics, texts: &dyn Texts) {
    assert!(!faults.render(texts).is_empty());
    for fault in faults {
        if let Some(span) = &fault.span {
            let source = texts.source_of(Some(span.start));
            let end = source.base() + source.text().len();
            assert!(span.start <= span.end && span.end <= end, "{fault:?} past {end}");
        }
    }
    assert_eq!(faults.reports(texts).len(), faults.iter().len());
}

/// Every flag of a set is what its explanation says.
///
/// # Panics
/// Where that is not so.
pub fn explained(set: &FlagSet, somebody: &Somebody) {
    for (id, flag) in set.iter() {
        assert_eq!(set.find(flag.key()), Some(id));
        let answer = set.evaluate(id, somebody);
        let explanation = set.explain(id, somebody);
        let told = &explanation.answer;
        match &answer {
            Ok(resolution) => {
                assert_eq!(told.variant.as_deref(), resolution.variant.map(|(_, name)| name));
                assert_eq!(told.reason, Some(resolution.reason.as_str()));
                assert_eq!(told.value, resolution.value.map(Value::from));
                assert_eq!(told.error, None);
            }
            Err(error) => assert_eq!(told.error, Some(error.to_string())),
        }
        assert!(serde_json::to_string(&explanation).is_ok());
        assert_eq!(set.evaluate(id, somebody), answer);
    }
}

/// Reads a file of flags in every way, and evaluates what is in it. Gives back whether its text could be read at all.
///
/// # Panics
/// Where anything is not as it says.
pub fn read_flags(name: &str, text: &str, tree: fn(&Source) -> Result<Node, Diagnostics>) -> bool {
    let source = Source::new(name, text.to_owned());
    let read = tree(&source);
    if let Err(faults) = &read {
        show(faults, &source);
    }
    let somebody =
        Somebody::new(r#"{"targetingKey": "u", "a": [1, {"b": "1.2.3"}], "email": "a@b", "n": 5}"#);
    for (quarantine, as_flagd) in [(false, false), (true, false), (false, true)] {
        let options = ReadOptions { quarantine, as_flagd };
        let reading = match Definitions::read([&source], options) {
            Ok(reading) => reading,
            Err(faults) => {
                show(&faults, &source);
                continue;
            }
        };
        assert!(read.is_ok());
        let gray = Options { gray_on: quarantine };
        let set = match as_flagd {
            true => FlagSet::compile_as_flagd(&reading.definitions, gray),
            false => FlagSet::compile(&reading.definitions, gray),
        };
        match set {
            Ok(set) => explained(&set, &somebody),
            // What is left after the broken ones were left out is whole.
            Err(faults) => {
                assert!(!quarantine && !as_flagd, "{}", faults.render(&source));
                show(&faults, &source);
            }
        }
    }
    read.is_ok()
}
