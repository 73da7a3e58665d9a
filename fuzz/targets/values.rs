//! One value of a configuration as people write them: durations, sizes, weights, addresses. What is read is shown in a
//! form that means the same.
#![no_main]

use graylane_config::{Environment, Folded, Layers, Modules, Origin, parse};
use graylane_diagnostic::Source;
use libfuzzer_sys::fuzz_target;

const FILE: &str = include_str!("../../examples/full.toml");

fn with(assignment: &str) -> (Layers, Result<Folded, graylane_diagnostic::Diagnostics>) {
    let mut layers = Layers::new(Source::new("graylane.toml", FILE.to_owned()));
    layers.set(assignment);
    let read = parse(&layers, Environment::Dev, Modules::Any);
    (layers, read)
}

fuzz_target!(|input: &[u8]| {
    let (layers, read) = with(&String::from_utf8_lossy(input));
    let folded = match read {
        Ok(folded) => folded,
        Err(faults) => return graylane_fuzz::show(&faults, layers.sources()),
    };
    // A secret is shown as its digest, which means something else, and in the key of an assignment nothing is escaped.
    let set = |folded: &Folded| {
        let values = folded.values.iter();
        let set = values.filter(|one| matches!(one.origin, Origin::Flag(_)));
        set.map(|one| (one.key.clone(), one.value.to_string()))
            .filter(|(key, value)| !value.starts_with("sha256:") && !key.contains('\\'))
            .collect::<Vec<_>>()
    };
    for (key, value) in set(&folded) {
        let assignment = format!("{key}={value}");
        let (layers, again) = with(&assignment);
        let again =
            again.unwrap_or_else(|faults| panic!("{assignment}: {}", faults.render(layers.sources())));
        assert_eq!(set(&again), [(key, value)]);
    }
});
