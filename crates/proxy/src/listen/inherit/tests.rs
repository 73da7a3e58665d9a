use std::net::{TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;

use super::*;

fn wanted(address: impl Into<SocketAddr>) -> Listener {
    Listener {
        name: "web".parse().unwrap(),
        address: address.into(),
        span: 0..0,
        http2: true,
        tls: None,
    }
}

fn listening() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// What is said of a descriptor that was inherited for this address.
fn refusal(descriptor: impl Into<OwnedFd>, address: SocketAddr) -> String {
    inherit(descriptor.into(), &wanted(address))
        .unwrap_err()
        .to_string()
}

#[test]
fn a_socket_that_listens_where_it_should_is_taken_and_does_not_block() {
    let (socket, address) = listening();
    let same = socket.as_fd().try_clone_to_owned().unwrap();
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));

    let by_address = inherit(socket.into(), &wanted(address)).unwrap();
    let by_any = inherit(same, &wanted(any_port)).unwrap();

    assert_eq!(by_any.local_addr().unwrap(), address);
    assert_eq!(by_address.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_socket_that_listens_elsewhere_is_refused_with_both_addresses() {
    let (socket, address) = listening();
    let other = SocketAddr::from(([127, 0, 0, 1], address.port() ^ 1));

    let said = refusal(socket, other);

    assert_eq!(
        said,
        format!("the socket inherited for listener `web` listens on {address}, not on {other}")
    );
}

#[test]
fn what_is_no_listening_tcp_socket_is_refused_and_named() {
    let (socket, address) = listening();
    let path = std::env::temp_dir().join(format!("graylane-inherit-{}", std::process::id()));
    let unix = UnixListener::bind(&path).unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let connected = TcpStream::connect(address).unwrap();
    let (pipe, _) = io::pipe().unwrap();

    let said = [
        refusal(pipe, address),
        refusal(unix, address),
        refusal(udp, address),
        refusal(connected, address),
    ];
    std::fs::remove_file(path).unwrap();
    drop(socket);

    let expected = [
        "no socket",
        "a socket of another family",
        "a socket of another protocol",
        "a socket that does not listen",
    ];
    for (said, is) in said.iter().zip(expected) {
        assert_eq!(
            *said,
            format!("what was inherited for listener `web` is {is}, not a listening TCP socket")
        );
    }
}
