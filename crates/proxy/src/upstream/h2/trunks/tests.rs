use std::net::SocketAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use graylane_config::{Endpoint, Limits, Protocol};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use super::*;
use crate::clock::Clock;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_secs(10);

/// The way to that address.
fn to(address: SocketAddr) -> OwnWay {
    OwnWay {
        seat: Seat { number: 0, serial: 1 },
        endpoint: Endpoint {
            host: address.ip().to_string().into(),
            port: address.port(),
            tls: false,
            weight: 1,
        },
        protocol: Protocol::Http2,
        peer: None,
        limits: Limits::default(),
        connect_time: LONG,
        clock: Arc::<Clock>::default(),
    }
}

async fn listener() -> (TcpListener, OwnWay) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let way = to(listener.local_addr().unwrap());
    (listener, way)
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime.block_on(test);
    clear();
    result
}

fn is_pending<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    future.poll(&mut cx).is_pending()
}

#[test]
fn a_trunk_that_is_being_opened_outlives_the_client_that_wanted_it_first() {
    let (link, once_more) = run(async {
        let (listener, way) = listener().await;
        let mut first = Box::pin(connect(way.way()));
        let mut second = pin!(connect(way.way()));
        assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()));

        drop(first);
        let endpoint = async {
            let (stream, _) = listener.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            connection.accept().await.is_some()
        };
        let link = tokio::select! {
            link = second => link,
            _ = endpoint => panic!("nobody asks it anything"),
        };
        let mut cx = Context::from_waker(Waker::noop());
        (link, listener.poll_accept(&mut cx))
    });

    assert!(link.is_ok(), "{link:?}");
    assert!(matches!(once_more, Poll::Pending), "{once_more:?}");
}

#[test]
fn who_waits_for_a_trunk_shares_its_failure() {
    let (first, second) = run(async {
        // Bound, so that nobody else gets the port; it refuses until it listens.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let way = to(socket.local_addr().unwrap());
        let mut first = pin!(connect(way.way()));
        let mut second = pin!(connect(way.way()));
        assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()));

        let first = first.await;
        // One who tried for itself would be let in.
        let _listener = socket.listen(8).unwrap();
        (first, second.await)
    });

    assert!(matches!(first, Err(ConnectError::Refused(_))), "{first:?}");
    assert!(matches!(second, Err(ConnectError::Refused(_))), "{second:?}");
}

#[test]
fn who_waits_for_a_trunk_does_not_wait_for_ever() {
    let (first, second) = run(async {
        let (_listener, mut way) = listener().await;
        way.connect_time = SHORT;
        way.limits.handshake_time = SHORT;
        // It says nothing: how many streams it takes is never known.
        let first = connect(way.way()).await;
        let second = timeout(LONG, connect(way.way())).await.unwrap();
        (first, second)
    });

    assert!(first.is_ok(), "{first:?}");
    assert!(matches!(second, Err(ConnectError::TimedOut)), "{second:?}");
}
