use std::io;
use std::os::unix::net::UnixStream;

use crate::claim::Claims;
use crate::door::Inside;
use crate::frame::Kind;
use crate::limits::PARTING;
use crate::link::Link;
use crate::{Errand, Giver, Hello, LinkError, OLDEST_PROTOCOL, PROTOCOL, Patience, Peer, Question, Refusal};

/// Somebody at the door who has said nothing yet.
#[derive(Debug)]
pub struct Visitor {
    link: Link,
    peer: Peer,
    patience: Patience,
    claims: Claims,
    inside: Inside,
}

/// What a visitor wants.
#[derive(Debug)]
pub enum Visit {
    /// A new process wants to take over. No second one is heard while this one (or what became of it) lives.
    TakeOver(Giver),
    /// The operator wants a switch.
    Switch(Errand),
    /// The operator wants to know how things are.
    Status(Question),
}

/// A visitor of whom nothing came of.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// It was refused, and told so: another takes over already, or there is no protocol in common.
    #[error("process {pid} was refused: {refusal}", pid = hello.pid)]
    Refused {
        /// Who it said it was.
        hello: Box<Hello>,
        /// Why.
        refusal: Refusal,
    },
    /// What it said could not be understood.
    #[error("a visitor could not be understood")]
    Broken(#[from] LinkError),
}

impl Visitor {
    pub(crate) fn new(
        stream: UnixStream,
        peer: Peer,
        patience: Patience,
        claims: Claims,
        inside: Inside,
    ) -> io::Result<Self> {
        Ok(Self {
            link: Link::new(stream)?,
            peer,
            patience,
            claims,
            inside,
        })
    }

    /// Who it is.
    #[must_use]
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Hears what it wants, for as long as [`Patience::first`](crate::Patience::first) allows.
    ///
    /// # Errors
    ///
    /// Where it was refused or is not understood. Nothing needs to be done about it.
    pub fn listen(mut self) -> Result<Visit, VisitError> {
        let frame = self.link.receive(self.patience.first)?;
        match frame.kind {
            Kind::Hello => self.hello(frame.parse::<Hello>()?.plain()).map(Visit::TakeOver),
            Kind::Switch => Ok(Visit::Switch(Errand::new(frame.parse()?, self.link, self.inside))),
            Kind::Status => Ok(Visit::Status(Question::new(self.link, self.inside))),
            _ => Err(frame.out_of_turn().into()),
        }
    }

    fn hello(mut self, hello: Hello) -> Result<Giver, VisitError> {
        let pid = self.peer.pid.unwrap_or(hello.pid);
        let agreed = agree(&hello).and_then(|protocol| match self.claims.claim(pid) {
            Ok(claim) => Ok((protocol, claim)),
            Err(pid) => Err(Refusal::Busy { pid }),
        });
        match agreed {
            Ok((protocol, claim)) => {
                self.link.agree(protocol);
                Ok(Giver::new(
                    hello,
                    protocol,
                    self.peer,
                    self.link,
                    self.patience,
                    (claim, self.inside),
                ))
            }
            Err(refusal) => {
                _ = self.link.tell(Kind::Refused, &refusal, PARTING);
                Err(VisitError::Refused {
                    hello: Box::new(hello),
                    refusal,
                })
            }
        }
    }
}

/// The newest version that both sides speak.
fn agree(theirs: &Hello) -> Result<u16, Refusal> {
    let protocol = theirs.protocol.min(PROTOCOL);
    if theirs.protocol < OLDEST_PROTOCOL {
        Err(Refusal::ProtocolTooOld {
            oldest: OLDEST_PROTOCOL,
        })
    } else if protocol < theirs.oldest {
        Err(Refusal::ProtocolTooNew { newest: PROTOCOL })
    } else {
        Ok(protocol)
    }
}
