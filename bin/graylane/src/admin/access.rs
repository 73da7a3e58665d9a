//! Who asks on the admin port. Reading is open on a loopback address; changing anything needs a token everywhere.

use std::net::SocketAddr;

use graylane_config::Credential;
use http::header::{AUTHORIZATION, HeaderMap};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Somebody who showed no token.
    Anonymous,
    /// The holder of the token of this name.
    Token(String),
}

/// A token was shown, and it is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongToken;

/// Finds out who asks, from `Authorization: Bearer <token>` (RFC 6750, section 2.1).
pub(super) fn caller(headers: &HeaderMap, tokens: &[Credential]) -> Result<Caller, WrongToken> {
    let mut shown = headers.get_all(AUTHORIZATION).iter();
    let (value, more) = (shown.next(), shown.next());
    let Some(value) = value else {
        return Ok(Caller::Anonymous);
    };
    let token = bearer(value.as_bytes())
        .filter(|_| more.is_none())
        .ok_or(WrongToken)?;
    tokens
        .iter()
        .find(|known| known.sha256.is_of(token))
        .map(|known| Caller::Token(known.name.to_string()))
        .ok_or(WrongToken)
}

/// Whether somebody may read a page: the text of a file, as a change, only the holder of a token; of the others, on a
/// loopback address everybody, else the holder of a token.
pub(super) fn may_read(caller: &Caller, admin: SocketAddr, path: &str) -> bool {
    *caller != Caller::Anonymous || (admin.ip().is_loopback() && path != "/flags/file")
}

/// Why a page is not shown to somebody without a token.
pub(super) const WHY_A_TOKEN: &str = "this page needs a token: /flags/file always does, others where the admin port is \
     not on a loopback address";

fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use graylane_core::Sha256;
    use http::HeaderValue;

    use super::*;

    fn asked(values: &[&str]) -> Result<Caller, WrongToken> {
        let tokens = [Credential {
            name: "deploy".parse().unwrap(),
            sha256: Sha256::of("secret"),
        }];
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        caller(&headers, &tokens)
    }

    #[test]
    fn a_caller_is_who_holds_the_token() {
        assert_eq!(asked(&["Bearer secret"]), Ok(Caller::Token("deploy".to_owned())));
        assert_eq!(asked(&["bearer  secret"]), Ok(Caller::Token("deploy".to_owned())));
        assert_eq!(asked(&[]), Ok(Caller::Anonymous));
    }

    #[test]
    fn anything_shown_that_is_no_token_of_ours_is_wrong() {
        for values in [
            &["Bearer other"][..],
            &["Bearer "],
            &["Bearer"],
            &["Basic secret"],
            &["secret"],
            &["Bearer secret", "Bearer secret"],
        ] {
            assert_eq!(asked(values), Err(WrongToken), "{values:?}");
        }
    }

    #[test]
    fn a_stranger_reads_on_a_loopback_address_only() {
        let token = Caller::Token("deploy".to_owned());
        let [here, everywhere] = ["127.0.0.1:9900", "0.0.0.0:9900"].map(|at| at.parse().unwrap());

        assert!(may_read(&Caller::Anonymous, here, "/config"));
        assert!(!may_read(&Caller::Anonymous, here, "/flags/file"));
        assert!(!may_read(&Caller::Anonymous, everywhere, "/config"));
        assert!(may_read(&token, everywhere, "/flags/file"));
    }
}
