//! Notices that the content of files changed.
//!
//! Constraints: what counts is the content, not the times of a file. A file caught half way while it is written is not
//! reported. Editors that rename, and Kubernetes, which swaps a symbolic link to a folder (`..data`), look like what they
//! mean: a change of content, of several files at once. A file on a slow or dead file system may hang the thread that
//! looks at it, and nothing else: neither the one that started the watch nor the one that ends it.
//!
//! Mechanism: polling, no inotify (`docs/adr/0005-polling-the-files.md`). Each look asks for the identity of each file:
//! device, inode, size and times, through symbolic links. Only where it differs, or was not compared for a while, the
//! content is read and hashed.
//!
//! - New content is reported when two looks in a row have read the same, and it is not what was reported last.
//! - Content that is ready waits for other files whose content is still moving, but only for [`Options::settle`]: files
//!   that belong together are reported together.
//! - A file that is away, unreadable or too large is reported as such after [`Options::settle`], and when it is back.
//!
//! [`Observer`] is the machine, without clock, thread or file system of its own. [`Watch`] runs it on a thread.
//!
//! A writer that pauses in the middle for longer than a look is caught half way all the same; who must rule that out
//! writes another file and renames it, or signs.

mod digest;
mod files;
mod observer;
mod thread;

pub use digest::Digest;
pub use files::{Disk, Files, Identity, Read};
pub use observer::{Event, Observer, Options, Trouble, Watched};
pub use thread::Watch;
