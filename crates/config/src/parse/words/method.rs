use graylane_diagnostic::{Diagnostic, quote};

/// A method: a token (RFC 9110, section 9.1). Its case counts, and every one that is in use is in upper case.
pub(in crate::parse) fn method(text: &str) -> Result<Box<str>, Diagnostic> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.is_empty() || text.len() > 24 || !text.bytes().all(is_token) {
        let fault = Diagnostic::new(format!("{} is not a method", quote(text)));
        return Err(fault.hint("such as \"GET\""));
    }
    let upper = text.to_ascii_uppercase();
    if upper != text {
        let fault = Diagnostic::new(format!("{} is no method that clients use", quote(text)));
        return Err(fault.hint(format!("methods are in upper case: `{upper}`")));
    }
    Ok(text.into())
}
