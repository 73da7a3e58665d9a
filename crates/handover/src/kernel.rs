//! What neither std nor rustix offers safely.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

use crate::Peer;

/// Who is at the other end of a Unix socket.
///
/// rustix has this call too, with a process id that cannot be 0; the kernel says 0 for a process of another namespace.
#[expect(unsafe_code, reason = "a call of the C library that fills a structure")]
pub(crate) fn peer(socket: impl AsFd) -> io::Result<Peer> {
    let mut found = MaybeUninit::<libc::ucred>::zeroed();
    let mut length = size_of::<libc::ucred>() as libc::socklen_t;

    // SAFETY: the pointer is to a structure of the given length, of plain integers that may have any value.
    let (answer, found) = unsafe {
        let answer = libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            found.as_mut_ptr().cast(),
            &raw mut length,
        );
        (answer, found.assume_init())
    };

    if answer != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Peer {
        uid: found.uid,
        pid: u32::try_from(found.pid).ok().filter(|&pid| pid != 0),
    })
}

/// Takes a descriptor that this process was started with.
///
/// # Errors
///
/// Where no such descriptor is open.
#[expect(unsafe_code, reason = "the number of a descriptor came by the environment")]
pub(crate) fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: asking for the flags of a number that may not be open does nothing but fail.
    if unsafe { libc::fcntl(number, libc::F_GETFD) } < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it is open, and whoever started this process opened it for us: nothing else here knows of it. The caller
    // asks for each number only once.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    rustix::io::fcntl_setfd(&descriptor, rustix::io::FdFlags::CLOEXEC)?;
    Ok(descriptor)
}
