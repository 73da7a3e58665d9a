//! Which pages in a browser may ask (CORS, in the Fetch standard).

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
    HeaderValue, ORIGIN, VARY,
};
use http::{Method, Response, StatusCode};

use crate::answer::{self, Answer};
use crate::settings::Origins;

const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, flagd-selector, if-none-match, last-event-id, x-api-key",
);
const EXPOSED: HeaderValue = HeaderValue::from_static("ETag, Retry-After");

/// What is said about CORS in an answer.
#[derive(Debug)]
pub(crate) enum Grant {
    /// Nothing: it is no business of CORS.
    Nothing,
    /// The answer would have been another for another origin, and this one may not read it.
    Refused,
    /// This origin may read it.
    Origin(HeaderValue),
    /// Every origin may.
    Any,
}

impl Grant {
    pub(crate) fn new(origins: &Origins, headers: &HeaderMap) -> Self {
        match (origins, headers.get(ORIGIN)) {
            (Origins::None, _) => Self::Nothing,
            (Origins::Any, Some(_)) => Self::Any,
            (Origins::Any, None) => Self::Nothing,
            (Origins::Listed(listed), Some(origin))
                if listed.iter().any(|one| one.as_bytes() == origin.as_bytes()) =>
            {
                Self::Origin(origin.clone())
            }
            (Origins::Listed(_), _) => Self::Refused,
        }
    }

    /// The answer to a browser that asks before it asks; `None` where the request is none of that kind.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response<Answer>> {
        let is_preflight = method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        match self {
            _ if !is_preflight => None,
            Self::Nothing => None,
            Self::Refused => Some(answer::general(
                StatusCode::FORBIDDEN,
                "pages of this origin may not ask",
            )),
            Self::Origin(_) | Self::Any => {
                let mut response = answer::empty(StatusCode::NO_CONTENT);
                let headers = response.headers_mut();
                headers.insert(
                    ACCESS_CONTROL_ALLOW_METHODS,
                    HeaderValue::from_static("GET, POST"),
                );
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
                Some(response)
            }
        }
    }

    /// Says it.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        match self {
            Self::Nothing => return,
            Self::Refused => {}
            Self::Origin(origin) => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            Self::Any => {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
                headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
                return;
            }
        }
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
}
