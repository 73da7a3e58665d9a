//! The keys of signatures over gray lanes.

use graylane_config::Config;
use graylane_context::Key;
use graylane_core::Name;
use graylane_diagnostic::{Diagnostic, quote};

use super::LoadedTls;

/// The keys that the configuration names, read from the content of their files. Nothing of a key is in a mistake.
pub(crate) fn keys(config: &Config, files: &LoadedTls) -> Result<Vec<(Name, Key)>, Vec<Diagnostic>> {
    let (mut keys, mut wrong) = (Vec::new(), Vec::new());
    for key in &config.gray.keys {
        // Read with the others, so only a mistake of ours leaves it out; then its signatures do not count.
        let content = files.files.named.get(&key.file.path);
        match Key::read(content.map_or(&[], |content| content.bytes())) {
            Ok(read) => keys.push((key.name.clone(), read)),
            Err(why) => {
                let fault = Diagnostic::new(format!(
                    "{} is no key of signatures: {why}",
                    quote(&key.file.path)
                ));
                let hint = "`grayctl context keygen` makes one: 32 random bytes in hexadecimal";
                wrong.push(fault.hint(hint).at(key.file.span.clone()));
            }
        }
    }
    if wrong.is_empty() { Ok(keys) } else { Err(wrong) }
}
