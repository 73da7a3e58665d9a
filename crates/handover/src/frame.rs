//! A message: sixteen bytes of head, big-endian, and a body.
//!
//! | bytes | what                                      |
//! |-------|-------------------------------------------|
//! | 0-3   | `GRLN`                                    |
//! | 4-5   | version of the protocol                   |
//! | 6-7   | kind                                      |
//! | 8-9   | descriptors that come along, up to 253    |
//! | 10-11 | nothing, ignored                          |
//! | 12-15 | length of the body, up to 1 MiB           |
//!
//! This head is the same in every version, so that two versions can tell each other that they do not match.

use std::os::fd::OwnedFd;

use serde::de::DeserializeOwned;

use crate::LinkError;
use crate::limits::{BATCH, BODY};

pub(crate) const HEAD: usize = 16;
const MAGIC: [u8; 4] = *b"GRLN";

macro_rules! kinds {
    ($($kind:ident = $number:literal $word:literal,)*) => {
        /// What a message says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($kind = $number,)* }

        impl Kind {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            pub(crate) fn word(self) -> &'static str {
                match self { $(Self::$kind => $word,)* }
            }
        }

        impl TryFrom<u16> for Kind {
            type Error = LinkError;

            fn try_from(kind: u16) -> Result<Self, LinkError> {
                match kind {
                    $($number => Ok(Self::$kind),)*
                    kind => Err(LinkError::UnknownKind { kind }),
                }
            }
        }
    };
}

kinds! {
    Hello = 1 "HELLO",
    Refused = 2 "REFUSED",
    Listeners = 3 "LISTENERS",
    State = 4 "STATE",
    StateEnd = 5 "STATE-END",
    Ready = 6 "READY",
    Go = 7 "GO",
    Accepting = 8 "ACCEPTING",
    Beat = 9 "BEAT",
    Commit = 10 "COMMIT",
    Committed = 11 "COMMITTED",
    Return = 12 "RETURN",
    GaveUp = 13 "GAVE-UP",
    Connection = 14 "CONNECTION",
    Farewell = 15 "FAREWELL",
    Taken = 16 "TAKEN",
    Switch = 32 "SWITCH",
    Progress = 33 "PROGRESS",
    Outcome = 34 "OUTCOME",
    CallOff = 35 "CALL-OFF",
    Status = 36 "STATUS",
    StatusIs = 37 "STATUS-IS",
}

/// A message that came.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) body: Vec<u8>,
    /// Closed with the frame where the kind has no use for them.
    pub(crate) descriptors: Vec<OwnedFd>,
}

impl Frame {
    /// The body as JSON. Fields that this version does not know are ignored.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, LinkError> {
        serde_json::from_slice(&self.body).map_err(|error| self.malformed(error.to_string()))
    }

    pub(crate) fn malformed(&self, why: impl Into<String>) -> LinkError {
        LinkError::Malformed {
            kind: self.kind.word(),
            why: why.into(),
        }
    }

    pub(crate) fn out_of_turn(&self) -> LinkError {
        LinkError::OutOfTurn {
            found: self.kind.word(),
        }
    }
}

/// The head of a message, checked as far as it can be without its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) protocol: u16,
    pub(crate) kind: u16,
    pub(crate) descriptors: u16,
    pub(crate) length: u32,
}

impl Head {
    pub(crate) fn write(self) -> [u8; HEAD] {
        let mut bytes = [0; HEAD];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..6].copy_from_slice(&self.protocol.to_be_bytes());
        bytes[6..8].copy_from_slice(&self.kind.to_be_bytes());
        bytes[8..10].copy_from_slice(&self.descriptors.to_be_bytes());
        bytes[12..].copy_from_slice(&self.length.to_be_bytes());
        bytes
    }

    pub(crate) fn read(bytes: &[u8; HEAD]) -> Result<Self, LinkError> {
        if bytes[..4] != MAGIC {
            return Err(LinkError::Garbage);
        }
        let short = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let head = Self {
            protocol: short(4),
            kind: short(6),
            descriptors: short(8),
            length: u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
        };
        if head.length as usize > BODY {
            return Err(LinkError::TooLarge {
                size: head.length as usize,
            });
        }
        if usize::from(head.descriptors) > BATCH {
            return Err(LinkError::Garbage);
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_head_is_read_as_it_was_written(protocol: u16, kind: u16, descriptors in 0..=253_u16, length in 0..=1_u32 << 20) {
            let head = Head { protocol, kind, descriptors, length };

            let read = Head::read(&head.write());

            prop_assert_eq!(read.unwrap(), head);
        }

        #[test]
        fn no_bytes_make_reading_a_head_fail_in_another_way_than_an_error(bytes: [u8; HEAD]) {
            let read = Head::read(&bytes);

            if let Ok(head) = read {
                prop_assert!(head.length as usize <= BODY && usize::from(head.descriptors) <= BATCH);
            }
        }
    }

    #[test]
    fn each_kind_has_a_number_of_its_own_and_is_found_by_it() {
        for kind in Kind::ALL {
            let found = Kind::try_from(*kind as u16).unwrap();

            assert_eq!(found, *kind);
        }
    }
}
