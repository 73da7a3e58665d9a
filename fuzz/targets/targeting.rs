//! A targeting rule, and the context of somebody.
#![no_main]

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use graylane_fuzz::{Somebody, explained, parts, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [rule, context] = parts(input);
    let somebody = Somebody::new(&context);
    for bucketing in ["flagd-v2", "flagd-v3"] {
        let text = format!(
            r#"{{"metadata": {{"bucketing": "{bucketing}"}},
                "$evaluators": {{"e": {{"in": ["@", {{"var": "email"}}]}}}},
                "flags": {{"f": {{"state": "gray-40", "variants": {{"on": true, "off": false}},
                "defaultVariant": "off", "targeting": {rule}}}}}}}"#
        );
        let source = Source::new("flags.json", text);
        let read = |as_flagd| {
            let options = ReadOptions {
                quarantine: false,
                as_flagd,
            };
            Definitions::read([&source], options).map(|reading| reading.definitions)
        };
        let gray = Options { gray_on: true };
        // A rule may end its flag and go on with others: then there are more.
        let (lax, strict) = (read(true), read(false));
        let lax = lax.and_then(|definitions| FlagSet::compile_as_flagd(&definitions, gray));
        let strict = strict.and_then(|definitions| FlagSet::compile(&definitions, gray));
        if let Ok(lax) = &lax {
            explained(lax, &somebody);
        }
        match (&strict, &lax) {
            (Ok(strict), Ok(lax)) => {
                explained(strict, &somebody);
                for (id, _) in strict.iter() {
                    assert_eq!(strict.evaluate(id, &somebody), lax.evaluate(id, &somebody));
                }
            }
            (Ok(_), Err(faults)) => panic!("{}", faults.render(&source)),
            (Err(faults), _) => show(faults, &source),
        }
    }
});
