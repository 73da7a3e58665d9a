//! A client and endpoints with scripts of any kind, over pipes in memory: what each of them sees has one meaning and is what
//! the other said. What is played and how it is judged is that of `crates/proxy/tests/piped`.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/proxy/tests/piped/play/mod.rs"]
mod play;

fuzz_target!(|input: &[u8]| play::play(input));
