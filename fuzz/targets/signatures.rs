//! A trust file, and a bundle of signature and document. Nothing counts but what the holder of the key signed.
#![no_main]

use std::sync::LazyLock;

use graylane_config::{TrustedKeys, split_bundle};
use libfuzzer_sys::fuzz_target;

/// Its private half is thrown away.
static TRUSTED: LazyLock<TrustedKeys> =
    LazyLock::new(|| TrustedKeys::parse(include_str!("../keys/trusted.pub")).expect("a key"));
const SIGNED: &[u8] = include_bytes!("../keys/signed.toml");

fuzz_target!(|input: &[u8]| {
    // As each of the three, and as a trust file with a bundle behind it.
    let text = String::from_utf8_lossy(input);
    let _ = TRUSTED
        .verify(SIGNED, &text)
        .map_err(|error| (error.to_string(), error.hint()));
    let (trust, bundle) = text.split_once("=====\n").unwrap_or((&text, &text));
    let keys = TrustedKeys::parse(trust).map_err(|error| (error.to_string(), error.hint().to_owned()));
    for bundle in [bundle.as_bytes(), input] {
        let Ok((signature, document)) = split_bundle(bundle) else {
            continue;
        };
        assert_eq!([signature.as_bytes(), document].concat(), bundle);
        if TRUSTED.verify(document, signature).is_ok() {
            assert_eq!(document, SIGNED);
        }
        if let Ok(keys) = &keys
            && let Ok(signed) = keys.verify(document, signature)
        {
            assert!(keys.ids().contains(&signed.key_id));
        }
    }
});
