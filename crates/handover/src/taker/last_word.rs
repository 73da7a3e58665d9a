use serde_json::Value;

use crate::frame::Kind;
use crate::talk::Talk;

/// What this process, which does not stay, has still to say to the one before: how its drain ended. Where it is dropped, that is
/// not said.
#[derive(Debug)]
pub struct LastWord {
    /// None where nobody would hear it.
    talk: Option<Talk>,
}

impl LastWord {
    pub(super) fn over(talk: Talk) -> Self {
        Self { talk: Some(talk) }
    }

    pub(super) fn to_nobody() -> Self {
        Self { talk: None }
    }

    /// Says what became of each connection.
    pub fn say(self, ledger: &Value) {
        if let Some(mut talk) = self.talk {
            // Where this fails, nobody waits for it any more.
            _ = talk.tell(Kind::Farewell, ledger);
        }
    }
}
