//! The body of a request on the admin port, as a whole and within limits.

use std::time::Duration;

use http::StatusCode;
use http_body::Body;
use hyper::body::Incoming;

/// The longest body. A configuration has at most 1 MiB; a flag file may be larger.
pub(super) const MOST: usize = 32 << 20;
/// The longest time for all of it to come.
const TIME: Duration = Duration::from_secs(30);

/// Why a body is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BodyError {
    #[error("the body has more than {MOST} bytes")]
    TooLong,
    #[error("the body did not come within {TIME:?}")]
    TooSlow,
    #[error("the body broke off")]
    BrokenOff,
}

impl BodyError {
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads all of it.
pub(super) async fn collect(body: Incoming) -> Result<Vec<u8>, BodyError> {
    if body.size_hint().lower() > MOST as u64 {
        return Err(BodyError::TooLong);
    }
    tokio::time::timeout(TIME, read(body))
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

async fn read(body: Incoming) -> Result<Vec<u8>, BodyError> {
    let mut body = std::pin::pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let Ok(frame) = frame else {
            return Err(BodyError::BrokenOff);
        };
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > MOST {
                return Err(BodyError::TooLong);
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}
