//! From the configuration in use to the next.

use std::error::Error;
use std::sync::Arc;

use graylane_diagnostic::{Diagnostic, Diagnostics};
use graylane_pipeline::{NotRenewed, StartError};
use graylane_proxy::Generation;
use graylane_route::Snapshot;
use graylane_tls::Tls;

use crate::exit::{CONFIG_INVALID, Failure, INTERNAL, START_FAILED};
use crate::load::{self, Loaded};

/// What serves after `previous`, which goes on untouched: nothing happens before the result is put into use by
/// [`graylane_proxy::Shared::replace`], and it may be thrown away instead.
///
/// Of the configuration, the workers, the listeners and the admin port are those of the start: they are not looked at here.
///
/// # Errors
/// A module cannot go on under the new configuration.
pub(crate) fn next(
    previous: &Generation,
    loaded: &Loaded,
    revision: u64,
) -> Result<Arc<Generation>, Failure> {
    let snapshot = previous.snapshot().next(&loaded.config, revision);
    let snapshot = with_files(snapshot, loaded)?;
    let sections = loaded.sections();
    let hooks = previous
        .hooks()
        .renew(|module| sections.of(module), snapshot.topology())
        .map_err(|error| not_renewed(error, loaded))?;
    let tls = tls(loaded, Some(previous.tls()))?;
    Ok(previous.next(&loaded.config, snapshot, hooks, tls))
}

/// What secures the listeners and the endpoints of a configuration, as far as it is not that of `previous`.
pub(crate) fn tls(loaded: &Loaded, previous: Option<&Tls>) -> Result<Arc<Tls>, Failure> {
    let made = Tls::compile(&loaded.config, &loaded.tls.files, previous);
    made.map(Arc::new).map_err(|wrong| wrong_failure(wrong, loaded))
}

/// A snapshot with what the same configuration has in files of their own: the flags, and the keys of gray signatures.
pub(crate) fn with_files(snapshot: Snapshot, loaded: &Loaded) -> Result<Snapshot, Failure> {
    let flags = Arc::clone(&loaded.flags.set);
    let keys = load::gray_keys(&loaded.config, &loaded.tls).map_err(|wrong| wrong_failure(wrong, loaded))?;
    let snapshot = snapshot.with_flags(&loaded.config, flags);
    let snapshot = snapshot.map_err(|wrong| wrong_failure(wrong, loaded))?;
    Ok(snapshot.with_gray_keys(keys))
}

/// Mistakes that show only now, each at its place in the files.
fn wrong_failure(wrong: Vec<Diagnostic>, loaded: &Loaded) -> Failure {
    match Diagnostics::collect(wrong) {
        Some(found) => load::invalid(&found, &loaded.sources),
        None => Failure::new(
            INTERNAL,
            "a mistake without words",
            "this is a bug: please report it",
        ),
    }
}

/// A mistake in a module's section is told as any other mistake in the file.
fn not_renewed(error: NotRenewed, loaded: &Loaded) -> Failure {
    let NotRenewed { module, source } = error;
    let words = match source {
        StartError::Settings(error) => match Diagnostics::collect(vec![load::diagnostic(error)]) {
            Some(found) => return load::located(CONFIG_INVALID, &found, &loaded.sources),
            None => String::new(),
        },
        failed @ StartError::Failed { .. } => match failed.source() {
            Some(cause) => format!(": {failed}: {cause}"),
            None => format!(": {failed}"),
        },
    };
    Failure::new(
        START_FAILED,
        format_args!("module `{module}` cannot take the new configuration{words}"),
        "the old configuration is still in use; a restart takes the new one, if it can be taken at all",
    )
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use graylane_config::Environment;
    use graylane_diagnostic::Texts as _;
    use graylane_load::Asked;
    use graylane_pipeline::{Hooks, SettingsError};
    use graylane_proxy::Shared;

    use super::*;
    use crate::load::Wanted;
    use crate::modules::TABLE;

    fn loaded(weight: u32, rest: &str) -> Loaded {
        let text = format!(
            "[listeners.web]\naddress = \"127.0.0.1:0\"\n\
             [services.shop]\n[lanes.shop.stable]\nrespond = {{ body = \"a\" }}\n\
             [lanes.shop.canary]\nweight = {weight}\nrespond = {{ body = \"b\" }}\n{rest}"
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("graylane.toml");
        std::fs::write(&file, text).unwrap();
        let wanted = Wanted {
            asked: Asked {
                file,
                environment: Environment::Dev,
                variables: Vec::new(),
                assignments: Vec::new(),
                trust: PathBuf::new(),
            },
            quarantine: false,
            gray_on: false,
        };
        Loaded::read(&wanted, None).unwrap()
    }

    /// What a gateway of this build starts with.
    fn first(loaded: &Loaded) -> Arc<Generation> {
        let snapshot = Snapshot::compile(&loaded.config, 1);
        let modules = TABLE.iter().filter_map(|row| row.module);
        let modules = modules.map(|module| {
            let module = module();
            module
                .start(loaded.sections().of(module.name()), snapshot.topology())
                .unwrap()
        });
        let hooks = Hooks::new(modules.collect());
        Generation::first(&loaded.config, snapshot, hooks, tls(loaded, None).unwrap(), 1)
    }

    #[test]
    fn a_change_of_a_weight_comes_into_use_with_its_revision_and_the_same_topology() {
        let first = first(&loaded(10, ""));
        let shared = Shared::new(Arc::clone(&first));

        let next = next(&first, &loaded(20, "[limits]\nbody = \"1 kB\"\n"), 7).unwrap();
        let before = shared.current().snapshot().revision();
        shared.replace(next).unwrap();

        let current = shared.current();
        assert_eq!((before, current.snapshot().revision()), (1, 7));
        assert_eq!(current.limits().body, 1_000);
        assert!(Arc::ptr_eq(
            first.snapshot().topology(),
            current.snapshot().topology()
        ));
        assert_eq!(
            current.hooks().modules().len(),
            first.hooks().modules().len(),
            "every module goes on"
        );
    }

    #[test]
    fn what_was_overtaken_does_not_come_into_use() {
        let first = first(&loaded(10, ""));
        let shared = Shared::new(Arc::clone(&first));
        let one = next(&first, &loaded(20, ""), 2).unwrap();
        let other = next(&first, &loaded(30, ""), 3).unwrap();

        shared.replace(one).unwrap();
        let refused = shared.replace(other);

        assert!(refused.is_err());
        assert_eq!(shared.current().snapshot().revision(), 2);
    }

    #[test]
    fn a_module_that_cannot_go_on_is_told_with_the_place_of_its_mistake() {
        let loaded = loaded(10, "[modules.breaker]\nwindow = \"7s\"\n");
        let at = loaded.sources.source_of(None).text().find("\"7s\"").unwrap();

        let failure = not_renewed(
            NotRenewed {
                module: "breaker",
                source: StartError::Settings(SettingsError::at(at..at + 4, "no duration", "write one")),
            },
            &loaded,
        );

        assert_eq!(failure.code, CONFIG_INVALID);
        assert!(failure.text.contains("graylane.toml:"), "{}", failure.text);
        assert!(failure.text.contains("window = \"7s\""), "{}", failure.text);
    }
}
