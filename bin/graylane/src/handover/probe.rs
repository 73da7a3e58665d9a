//! Before a process says that it is ready, it asks itself: every worker must answer a request, over a real connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use graylane_proxy::Control;

/// For one answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Answered by the gateway itself, whatever its configuration: no endpoint is asked.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 400 ";

/// Why a process is not ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("no connection to itself")]
    NoConnection(#[source] io::Error),
    #[error("a worker does not answer")]
    NoAnswer(#[source] io::Error),
    #[error("a worker answers {0:?}")]
    Odd(String),
}

/// Asks as many times as there are workers, which take turns.
pub(crate) fn probe(control: &Control, workers: usize) -> Result<(), Unfit> {
    let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Unfit::NoConnection)?;
    let at = door.local_addr().map_err(Unfit::NoConnection)?;
    for _ in 0..workers {
        let mut client = TcpStream::connect(at).map_err(Unfit::NoConnection)?;
        let own = client.local_addr().map_err(Unfit::NoConnection)?;
        // Whoever else found the port in this moment is not served here.
        let stream = loop {
            match door.accept().map_err(Unfit::NoConnection)? {
                (stream, peer) if peer == own => break stream,
                _ => {}
            }
        };
        control
            .ask_itself(stream)
            .map_err(|error| Unfit::NoAnswer(io::Error::other(error)))?;
        let answer = ask(&mut client).map_err(Unfit::NoAnswer)?;
        if !answer.starts_with(ANSWER) {
            return Err(Unfit::Odd(String::from_utf8_lossy(&answer).into_owned()));
        }
    }
    Ok(())
}

fn ask(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    client.set_read_timeout(Some(LIMIT))?;
    client.set_write_timeout(Some(LIMIT))?;
    client.write_all(REQUEST)?;
    let mut answer = vec![0; ANSWER.len()];
    client.read_exact(&mut answer)?;
    Ok(answer)
}
