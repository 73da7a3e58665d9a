//! A published set, with everything about it that does not depend on who asks.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use graylane_flags::{CompiledFlag, FlagId, FlagSet, Metadata, Reason, Resolution, Value, ValueRef};

use crate::json;
use crate::publish::Published;

/// The metadata that names the set of a flag.
const SET: &str = "flagSetId";

/// One revision.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) flags: Arc<FlagSet>,
    pub(crate) digest: [u8; 32],
    /// The name of this revision towards clients: of an event, and as `flagConfigEtag`.
    pub(crate) id: Box<str>,
    /// When it was published, in seconds since 1970.
    pub(crate) published: u64,
    /// What an event stream tells.
    pub(crate) event: Bytes,
    /// The pieces below, one after the other.
    text: Vec<u8>,
    pieces: Vec<Pieces>,
    /// `,"metadata":{…}` of the set.
    pub(crate) metadata: Box<[u8]>,
    /// Enough room for a bulk answer.
    pub(crate) room: usize,
}

/// Where the pieces of a flag's answer stand in the text.
#[derive(Debug)]
struct Pieces {
    /// `{"key":"…","reason":"`
    head: Range<usize>,
    /// `","variant":"…","value":…` by variant.
    variants: Box<[Range<usize>]>,
    /// `,"metadata":{…}}`
    tail: Range<usize>,
    /// The same with the reason in it that the protocol has no word for.
    defaulted: Range<usize>,
    /// The set that it belongs to.
    set: Option<Box<str>>,
}

impl Snapshot {
    pub(crate) fn new(published: Published) -> Self {
        let Published {
            flags,
            revision,
            digest,
        } = published;
        let seconds = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.as_secs());
        let short = digest[..8]
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let id = format!("{revision}-{short}").into_boxed_str();
        let event = format!(
            "id: {id}\nevent: message\ndata: {{\"type\":\"refetchEvaluation\",\"etag\":\"{id}\",\"lastModified\":{seconds}}}\n\n"
        );
        let mut metadata = Vec::new();
        self::metadata(&mut metadata, flags.metadata(), revision, None);
        let mut text = Vec::with_capacity(flags.len() * 128);
        let pieces: Vec<_> = flags
            .iter()
            .map(|(_, flag)| Pieces::write(&mut text, flag, revision))
            .collect();
        let room = 1024 + pieces.iter().map(Pieces::room).sum::<usize>();
        Self {
            digest,
            id,
            published: seconds,
            event: Bytes::from(event),
            metadata: metadata.into_boxed_slice(),
            room,
            text,
            pieces,
            flags,
        }
    }

    /// Whether the flag is in the set that was asked for.
    pub(crate) fn is_selected(&self, flag: FlagId, set: Option<&str>) -> bool {
        set.is_none_or(|set| self.pieces[flag.0 as usize].set.as_deref() == Some(set))
    }

    /// Writes the answer for a flag.
    pub(crate) fn write(&self, out: &mut Vec<u8>, flag: FlagId, resolution: &Resolution<'_>) {
        let pieces = &self.pieces[flag.0 as usize];
        out.extend_from_slice(&self.text[pieces.head.clone()]);
        out.extend_from_slice(word(resolution.reason).as_bytes());
        match (resolution.variant, resolution.value) {
            (Some((variant, _)), Some(_)) => {
                out.extend_from_slice(&self.text[pieces.variants[usize::from(variant)].clone()]);
            }
            (None, Some(value)) => {
                out.extend_from_slice(b"\",\"value\":");
                json::value(out, value);
            }
            (_, None) => out.push(b'"'),
        }
        let tail = match resolution.reason {
            Reason::Default => &pieces.defaulted,
            _ => &pieces.tail,
        };
        out.extend_from_slice(&self.text[tail.clone()]);
    }

    /// Writes the failure of a flag.
    pub(crate) fn write_failure(&self, out: &mut Vec<u8>, flag: FlagId, code: &str, details: &str) {
        out.extend_from_slice(b"{\"key\":");
        json::string(out, self.flags.flag(flag).key());
        out.extend_from_slice(b",\"errorCode\":\"");
        out.extend_from_slice(code.as_bytes());
        out.extend_from_slice(b"\",\"errorDetails\":");
        json::string(out, details);
        out.extend_from_slice(&self.text[self.pieces[flag.0 as usize].tail.clone()]);
    }
}

/// The protocol's word for a reason.
fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Default => "UNKNOWN",
        other => other.as_str(),
    }
}

impl Pieces {
    fn write(text: &mut Vec<u8>, flag: &CompiledFlag, revision: u64) -> Self {
        let head = piece(text, |text| {
            text.extend_from_slice(b"{\"key\":");
            json::string(text, flag.key());
            text.extend_from_slice(b",\"reason\":\"");
        });
        let variants = flag.variants().iter().map(|variant| {
            piece(text, |text| {
                text.extend_from_slice(b"\",\"variant\":");
                json::string(text, &variant.name);
                text.extend_from_slice(b",\"value\":");
                json::value(text, variant.value.as_ref());
            })
        });
        let variants = variants.collect();
        let mut tail = |reason| {
            piece(text, |text| {
                metadata(text, flag.metadata(), revision, reason);
                text.push(b'}');
            })
        };
        Self {
            head,
            variants,
            tail: tail(None),
            defaulted: tail(Some(Reason::Default)),
            set: flag.metadata().iter().find_map(|(name, value)| match value {
                Value::Text(set) if **name == *SET => Some(set.clone()),
                _ => None,
            }),
        }
    }

    fn room(&self) -> usize {
        let variant = self.variants.iter().map(ExactSizeIterator::len).max();
        self.head.len() + 16 + variant.unwrap_or(0) + self.defaulted.len() + 1
    }
}

fn piece(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
    let start = text.len();
    write(text);
    start..text.len()
}

/// `,"metadata":{…}`: as defined, with the revision, and with the reason where the protocol has no word for it.
fn metadata(text: &mut Vec<u8>, defined: &Metadata, revision: u64, reason: Option<Reason>) {
    text.extend_from_slice(b",\"metadata\":{");
    // A file's own `revision` is the one it was signed with; towards clients counts the one of the whole.
    let written = defined.iter().filter(|(name, value)| {
        let scalar = !matches!(value, Value::Null | Value::List(_) | Value::Map(_));
        let replaced = **name == *"revision" || (reason.is_some() && **name == *"reason");
        scalar && !replaced
    });
    for (name, value) in written {
        json::field(text, name, value.as_ref());
        text.push(b',');
    }
    if let Some(reason) = reason {
        json::field(text, "reason", ValueRef::Text(reason.as_str()));
        text.push(b',');
    }
    let _ = write!(text, "\"revision\":{revision}}}");
}
