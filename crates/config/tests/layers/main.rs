//! How the layers are folded, who may set what, and what people read about it.

mod folding;
mod guarding;

use graylane_config::{Environment, Folded, Layers, Modules, Origin, parse};
use graylane_diagnostic::Source;
use proptest::prelude::*;

const BASE: &str = "\
revision = 3
server.state = \"state\"
listeners.web.address = \"127.0.0.1:8080\"
admin.tokens.ops.sha256 = \"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"

[services.shop]
salt = \"a\"

[lanes.shop.stable]
respond = {}

[lanes.shop.canary]
weight = 1
respond = {}

[lanes.shop.\"v1.2\"]
respond = {}
";

fn layers(file: Option<&str>, variables: &[(&str, &str)], assignments: &[&str]) -> Layers {
    let mut layers = Layers::new(Source::new("graylane.toml", BASE.to_owned()));
    if let Some(file) = file {
        layers.file(Source::new("graylane.staging.toml", file.to_owned()));
    }
    for (name, value) in variables {
        layers.variable(name, value);
    }
    for assignment in assignments {
        layers.set(assignment);
    }
    layers
}

fn read(layers: &Layers) -> Folded {
    parse(layers, Environment::Dev, Modules::These(&["canary-log"]))
        .unwrap_or_else(|all| panic!("{}", all.render(layers.sources())))
}

fn said(layers: &Layers, environment: Environment) -> String {
    match parse(layers, environment, Modules::These(&["canary-log"])) {
        Ok(folded) => panic!("accepted: {folded:#?}"),
        Err(all) => all.render(layers.sources()),
    }
}

/// A value and where it comes from.
fn told(folded: &Folded, key: &str) -> String {
    let found = folded.values.iter().find(|value| value.key == key);
    let value = found.unwrap_or_else(|| panic!("no {key} in {:#?}", folded.values));
    format!("{} from {}", value.value, value.origin)
}

proptest! {
    #[test]
    fn no_layers_make_it_panic_and_every_mistake_can_be_shown(
        file in "[ -~\n]{0,80}",
        name in "[A-Za-z_.-]{0,30}",
        value in ".{0,30}",
        assignment in "(lanes|limits|a|\"b\\.|'|\\.){0,4}=?.{0,20}",
        environment in 0_usize..4,
    ) {
        let mut layers = layers(Some(&file), &[], &[&assignment]);
        layers.variable(&format!("GRAYLANE_{name}"), &value);

        let result = parse(&layers, Environment::ALL[environment], Modules::Any);

        if let Err(all) = result {
            prop_assert!(!all.render(layers.sources()).is_empty());
            prop_assert!(!all.reports(layers.sources()).is_empty());
        }
    }

    #[test]
    fn of_any_layers_with_one_key_the_last_counts(weights in proptest::collection::vec((0_u32..4, 0_u32..100), 1..8)) {
        let key = "lanes.shop.canary.weight";
        let mut sorted = weights;
        // Files before variables before assignments, as a process has them.
        sorted.sort_by_key(|(sort, _)| *sort);
        let mut layers = layers(None, &[], &[]);
        for (sort, weight) in &sorted {
            match sort {
                0 | 1 => layers.file(Source::new("f.toml", format!("{key} = {weight}\n"))),
                2 => drop(layers.variable("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", &weight.to_string())),
                _ => layers.set(&format!("{key}={weight}")),
            }
        }

        let folded = read(&layers);

        let last = sorted.last().map(|(_, weight)| weight * 1000);
        let lanes = &folded.config.services[0].lanes;
        let canary = lanes.iter().find(|lane| lane.name.as_str() == "canary");
        prop_assert_eq!(canary.map(|lane| lane.weight.steps()), last);
    }
}
