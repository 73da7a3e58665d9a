//! flagd's JSON, written in Rust, as definitions: read as flagd reads it.

use graylane_diagnostic::Source;
use graylane_flags::{Bucketing, Definitions, ReadOptions};
use serde_json::Value as Json;

/// The definitions in a document, in which `state` may be missing.
pub(crate) fn definitions(document: &Json, bucketing: Bucketing) -> Definitions {
    let mut document = document.clone();
    document["metadata"]["bucketing"] = bucketing.as_str().into();
    for flag in document["flags"].as_object_mut().unwrap().values_mut() {
        let fields = flag.as_object_mut().unwrap();
        fields.entry("state").or_insert("ENABLED".into());
    }
    let source = Source::new("flags.json", document.to_string());
    let options = ReadOptions {
        quarantine: false,
        as_flagd: true,
    };
    let reading = Definitions::read([&source], options);
    reading
        .map_err(|faults| faults.render(&source))
        .unwrap()
        .definitions
}
