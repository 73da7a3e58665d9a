//! A configuration in layers: the file, the one of the environment, variables and assignments (one a line), and the name
//! of the environment.
#![no_main]

use graylane_config::{Environment, Layers, Modules, origin_table, parse, revision};
use graylane_diagnostic::Source;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [file, beside, variables, assignments, environment] = graylane_fuzz::parts(input);
    let mut layers = Layers::new(Source::new("graylane.toml", file.clone()));
    if !beside.is_empty() {
        layers.file(Source::new("graylane.dev.toml", beside));
    }
    for (name, value) in variables.lines().filter_map(|line| line.split_once('=')) {
        layers.variable(&format!("GRAYLANE_{name}"), value);
    }
    assignments.lines().for_each(|line| layers.set(line));
    let environment = environment.trim().parse().unwrap_or(Environment::Dev);

    let read = parse(&layers, environment, Modules::These(&["breaker", "canary-log"]));

    match &read {
        Ok(folded) => {
            assert!(!origin_table(&folded.values).is_empty());
            assert_eq!(folded.files[0].revision, revision(&file));
        }
        Err(faults) => graylane_fuzz::show(faults, layers.sources()),
    }
});
