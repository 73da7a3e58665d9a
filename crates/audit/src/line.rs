use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::entry::{Actor, Entry, cut, shown};
use crate::hash::{Hash, Head};

/// The longest line that is read, in bytes. No entry becomes this long, however its texts are escaped.
pub const LINE_LIMIT: usize = 1 << 20;

const HASH_MEMBER: &[u8] = br#","hash":""#;
const END: &[u8] = br#""}"#;

/// The members of a line, `hash` excepted, in their order.
#[derive(Serialize)]
struct Body<'a> {
    seq: u64,
    time: String,
    #[serde(skip_serializing_if = "is_one")]
    part: u64,
    #[serde(skip_serializing_if = "is_one")]
    parts: u64,
    actor: Shown<'a>,
    action: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    prev: String,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signer: Option<Cow<'a, str>>,
}

/// All entries of one call as lines, after `head`; with the head that they lead to.
pub(crate) fn encode(
    entries: &[Cow<'_, Entry>],
    mut head: Head,
) -> Result<(Vec<u8>, Head), serde_json::Error> {
    let mut bytes = Vec::new();
    let parts = entries.len() as u64;
    for (entry, part) in entries.iter().zip(1..) {
        let seq = head.seq + 1;
        let body = serde_json::to_vec(&body(entry, seq, part, parts, head.hash))?;
        head = Head {
            seq,
            hash: Hash::of(&[&body]),
        };
        bytes.extend_from_slice(&body[..body.len() - 1]);
        bytes.extend_from_slice(HASH_MEMBER);
        bytes.extend_from_slice(head.hash.to_string().as_bytes());
        bytes.extend_from_slice(END);
        bytes.push(b'\n');
    }
    Ok((bytes, head))
}

fn body(entry: &Entry, seq: u64, part: u64, parts: u64, prev: Hash) -> Body<'_> {
    fn optional(text: Option<&String>) -> Option<Cow<'_, str>> {
        text.map(|text| shown(text))
    }
    Body {
        seq,
        time: written(entry.time),
        // A call of one entry does not mention it.
        part: if parts == 1 { 1 } else { part },
        parts,
        actor: Shown {
            user: optional(entry.actor.user.as_ref()),
            token: optional(entry.actor.token.as_ref()),
            signer: optional(entry.actor.signer.as_ref()),
        },
        action: shown(&entry.action),
        source: optional(entry.source.as_ref()),
        key: optional(entry.key.as_ref()),
        old: optional(entry.old.as_ref()),
        new: optional(entry.new.as_ref()),
        revision: entry.revision,
        digest: optional(entry.digest.as_ref()),
        trace: optional(entry.trace.as_ref()),
        reason: entry.reason.as_ref().map(|reason| cut(reason)),
        prev: prev.to_string(),
    }
}

/// RFC 3339 in UTC with milliseconds. A clock that is off by ages is shown at the end of what can be written.
fn written(time: SystemTime) -> String {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    humantime::format_rfc3339_millis(time.clamp(UNIX_EPOCH, UNIX_EPOCH + LAST)).to_string()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
const fn is_one(count: &u64) -> bool {
    *count == 1
}

/// What ties a line to its neighbours. Other members are verified by the hash alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) head: Head,
    pub(crate) prev: Hash,
    pub(crate) part: u64,
    pub(crate) parts: u64,
    pub(crate) own: Own,
}

/// Entries that the log itself writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    No,
    Rotated,
    Recovered,
}

impl Link {
    /// The number of the first entry of the same call.
    pub(crate) const fn call(&self) -> u64 {
        self.head.seq.saturating_sub(self.part - 1)
    }
}

/// Why a line is not one that a log wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadLine {
    /// It is not of the form of an entry.
    Form,
    /// Its bytes do not lead to its hash. The number is what the line claims.
    Hash(Option<u64>),
}

/// Reads a line, without its line feed, and checks it against its own hash.
pub(crate) fn link(line: &[u8]) -> Result<Link, BadLine> {
    #[derive(Deserialize)]
    struct Members<'a> {
        seq: u64,
        #[serde(borrow)]
        prev: Cow<'a, str>,
        #[serde(default = "one")]
        part: u64,
        #[serde(default = "one")]
        parts: u64,
        #[serde(borrow, default)]
        action: Cow<'a, str>,
    }
    const fn one() -> u64 {
        1
    }
    let (body, hash) = split(line).ok_or(BadLine::Form)?;
    let members = serde_json::from_slice::<Members<'_>>(line);
    if Hash::of(&[body, b"}"]) != hash {
        return Err(BadLine::Hash(members.ok().map(|members| members.seq)));
    }
    let members = members.map_err(|_| BadLine::Form)?;
    let prev = Hash::parse(members.prev.as_bytes()).ok_or(BadLine::Form)?;
    if members.seq == 0 || members.part == 0 || members.part > members.parts || members.seq < members.part {
        return Err(BadLine::Form);
    }
    Ok(Link {
        head: Head {
            seq: members.seq,
            hash,
        },
        prev,
        part: members.part,
        parts: members.parts,
        own: match &*members.action {
            crate::ROTATED => Own::Rotated,
            crate::RECOVERED => Own::Recovered,
            _ => Own::No,
        },
    })
}

