//! The headers of a mock.

use graylane_diagnostic::quote;
use graylane_pipeline::SettingsError;

use super::{Field, MAX_NAME};
use crate::entry::{Entry, Text};

/// Headers of one mock at most.
const MAX_HEADERS: usize = 32;
/// Bytes of a header's value at most.
const MAX_HEADER: usize = 4096;
/// Headers that the gateway writes, or that concern only a connection. So does all that begins with `x-gray`.
const RESERVED: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
    "content-length",
    "content-encoding",
    "date",
];

/// Checks them; names get lower case.
///
/// # Errors
/// One that cannot be sent, or that is not the mock's to send.
pub(super) fn fields(text: Text<'_>, entry: &Entry) -> Result<Vec<Field>, SettingsError> {
    let mut all: Vec<Field> = Vec::new();
    for (key, value) in &entry.headers {
        let name = key.get_ref().to_ascii_lowercase();
        let wrong = |message: String, hint: &str| Err(text.wrong(key.span(), message, hint));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
            return wrong(
                format!("{} is no name of a header", quote(&name)),
                "RFC 9110, section 5.1",
            );
        }
        if RESERVED.contains(&&*name) || name.starts_with("x-gray") {
            return wrong(format!("`{name}` is written by the gateway"), "leave it out");
        }
        if all.iter().any(|(known, _)| **known == *name) {
            return wrong(
                format!("`{name}` stands here twice"),
                "names are the same in any case",
            );
        }
        if all.len() == MAX_HEADERS {
            return wrong(
                format!("more than {MAX_HEADERS} headers"),
                "a mock is a small answer",
            );
        }
        let shown = value.get_ref();
        let fits = |byte: u8| (b' '..=b'~').contains(&byte);
        if shown.len() > MAX_HEADER || shown.trim() != shown || !shown.bytes().all(fits) {
            let message = format!("the value of `{name}` cannot be sent");
            let hint =
                "write visible ASCII, without a space at either end; values of headers have no placeholders";
            return Err(text.wrong(value.span(), message, hint));
        }
        all.push((name.into(), shown.as_str().into()));
    }
    Ok(all)
}
