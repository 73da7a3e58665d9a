//! The two messages of `grpc.health.v1.Health/Check`, by hand: `HealthCheckRequest { string service = 1 }` and
//! `HealthCheckResponse { ServingStatus status = 1 }`.

/// A request. A field that has its default is not written.
pub(super) fn check_request(service: &str) -> Vec<u8> {
    let mut message = Vec::new();
    if !service.is_empty() {
        message.push(1 << 3 | LENGTH as u8);
        put_number(service.len() as u64, &mut message);
        message.extend_from_slice(service.as_bytes());
    }
    message
}

/// The status of an answer, 0 where it is not there; `None` where the message is malformed. Fields that are not known are
/// skipped, and of several the last one counts.
pub(super) fn check_response(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let tag = number(&mut message)?;
        match (tag >> 3, tag & 7) {
            (0, _) => return None,
            (1, NUMBER) => status = number(&mut message)?,
            // The field, but not as what it is declared.
            (1, _) => return None,
            (_, NUMBER) => _ = number(&mut message)?,
            (_, EIGHT) => message = message.get(8..)?,
            (_, FOUR) => message = message.get(4..)?,
            (_, LENGTH) => {
                let length = usize::try_from(number(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            // Groups, which nobody writes any more, and what there is not.
            _ => return None,
        }
    }
    Some(status)
}

/// The types of the wire.
const NUMBER: u64 = 0;
const EIGHT: u64 = 1;
const LENGTH: u64 = 2;
const FOUR: u64 = 5;

fn put_number(mut number: u64, message: &mut Vec<u8>) {
    while number >= 0x80 {
        message.push(number as u8 | 0x80);
        number >>= 7;
    }
    message.push(number as u8);
}

/// Takes a number of seven bits a byte, the lowest first: ten bytes at most, and no bit beyond the 64th.
fn number(message: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..10 {
        let (&byte, rest) = message.split_first()?;
        *message = rest;
        let bits = u64::from(byte & 0x7f);
        if place == 9 && bits > 1 {
            return None;
        }
        number |= bits << (7 * place);
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_has_the_name_of_the_service_or_nothing() {
        assert_eq!(check_request(""), b"");
        assert_eq!(check_request("a.B"), b"\x0a\x03a.B");
        assert_eq!(check_request(&"x".repeat(200))[..3], [0x0a, 0xc8, 0x01]);
    }

    #[test]
    fn a_status_is_found_among_fields_that_are_not_known() {
        for (message, status) in [
            (&b""[..], Some(0)),
            (b"\x08\x01", Some(1)),
            (b"\x08\x02\x08\x01", Some(1)),
            (
                b"\x12\x02hi\x08\x01\x19\0\0\0\0\0\0\0\0\x25\0\0\0\0\x30\x96\x01",
                Some(1),
            ),
            (b"\x08\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00", Some(1)),
            (b"\x08", None),
            (b"\x08\xff", None),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", None),
            (b"\x0a\x01a", None),
            (b"\x12\xff\xff\xff\xff\x0fhi", None),
            (b"\x13", None),
            (b"\x00\x01", None),
        ] {
            assert_eq!(check_response(message), status, "{message:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = check_response(&bytes);
        }

        #[test]
        fn any_number_is_read_as_it_was_written(value: u64) {
            let mut bytes = Vec::new();

            put_number(value, &mut bytes);

            prop_assert_eq!(number(&mut bytes.as_slice()), Some(value));
        }
    }
}
