//! What people need to know of a certificate: its names and its time.

use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;

/// A certificate that a listener shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its file, as the configuration has it.
    pub file: Box<str>,
    /// The DNS names in it, in lower case and in their order; may be none.
    pub names: Vec<Box<str>>,
    /// From when it is valid.
    pub not_before: SystemTime,
    /// The last second in which it is valid.
    pub not_after: SystemTime,
}

impl Certificate {
    /// Reads it; the error is why not.
    pub(crate) fn read(file: &str, der: &CertificateDer<'_>) -> Result<Self, Box<str>> {
        let parsed = webpki::EndEntityCert::try_from(der).map_err(|error| error.to_string())?;
        let names = parsed.valid_dns_names();
        let (not_before, not_after) = validity(der).ok_or("its time of validity cannot be read")?;
        Ok(Self {
            file: file.into(),
            names: names.map(|name| name.to_ascii_lowercase().into()).collect(),
            not_before,
            not_after,
        })
    }

    /// What it is called where there is room for one name.
    pub fn name(&self) -> &str {
        self.names.first().map_or(&self.file, |name| name)
    }
}

/// The most names of one certificate that count.
const MOST_NAMES: usize = 256;

/// The DNS names, in lower case, and the URIs in a certificate; none where it cannot be read.
pub fn names(der: &CertificateDer<'_>) -> Vec<Box<str>> {
    let Ok(parsed) = webpki::EndEntityCert::try_from(der) else {
        return Vec::new();
    };
    let hosts = parsed
        .valid_dns_names()
        .map(|name| name.to_ascii_lowercase().into());
    let uris = parsed.valid_uri_names().map(Box::from);
    hosts.chain(uris).take(MOST_NAMES).collect()
}

/// RFC 5280, section 4.1: the fifth part of what was signed, or the fourth where the version is left out.
fn validity(der: &[u8]) -> Option<(SystemTime, SystemTime)> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (SEQUENCE, certificate, _) = part(der)? else {
        return None;
    };
    let (SEQUENCE, signed, _) = part(certificate)? else {
        return None;
    };
    let (tag, _, mut rest) = part(signed)?;
    // Before it: the serial number, the algorithm, the issuer.
    for _ in 0..if tag == VERSION { 3 } else { 2 } {
        (_, _, rest) = part(rest)?;
    }
    let (SEQUENCE, validity, _) = part(rest)? else {
        return None;
    };
    let (tag, from, rest) = part(validity)?;
    let from = time(tag, from)?;
    let (tag, to, _) = part(rest)?;
    Some((from, time(tag, to)?))
}

/// The tag and the content of the first element, and what follows it.
fn part(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // A certificate has fewer than 2^24 bytes: three of length.
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// RFC 5280, section 4.1.2.5: `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<SystemTime> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let text = text.strip_suffix(b"Z")?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year = number(year)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (number(year)?, rest)
        }
        _ => return None,
    };
    if rest.len() != 10 {
        return None;
    }
    let two = |at: usize| number(rest.get(at..at + 2)?);
    let (month, day) = (two(0)?, two(2)?);
    let (hour, minute, second) = (two(4)?, two(6)?, two(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    let length = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0'))
    })
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leaps + (month * 306 + 5) / 10 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(tag: u8, text: &str) -> Option<u64> {
        let at = time(tag, text.as_bytes())?;
        Some(at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn the_two_ways_to_write_a_time_are_read() {
        // As `date -u -d TIME +%s` has them.
        for (tag, text, expected) in [
            (0x17, "700101000000Z", 0),
            (0x17, "000229235959Z", 951_868_799),
            (0x17, "491231235959Z", 2_524_607_999),
            (0x18, "20500101000000Z", 2_524_608_000),
            (0x18, "99991231235959Z", 253_402_300_799),
        ] {
            assert_eq!(seconds(tag, text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (tag, text) in [
            (0x17, "700101000000"),
            (0x17, "7001010000Z"),
            (0x18, "700101000000Z"),
            (0x17, "701301000000Z"),
            (0x18, "99991231235960Z"),
            (0x17, "70010x000000Z"),
            (0x0c, "700101000000Z"),
        ] {
            assert_eq!(seconds(tag, text), None, "{text}");
        }
    }

    #[test]
    fn a_cut_certificate_has_no_validity() {
        let whole = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap();
        let der = whole.cert.der();
        assert!(validity(der).is_some());

        assert!((0..der.len()).all(|end| validity(&der[..end]).is_none()));
    }

    #[test]
    fn the_names_of_a_client_are_its_dns_names_and_uris() {
        let mut params =
            rcgen::CertificateParams::new(vec!["Edge.Internal".into(), "10.0.0.1".into()]).unwrap();
        let uri = "spiffe://prod/gateway".try_into().unwrap();
        params.subject_alt_names.push(rcgen::SanType::URI(uri));
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();

        let all = names(certificate.der());

        assert_eq!(all, ["edge.internal".into(), Box::from("spiffe://prod/gateway")]);
        assert!(names(&CertificateDer::from(vec![0; 9])).is_empty());
    }
}
