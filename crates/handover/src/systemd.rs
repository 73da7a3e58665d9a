//! What systemd wants to be told, and what it hands over (`sd_notify(3)`, `sd_listen_fds(3)`).

use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::fd::RawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::limits::{LISTENERS, PARTING};
use crate::{Handed, kernel};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// `READY=1`: it serves.
    Ready,
    /// `MAINPID=`: another process is the main one from now on, and serves. Needs `NotifyAccess=all`.
    MainPid(u32),
    /// `RELOADING=1` with the time that `Type=notify-reload` asks for; [`Notice::Ready`] ends it.
    Reloading,
    /// `STOPPING=1`.
    Stopping,
    /// `STATUS=`: a line for people.
    Status(&'a str),
}

/// Tells systemd; `false` where nobody wants to know (`NOTIFY_SOCKET` is not set).
///
/// # Errors
///
/// Where the socket cannot be reached. That is no reason to stop.
pub fn notify(notices: &[Notice<'_>]) -> io::Result<bool> {
    match env::var_os("NOTIFY_SOCKET") {
        Some(address) if !address.is_empty() => send(&address, &text(notices)).map(|()| true),
        _ => Ok(false),
    }
}

/// The sockets that systemd opened for this process, by the names of `FileDescriptorName=`. Empty the second time.
///
/// # Errors
///
/// Where the variables are there but make no sense.
pub fn listeners() -> io::Result<Vec<Handed>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    // A number may be made a descriptor only once. The variables stay: to take them away is not safe with threads, and
    // `LISTEN_PID` keeps children from believing them.
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let variable = |name| env::var(name).unwrap_or_default();
    let names = numbered(
        &variable("LISTEN_PID"),
        &variable("LISTEN_FDS"),
        &variable("LISTEN_FDNAMES"),
        std::process::id(),
    )?;
    names
        .into_iter()
        .map(|(number, name)| {
            Ok(Handed {
                name,
                kind: "systemd".to_owned(),
                socket: kernel::inherited(number)?,
            })
        })
        .collect()
}

fn text(notices: &[Notice<'_>]) -> String {
    let mut text = String::new();
    for notice in notices {
        let line = match notice {
            Notice::Ready => "READY=1".to_owned(),
            Notice::MainPid(pid) => format!("MAINPID={pid}"),
            Notice::Reloading => {
                let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
                let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
                format!("RELOADING=1\nMONOTONIC_USEC={micros}")
            }
            Notice::Stopping => "STOPPING=1".to_owned(),
            // A line break would begin another notice.
            Notice::Status(status) => {
                let line = status.chars().take(STATUS);
                let line = line.map(|c| if c.is_control() { ' ' } else { c });
                format!("STATUS={}", line.collect::<String>())
            }
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn send(address: &OsStr, text: &str) -> io::Result<()> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(address)?,
        _ => {
            return Err(io::Error::other(
                "NOTIFY_SOCKET is neither a path nor an abstract name",
            ));
        }
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(PARTING))?;
    socket.send_to_addr(text.as_bytes(), &address)?;
    Ok(())
}

/// The numbers of the descriptors with their names. None where they are meant for another process.
fn numbered(pid: &str, count: &str, names: &str, own: u32) -> io::Result<Vec<(RawFd, String)>> {
    if pid.is_empty() || count.is_empty() || pid.parse() != Ok(own) {
        return Ok(Vec::new());
    }
    let count = count.parse().ok().filter(|&count| count <= LISTENERS);
    let count = count.ok_or_else(|| io::Error::other("LISTEN_FDS is no number of sockets"))?;
    let mut names = names.split(':');
    let numbered = (0..count).map(|at| {
        let name = names.next().filter(|name| !name.is_empty());
        (FIRST + at as RawFd, name.unwrap_or("unknown").to_owned())
    });
    Ok(numbered.collect())
}

/// The most characters of a status: a message may have 4,096 bytes.
const STATUS: usize = 300;
/// Standard input, output and errors come before it.
const FIRST: RawFd = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_lines_and_a_status_cannot_add_one() {
        let text = text(&[
            Notice::MainPid(7),
            Notice::Status("serves\nMAINPID=1"),
            Notice::Ready,
        ]);

        assert_eq!(text, "MAINPID=7\nSTATUS=serves MAINPID=1\nREADY=1\n");
    }

    #[test]
    fn a_status_that_is_too_long_is_cut() {
        let text = text(&[Notice::Status(&"\u{e9}".repeat(10_000))]);

        assert_eq!(text, format!("STATUS={}\n", "\u{e9}".repeat(STATUS)));
    }

    #[test]
    fn a_reload_names_its_time() {
        let text = text(&[Notice::Reloading]);

        let (reloading, time) = text.trim_end().split_once('\n').unwrap();
        assert_eq!(reloading, "RELOADING=1");
        assert!(
            time.strip_prefix("MONOTONIC_USEC=")
                .unwrap()
                .parse::<u64>()
                .is_ok()
        );
    }

    #[test]
    fn notices_reach_a_socket_by_its_path_and_by_an_abstract_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("notify");
        let name = format!("graylane-handover-{}", std::process::id());
        let sockets = [
            (path.clone().into_os_string(), UnixDatagram::bind(&path).unwrap()),
            (
                format!("@{name}").into(),
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap(),
            ),
        ];

        for (address, socket) in sockets {
            send(&address, "READY=1\n").unwrap();

            let mut heard = [0; 64];
            let length = socket.recv(&mut heard).unwrap();
            assert_eq!(&heard[..length], b"READY=1\n");
        }
    }

    #[test]
    fn sockets_for_another_process_are_not_taken() {
        assert!(numbered("8", "2", "a:b", 7).unwrap().is_empty());
        assert!(numbered("", "", "", 7).unwrap().is_empty());
    }

    #[test]
    fn sockets_have_the_names_that_systemd_gave_them() {
        let named = numbered("7", "3", "web:", 7).unwrap();

        let expected = [(3, "web"), (4, "unknown"), (5, "unknown")];
        assert_eq!(named, expected.map(|(number, name)| (number, name.to_owned())));
    }

    #[test]
    fn a_number_of_sockets_that_is_none_is_an_error() {
        assert!(numbered("7", "many", "", 7).is_err());
        assert!(numbered("7", "1000000", "", 7).is_err());
    }
}
