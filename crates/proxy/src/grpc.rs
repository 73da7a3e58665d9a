//! What the gateway knows of gRPC: who speaks it, by when an answer is wanted, and how a fault is told.
//!
//! A client of gRPC looks for the end of a call in the trailers of an answer with status 200; it makes what it can of anything
//! else. So a fault is answered in its own words: an answer that consists of trailers only (PROTOCOL-HTTP2, "Responses").
//! Everything else of gRPC is HTTP/2 with trailers and passes through.

use std::time::Duration;

use graylane_pipeline::Fault;

/// The `Content-Type` of gRPC.
pub(crate) const CONTENT_TYPE: &[u8] = b"application/grpc";

/// Whether a `Content-Type` is that of gRPC. That of gRPC-Web begins alike, but is another protocol with its trailers in the
/// body: to its clients a fault is an answer of HTTP.
pub(crate) fn is_grpc(content_type: &[u8]) -> bool {
    let Some((start, rest)) = content_type.split_at_checked(CONTENT_TYPE.len()) else {
        return false;
    };
    start.eq_ignore_ascii_case(CONTENT_TYPE)
        && matches!(rest.first(), None | Some(b'+' | b';' | b' ' | b'\t'))
}

/// A `grpc-timeout` that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the grpc-timeout is not valid")]
pub(crate) struct BadTimeout;

/// Reads a `grpc-timeout`: at most eight digits, and a unit (PROTOCOL-HTTP2, "Requests"). It goes on to the endpoint as it
/// came. To take off it what the gateway has used up would mean to write the head anew for each endpoint that is asked, and
/// would gain nothing: when the time is up the gateway resets the endpoint's stream as well.
///
/// # Errors
/// It is anything else. Then nobody can tell how long the client wants to wait, and it is not for us to guess.
pub(crate) fn timeout(value: &[u8]) -> Result<Duration, BadTimeout> {
    let (unit, digits) = value.split_last().ok_or(BadTimeout)?;
    if digits.is_empty() || digits.len() > 8 {
        return Err(BadTimeout);
    }
    let number = digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'9' => Ok(number * 10 + u64::from(digit - b'0')),
        _ => Err(BadTimeout),
    })?;
    match unit {
        b'H' => Ok(Duration::from_secs(number * 3600)),
        b'M' => Ok(Duration::from_secs(number * 60)),
        b'S' => Ok(Duration::from_secs(number)),
        b'm' => Ok(Duration::from_millis(number)),
        b'u' => Ok(Duration::from_micros(number)),
        b'n' => Ok(Duration::from_nanos(number)),
        _ => Err(BadTimeout),
    }
}

/// How a call ended, by the numbers of gRPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Status {
    Unknown = 2,
    DeadlineExceeded = 4,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Status {
    /// Of a fault.
    pub(crate) fn of(fault: Fault) -> Self {
        match fault {
            // More than HTTP's table says: the size is a limit of the gateway, and a client should not try again.
            Fault::BodyTooLarge | Fault::HeadTooLarge => Self::ResourceExhausted,
            Fault::DeadlineExceeded => Self::DeadlineExceeded,
            _ => Self::of_http(fault.status()),
        }
    }

    /// Of a status of HTTP, by the table of gRPC's `http-grpc-status-mapping`.
    pub(crate) fn of_http(status: u16) -> Self {
        match status {
            400 => Self::Internal,
            401 => Self::Unauthenticated,
            403 => Self::PermissionDenied,
            404 => Self::Unimplemented,
            429 | 502 | 503 | 504 => Self::Unavailable,
            _ => Self::Unknown,
        }
    }
}

/// Appends the field lines that tell how a call ended: trailers, or part of the head of an answer that is trailers only.
pub(crate) fn write_status(status: Status, message: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"grpc-status: ");
    let number = status as u8;
    if number >= 10 {
        out.push(b'0' + number / 10);
    }
    out.push(b'0' + number % 10);
    out.extend_from_slice(b"\r\ngrpc-message: ");
    percent_encode(message, out);
    out.extend_from_slice(b"\r\n");
}

/// PROTOCOL-HTTP2, "Responses": every byte that is not a visible character of ASCII or a space, and `%` itself.
fn percent_encode(message: &str, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(byte),
            _ => out.extend_from_slice(&[
                b'%',
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_by_its_content_type() {
        for yes in [
            "application/grpc",
            "application/grpc+proto",
            "Application/gRPC+json",
            "application/grpc; charset=utf-8",
            "application/grpc;x",
        ] {
            assert!(is_grpc(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "application/grpc-web",
            "application/grpc-web+proto",
            "application/grpcx",
            "application/json",
        ] {
            assert!(!is_grpc(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn a_timeout_has_a_number_and_a_unit() {
        for (text, time) in [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("0S", Duration::ZERO),
            ("00000003S", Duration::from_secs(3)),
            ("250m", Duration::from_millis(250)),
            ("99999999u", Duration::from_micros(99_999_999)),
            ("5n", Duration::from_nanos(5)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ] {
            assert_eq!(timeout(text.as_bytes()), Ok(time), "{text}");
        }
        for text in [
            "",
            "S",
            "1",
            "1s",
            "1h",
            "-1S",
            "+1S",
            " 1S",
            "1 S",
            "1.5S",
            "123456789m",
            "1Sm",
            "\u{ff11}S",
        ] {
            assert_eq!(timeout(text.as_bytes()), Err(BadTimeout), "{text:?}");
        }
    }

    #[test]
    fn every_fault_has_a_status_that_a_client_of_grpc_understands() {
        let expected = [
            (Fault::BadRequest, 13),
            (Fault::TargetTooLong, 2),
            (Fault::HeadTooLarge, 8),
            (Fault::VersionNotServed, 2),
            (Fault::BodyTooLarge, 8),
            (Fault::Expectation, 2),
            (Fault::RequestTimeout, 2),
            (Fault::MethodNotServed, 2),
            (Fault::NoService, 12),
            (Fault::NoEndpoint, 14),
            (Fault::Unreachable, 14),
            (Fault::UpstreamTimeout, 14),
            (Fault::DeadlineExceeded, 4),
            (Fault::UpstreamBroken, 14),
        ];

        assert_eq!(expected.map(|(fault, _)| fault), Fault::ALL);
        for (fault, number) in expected {
            assert_eq!(Status::of(fault) as u8, number, "{}", fault.as_str());
        }
        assert_eq!(Status::of_http(401), Status::Unauthenticated);
        assert_eq!(Status::of_http(403), Status::PermissionDenied);
        assert_eq!(Status::of_http(429), Status::Unavailable);
    }

    #[test]
    fn a_status_is_written_as_field_lines() {
        let (mut small, mut large) = (Vec::new(), Vec::new());

        write_status(Status::DeadlineExceeded, "too late\n", &mut small);
        write_status(Status::Unavailable, "100 % gone: \u{e4}", &mut large);

        assert_eq!(
            String::from_utf8(small).unwrap(),
            "grpc-status: 4\r\ngrpc-message: too late%0A\r\n"
        );
        assert_eq!(
            String::from_utf8(large).unwrap(),
            "grpc-status: 14\r\ngrpc-message: 100 %25 gone: %C3%A4\r\n"
        );
    }
}
