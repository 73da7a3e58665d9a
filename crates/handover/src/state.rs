use std::collections::BTreeMap;

use crate::LinkError;
use crate::frame::{Frame, Kind};
use crate::limits::{ENTRIES, ENTRY, NAME, STATE};
use crate::talk::Talk;

/// What the old process knows and the new one may want: bytes by name. Who reads ignores the names it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    entries: BTreeMap<String, Vec<u8>>,
}

/// An entry that cannot travel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Its name is empty or too long.
    #[error("a name has 1 to {NAME} bytes, none of them a control character")]
    Name,
    /// Its bytes do not fit one message.
    #[error("{name}: {size} bytes do not fit a message")]
    TooLarge {
        /// Which one.
        name: String,
        /// How many bytes it has.
        size: usize,
    },
    /// There are too many entries, or too many bytes in all.
    #[error("the state has too many entries or bytes")]
    Full,
}

impl State {
    /// Adds or replaces an entry.
    ///
    /// # Errors
    ///
    /// Where it would not fit: up to 1,000,000 bytes each, 16 MiB and 256 entries in all.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) -> Result<(), StateError> {
        if !name_fits(name) {
            return Err(StateError::Name);
        }
        if bytes.len() > ENTRY {
            return Err(StateError::TooLarge {
                name: name.to_owned(),
                size: bytes.len(),
            });
        }
        let before = self.entries.get(name).map_or(0, Vec::len);
        let size = self.entries.values().map(Vec::len).sum::<usize>() - before + bytes.len();
        if size > STATE || (self.entries.len() == ENTRIES && !self.entries.contains_key(name)) {
            return Err(StateError::Full);
        }
        self.entries.insert(name.to_owned(), bytes);
        Ok(())
    }

    /// The bytes of that name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&[u8]> {
        self.entries.get(name).map(Vec::as_slice)
    }

    /// All entries by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.entries
            .iter()
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
    }
}

/// Sends each entry as a message of its own, and the end.
pub(crate) fn send(talk: &mut Talk, state: &State) -> Result<(), LinkError> {
    for (name, bytes) in state.iter() {
        let body = write_entry(name, bytes);
        talk.link.send(Kind::State, &body, &[], talk.patience.answer)?;
    }
    talk.send(Kind::StateEnd)
}

/// Receives all entries up to the end.
pub(crate) fn receive(next: &mut dyn FnMut() -> Result<Frame, LinkError>) -> Result<State, LinkError> {
    let mut state = State::default();
    loop {
        let frame = next()?;
        match frame.kind {
            Kind::State => {}
            Kind::StateEnd => return Ok(state),
            _ => return Err(frame.out_of_turn()),
        }
        let Some((name, bytes)) = read_entry(&frame.body) else {
            return Err(frame.malformed("no name and bytes"));
        };
        state
            .insert(name, bytes.to_vec())
            .map_err(|error| frame.malformed(error.to_string()))?;
    }
}

/// Whether something can be called that.
pub(crate) fn name_fits(name: &str) -> bool {
    (1..=NAME).contains(&name.len()) && !name.contains(char::is_control)
}

/// An entry as the body of a message: the length of the name in two bytes, the name, the bytes.
pub(crate) fn write_entry(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(2 + name.len() + bytes.len());
    body.extend((name.len() as u16).to_be_bytes());
    body.extend(name.as_bytes());
    body.extend(bytes);
    body
}

/// The other way round; `None` if it is none.
pub(crate) fn read_entry(body: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = body.split_first_chunk::<2>()?;
    let (name, bytes) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
    Some((str::from_utf8(name).ok()?, bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_that_does_not_fit_a_message_is_not_taken() {
        let mut state = State::default();

        let most = state.insert("most", vec![0; ENTRY]);
        let more = state.insert("more", vec![0; ENTRY + 1]);

        assert_eq!(most, Ok(()));
        assert!(matches!(more, Err(StateError::TooLarge { size, .. }) if size == ENTRY + 1));
    }

    #[test]
    fn a_state_that_is_full_takes_an_entry_again_but_no_further_one() {
        let mut state = State::default();
        for number in 0..ENTRIES {
            state.insert(&number.to_string(), Vec::new()).unwrap();
        }

        let again = state.insert("7", vec![7]);
        let further = state.insert("further", Vec::new());

        assert_eq!(again, Ok(()));
        assert_eq!(further, Err(StateError::Full));
        assert_eq!(state.entry("7"), Some(&[7][..]));
    }

    #[test]
    fn a_state_has_a_limit_of_bytes_in_all() {
        let mut state = State::default();
        let most = STATE / ENTRY;
        for number in 0..most {
            state.insert(&number.to_string(), vec![0; ENTRY]).unwrap();
        }

        let one_more = state.insert("one more", vec![0; ENTRY]);

        assert_eq!(one_more, Err(StateError::Full));
    }

    proptest! {
        #[test]
        fn an_entry_is_read_as_it_was_written(name in ".{1,60}", bytes: Vec<u8>) {
            let body = write_entry(&name, &bytes);

            prop_assert_eq!(read_entry(&body), Some((name.as_str(), bytes.as_slice())));
        }

        #[test]
        fn no_bytes_make_reading_an_entry_fail_in_another_way_than_none(body: Vec<u8>) {
            let entry = read_entry(&body);

            if let Some((name, bytes)) = entry {
                prop_assert_eq!(write_entry(name, bytes), body);
            }
        }
    }
}
