use std::time::Duration;

use super::{LIVES, LastWord, Settling};
use crate::frame::Kind;
use crate::peer::Life;
use crate::talk::{Reason, Talk};
use crate::{Beat, LinkError};

/// This process may accept, and is watched.
#[derive(Debug)]
pub struct Beating {
    pub(super) talk: Talk,
    pub(super) life: Life,
}

/// What a sign of life led to.
#[derive(Debug)]
pub enum Course {
    /// Still watched.
    On(Beating),
    /// This process goes on alone; the old one drains.
    Committed(Settling),
    /// The old process died: this one goes on as if all had been confirmed.
    Alone,
    /// The old process accepts again: this one stops accepting, drains and ends.
    Returned(String, LastWord),
}

impl Beating {
    /// Says that this process accepts now; the first thing to do.
    pub fn accepting(&mut self) {
        // Where this fails, the next sign of life finds out why.
        _ = self.talk.send(Kind::Accepting);
    }

    /// Gives a sign of life, and waits up to `wait` for what the old process has to say.
    #[must_use]
    pub fn beat(mut self, beat: &Beat, wait: Duration) -> Course {
        // One that finds no room is left out: an old process that is too busy to read must not hold this one up.
        _ = self.talk.link.tell(Kind::Beat, beat, Duration::ZERO);
        if !self.talk.link.wait(wait) {
            return Course::On(self);
        }
        let frame = match self.talk.receive() {
            Ok(frame) => frame,
            Err(LinkError::HungUp | LinkError::Truncated) => {
                self.talk.settled();
                return match self.life.ended() {
                    true => Course::Alone,
                    false => Course::Returned(LIVES.to_owned(), LastWord::to_nobody()),
                };
            }
            Err(error) => return self.returned(error.to_string()),
        };
        match frame.kind {
            Kind::Commit => {
                self.talk.settled();
                // Where this fails the old process died, or takes everything back: both are said by what comes next.
                _ = self.talk.send(Kind::Committed);
                Course::Committed(Settling::new(self.talk))
            }
            Kind::Return => {
                self.talk.settled();
                Course::Returned(Reason::of(&frame), LastWord::over(self.talk))
            }
            _ => {
                let error = frame.out_of_turn();
                self.returned(error.to_string())
            }
        }
    }

    /// Gives up, and says why: this process has stopped accepting, drains and ends.
    pub fn give_up(mut self, reason: &str) -> LastWord {
        self.talk.say(reason);
        LastWord::over(self.talk)
    }

    /// The old process talks nonsense but lives: it is told why, and accepts again.
    fn returned(self, reason: String) -> Course {
        let last_word = self.give_up(&reason);
        Course::Returned(reason, last_word)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::link::Link;
    use crate::{Death, Patience, Peer};

    fn life_of(pid: u32) -> Life {
        let peer = Peer {
            uid: 0,
            pid: Some(pid),
        };
        Life::of(peer, Death::AskTheKernel)
    }

    #[test]
    fn an_old_process_that_hangs_up_but_lives_is_left_to_serve() {
        let (old, new) = UnixStream::pair().unwrap();
        let talk = Talk::new(Link::new(new).unwrap(), Patience::default(), Kind::GaveUp);
        let life = life_of(std::process::id());
        drop(old);

        let course = Beating { talk, life }.beat(&Beat::default(), Duration::from_secs(30));

        assert!(matches!(course, Course::Returned(reason, _) if reason == LIVES));
    }

    #[test]
    fn a_process_that_was_killed_is_seen_as_ended_even_before_anybody_asked_for_its_end() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let life = life_of(child.id());
        child.kill().unwrap();

        let ended = life.ended();

        assert!(ended);
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_cannot_be_seen_is_believed_to_have_ended_with_its_connection() {
        let unseen = Peer { uid: 0, pid: None };

        let life = Life::of(unseen, Death::AskTheKernel);

        assert!(life.ended());
    }
}
