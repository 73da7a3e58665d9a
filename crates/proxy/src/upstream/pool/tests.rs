use std::time::Duration;

use tokio::net::TcpStream;

use super::*;

const IDLE: Duration = Duration::from_secs(60);

/// An idle link that stands at a seat, and the endpoint's end of it, which keeps it quiet.
async fn idle_link(seat: Seat) -> TcpStream {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (ours, theirs) = tokio::join!(
        TcpStream::connect(listener.local_addr().unwrap()),
        listener.accept()
    );
    H1Link::new(Stream::Tcp(ours.unwrap()), seat, None).put_back(0);
    theirs.unwrap().0
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let result = runtime.block_on(test);
    clear();
    result
}

fn seat(number: u32, serial: u64) -> Seat {
    Seat { number, serial }
}

fn seats(endpoints: &[u64]) -> Seats {
    Seats {
        lanes: Box::default(),
        endpoints: endpoints.into(),
    }
}

/// Whether the other end of a link was closed.
async fn is_closed(theirs: &TcpStream) -> bool {
    theirs.readable().await.unwrap();
    matches!(theirs.try_read(&mut [0]), Ok(0))
}

#[test]
fn a_newcomer_to_a_seat_does_not_get_the_links_of_who_sat_there() {
    let (newcomer, former, closed) = run(async {
        let theirs = idle_link(seat(0, 1)).await;
        let newcomer = take_link(seat(0, 2), None).is_some();
        let former = take_link(seat(0, 1), None).is_some();
        (newcomer, former, is_closed(&theirs).await)
    });

    assert!(!newcomer);
    assert!(!former);
    assert!(closed);
}

#[test]
fn a_link_that_comes_back_to_a_seat_that_was_given_away_is_closed() {
    let (closed, kept) = run(async {
        let _newcomer = idle_link(seat(0, 2)).await;
        let late = idle_link(seat(0, 1)).await;
        (is_closed(&late).await, take_link(seat(0, 2), None).is_some())
    });

    assert!(closed);
    assert!(kept);
}

#[test]
fn a_sweep_closes_the_links_of_who_is_gone_and_leaves_the_others() {
    let (stays, gone, beyond) = run(async {
        let _stays = idle_link(seat(0, 1)).await;
        let gone = idle_link(seat(1, 2)).await;
        let beyond = idle_link(seat(7, 3)).await;
        sweep(0, Ticks::at_least(IDLE), &seats(&[1, 0]));
        let stays = take_link(seat(0, 1), None).is_some();
        (stays, is_closed(&gone).await, is_closed(&beyond).await)
    });

    assert!(stays);
    assert!(gone);
    assert!(beyond);
}