/// The bytes that are hashed, but for the closing brace; and the hash.
fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let rest = line.strip_suffix(END)?;
    let (rest, digits) = rest.split_at_checked(rest.len().checked_sub(64)?)?;
    Some((rest.strip_suffix(HASH_MEMBER)?, Hash::parse(digits)?))
}

/// An entry as it was read. Members that this version does not know are left out; the raw line has them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// When, RFC 3339.
    #[serde(default)]
    pub time: String,
    /// Who.
    #[serde(default)]
    pub actor: Actor,
    /// What was done.
    #[serde(default)]
    pub action: String,
    /// Where it came from.
    pub source: Option<String>,
    /// The key that changed.
    pub key: Option<String>,
    /// Its value before.
    pub old: Option<String>,
    /// Its value after.
    pub new: Option<String>,
    /// The revision.
    pub revision: Option<u64>,
    /// The digest of what was read.
    pub digest: Option<String>,
    /// The id of the trace.
    pub trace: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Vec<u8> {
        let mut entry = Entry::new(UNIX_EPOCH, "reload");
        entry.new = Some("5 %".to_owned());
        let (mut bytes, _) = encode(&[Cow::Owned(entry)], Head::START).unwrap();
        bytes.pop();
        bytes
    }

    #[test]
    fn a_line_is_what_the_document_says() {
        let text = String::from_utf8(line()).unwrap();

        let (body, hash) = text.rsplit_once(",\"hash\":\"").unwrap();

        assert_eq!(
            body,
            format!(
                "{{\"seq\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"actor\":{{}},\"action\":\"reload\",\
                 \"new\":\"5 %\",\"prev\":\"{}\"",
                Hash::ZERO
            )
        );
        assert_eq!(
            hash,
            format!("{}\"}}", Hash::of(&[format!("{body}}}").as_bytes()]))
        );
    }

    #[test]
    fn a_line_with_members_of_the_future_is_verified() {
        let body = format!(
            r#"{{"seq":7,"colour":{{"deep":[1,2]}},"prev":"{}","later":"x""#,
            Hash::ZERO
        );
        let line = format!(r#"{body},"hash":"{}"}}"#, Hash::of(&[body.as_bytes(), b"}"]));

        let read = link(line.as_bytes()).unwrap();

        assert_eq!((read.head.seq, read.part, read.parts), (7, 1, 1));
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let line = line();

        let survivors = (0..line.len()).filter(|&at| {
            let mut changed = line.clone();
            changed[at] ^= 1;
            link(&changed).is_ok()
        });

        assert_eq!(survivors.collect::<Vec<usize>>(), Vec::<usize>::new());
    }

    #[test]
    fn the_longest_entry_fits_into_a_line() {
        let worst = "\u{1}".repeat(crate::VALUE_LIMIT);
        let entry = Entry {
            time: UNIX_EPOCH - Duration::from_secs(1),
            actor: Actor {
                user: Some(worst.clone()),
                token: Some(worst.clone()),
                signer: Some(worst.clone()),
            },
            action: worst.clone().into(),
            source: Some(worst.clone()),
            key: Some(worst.clone()),
            old: Some(worst.clone()),
            new: Some(worst.clone()),
            revision: Some(u64::MAX),
            digest: Some(worst.clone()),
            trace: Some(worst.clone()),
            reason: Some(worst + "more"),
        };

        let (bytes, _) = encode(&[Cow::Owned(entry)], Head::START).unwrap();

        assert!(bytes.len() < LINE_LIMIT, "{}", bytes.len());
    }

    #[test]
    fn a_clock_that_is_off_by_ages_can_be_written() {
        let times = [
            UNIX_EPOCH - Duration::from_secs(9),
            UNIX_EPOCH + Duration::from_secs(1 << 40),
        ];

        let texts = times.map(written);

        assert_eq!(texts, ["1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.000Z"]);
    }
}
