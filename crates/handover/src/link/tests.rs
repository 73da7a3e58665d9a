use std::fs::File;
use std::io::Write;
use std::os::fd::AsFd;

use proptest::prelude::*;

use super::*;

const LONG: Duration = Duration::from_secs(30);

fn pair() -> (UnixStream, Link) {
    let (a, b) = UnixStream::pair().unwrap();
    (a, Link::new(b).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_message_comes_as_it_was_sent(
        kind in proptest::sample::select(Kind::ALL),
        size in 0..300_000_usize,
        byte: u8,
        count in 0..=BATCH,
    ) {
        let (other, mut link) = pair();
        let mut sender = Link::new(other).unwrap();
        let body = vec![byte; size];
        let null = File::open("/dev/null").unwrap();

        let received = std::thread::scope(|scope| {
            scope.spawn(|| sender.send(kind, &body, &vec![null.as_fd(); count], LONG).unwrap());
            link.receive(LONG).unwrap()
        });

        prop_assert_eq!(received.kind, kind);
        prop_assert!(received.body == body);
        prop_assert_eq!(received.descriptors.len(), count);
    }

    #[test]
    fn bytes_that_are_no_messages_end_in_an_error_and_in_nothing_else(
        right in any::<bool>(),
        head in proptest::collection::vec(any::<u8>(), 0..40),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (mut other, mut link) = pair();
        if right {
            other.write_all(b"GRLN\0\x01\0\x01").unwrap();
        }
        other.write_all(&head).unwrap();
        other.write_all(&body).unwrap();
        drop(other);

        let end = loop {
            match link.receive(LONG) {
                Ok(frame) => prop_assert!(frame.body.len() <= 300),
                Err(error) => break error,
            }
        };

        prop_assert!(!matches!(end, LinkError::TooSlow { .. } | LinkError::Io(_)), "{end:?}");
    }
}

#[test]
fn a_message_that_does_not_fit_is_not_begun() {
    let (other, mut link) = pair();

    let sent = link.send(Kind::State, &vec![0; BODY + 1], &[], LONG);

    assert!(matches!(sent, Err(LinkError::TooLarge { .. })));
    drop(link);
    let end = Link::new(other).unwrap().receive(LONG);
    assert!(matches!(end, Err(LinkError::HungUp)));
}

#[test]
fn a_peer_that_does_not_read_is_not_waited_for() {
    let (_other, mut link) = pair();

    let sent = link.send(Kind::State, &vec![0; BODY], &[], Duration::ZERO);

    assert!(matches!(sent, Err(LinkError::TooSlow { .. })));
}

#[test]
fn a_peer_that_drips_has_the_time_of_one_message_and_no_more() {
    let (mut other, mut link) = pair();
    let limit = Duration::from_millis(200);
    let (done, is_done) = std::sync::mpsc::channel();
    let head = Head {
        protocol: 1,
        kind: Kind::State as u16,
        descriptors: 0,
        length: 24,
    };
    let message = [head.write().as_slice(), &[0; 24]].concat();

    let received = std::thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            let received = link.receive(limit).map(|_| ());
            _ = done.send(());
            received
        });
        // Were each byte to buy time, all of them would come.
        for byte in message {
            _ = other.write(&[byte]);
            if is_done.recv_timeout(limit / 10).is_ok() {
                break;
            }
        }
        receiving.join().unwrap()
    });

    assert!(matches!(received, Err(LinkError::TooSlow { .. })));
}

#[test]
fn once_a_version_is_agreed_upon_no_other_is_heard() {
    let (other, mut link) = pair();
    let mut sender = Link::new(other).unwrap();
    sender.agree(2);
    link.agree(1);
    sender.send(Kind::Beat, b"{}", &[], LONG).unwrap();

    let received = link.receive(LONG);

    assert!(matches!(
        received,
        Err(LinkError::Protocol { found: 2, agreed: 1 })
    ));
}
