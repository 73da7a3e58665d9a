use std::io;
use std::path::PathBuf;

use graylane_handover::{CallError, FolderError};

use crate::exit::{
    NOT_SWITCHED, SWITCH_FAILED, SWITCH_LOST, SWITCH_UNKNOWN, SWITCHED_BACK, UNREACHABLE, UNREADABLE,
};

/// Why there was no switch, or not the one that was wanted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchError {
    #[error("this configuration does not say where the running process is met")]
    Nowhere,
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("{} cannot be used", .0.display())]
    Path(PathBuf, #[source] io::Error),
    #[error("no gateway is met in {}", .0.display())]
    NobodyThere(PathBuf),
    #[error("the running process cannot be asked")]
    Call(#[source] CallError),
    #[error("the running process died in the middle, or hung up")]
    Died(#[source] CallError),
    #[error("the switch is refused: {0}")]
    Refused(String),
    #[error("the new process did not come as far as serving: {0}")]
    Failed(String),
    #[error("the new process served, and the old one took everything back: {0}")]
    Returned(String),
    #[error("the new process serves, but connections were cut: {0}")]
    Lossy(String),
    #[error("the switch goes on by itself")]
    Left,
}

impl SwitchError {
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Folder(_) | Self::Path(..) => UNREADABLE,
            Self::Nowhere | Self::NobodyThere(_) | Self::Call(_) => UNREACHABLE,
            Self::Refused(_) => NOT_SWITCHED,
            Self::Failed(_) => SWITCH_FAILED,
            Self::Returned(_) => SWITCHED_BACK,
            Self::Lossy(_) => SWITCH_LOST,
            Self::Died(_) | Self::Left => SWITCH_UNKNOWN,
        }
    }

    pub(crate) fn hint(&self) -> String {
        let hint = match self {
            Self::Folder(error) => return error.hint(),
            Self::Path(..) => "give the path of a graylane binary",
            Self::Nowhere => {
                "give its `handover.folder` by --folder; a gateway with neither that nor `server.state` cannot be \
                 switched, only restarted"
            }
            Self::NobodyThere(_) => "is the gateway running, and is this its `handover.folder`?",
            Self::Call(_) => "run this as the user that the gateway runs as",
            Self::Refused(_) => "nothing has changed",
            Self::Failed(_) => {
                "nothing has changed: the old process serves. The log of the gateway has the words of the new one"
            }
            Self::Returned(_) => {
                "the old process serves again; the log of the gateway tells what the new one had to say"
            }
            Self::Lossy(_) => "raise `drain.limit` where long exchanges are to end by themselves",
            Self::Died(_) => "`grayctl switch status` tells who serves now",
            Self::Left => "`grayctl switch status` tells how it goes",
        };
        hint.to_owned()
    }
}
