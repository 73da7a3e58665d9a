//! A file of flags in TOML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    graylane_fuzz::read_flags(
        "flags.toml",
        &String::from_utf8_lossy(input),
        graylane_flags::read_toml,
    );
});
