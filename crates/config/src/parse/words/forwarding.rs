use crate::{LaneFallback, RetryOn};
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::{meant, quote};

/// `baseline` or `fail`.
pub(crate) fn fallback(text: &str) -> Result<LaneFallback, Diagnostic> {
    match text {
        "baseline" => Ok(LaneFallback::Baseline),
        "fail" => Ok(LaneFallback::Fail),
        other => {
            let fault = Diagnostic::new(format!("{} is not a fallback", quote(other)));
            Err(fault.hint("`baseline`: the baseline lane answers, or `fail`"))
        }
    }
}

/// A reason for another try.
pub(crate) fn retry_on(text: &str) -> Result<RetryOn, Diagnostic> {
    RetryOn::word(text).ok_or_else(|| {
        let fault = Diagnostic::new(format!("{} is not a reason for a retry", quote(text)));
        match meant(text, ["broken", "timeout"]) {
            Some(other) => fault.hint(format!("did you mean `{other}`?")),
            None => fault.hint("they are `broken`, `timeout`, `502`, `503` and `504`"),
        }
    })
}
