//! A file of flags in flagd's JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let text = String::from_utf8_lossy(input);
    let read = graylane_fuzz::read_flags("flags.json", &text, graylane_flags::read_json);
    // The other way round this reader is stricter: no key stands twice, and half of a surrogate is none.
    if serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}')).is_err() {
        assert!(!read);
    }
});
