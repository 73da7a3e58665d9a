use std::net::TcpListener;
use std::sync::mpsc;

use graylane_proxy::{AdoptError, Fate, Queues};
use graylane_testkit::{Client, Gate, LIMIT, Traffic, Upstream, eventually};

use crate::scene::{Scene, WORKERS, told, web};

/// Long, so that what is closed in these tests is closed for another reason.
const LONG: &str = "[drain]\nidle_grace = \"20s\"\nlimit = \"20s\"";

#[test]
fn an_idle_connection_goes_on_in_the_process_that_comes_after() {
    let (one, two) = (Upstream::fixed("one"), Upstream::fixed("two"));
    let old = Scene::start(one.address(), LONG);
    let mut client = old.client();
    let before = told(&client.get("/", &[]));
    let new = old.successor(two.address(), LONG);
    old.pause();
    new.gateway.resume();

    old.hand_over(&new.gateway);
    let old = old.ended();
    let after = told(&client.get("/", &[]));

    assert_eq!((before.0.as_str(), after), ("one", ("two".to_owned(), false)));
    assert_eq!((old.of(Fate::HandedOver), old.is_lossless()), (1, true));
    assert!(old.adds_up());
    let new = new.gateway.ledger();
    assert_eq!((new.accepted, new.adopted, new.open), (0, 1, 1));
}

#[test]
fn a_connection_that_has_not_said_anything_yet_moves_too() {
    let (one, two) = (Upstream::fixed("one"), Upstream::fixed("two"));
    let old = Scene::start(one.address(), LONG);
    let mut clients: Vec<_> = (0..20).map(|_| old.client()).collect();
    old.until_open(20);
    let new = old.successor(two.address(), LONG);

    old.pause();
    old.hand_over(&new.gateway);
    let old = old.ended();

    assert_eq!(old.of(Fate::HandedOver), 20);
    for client in &mut clients {
        assert_eq!(told(&client.get("/", &[])), ("two".to_owned(), false));
    }
}

#[test]
fn a_connection_with_an_exchange_under_way_moves_after_its_answer() {
    let gate = Gate::new();
    let one = Upstream::gated(&gate, "one");
    let two = Upstream::fixed("two");
    let old = Scene::start(one.address(), LONG);
    let mut client = old.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    one.until_request("it is under way", |_| true);
    let new = old.successor(two.address(), LONG);

    old.pause();
    old.hand_over(&new.gateway);
    gate.open();
    let during = told(&client.response());
    let old = old.ended();

    assert_eq!(during, ("one".to_owned(), false), "it need not leave");
    assert_eq!(old.of(Fate::HandedOver), 1);
    assert_eq!(told(&client.get("/", &[])), ("two".to_owned(), false));
}

#[test]
fn a_request_of_which_a_part_was_read_is_served_before_its_connection_moves() {
    let (one, two) = (Upstream::echo(), Upstream::fixed("two"));
    let old = Scene::start(one.address(), LONG);
    let mut client = old.client();
    client.get("/", &[]);
    client.send("GET /half HTTP/1.1\r\nHo");
    // Nothing tells that it was read: a later request on another connection, of each worker, is served after it.
    (0..20).for_each(|_| drop(old.client().get("/", &[])));
    let new = old.successor(two.address(), LONG);

    old.pause();
    old.hand_over(&new.gateway);
    client.send("st: a\r\n\r\n");
    let half = client.response();

    assert_eq!(half.json()["target"], "/half");
    assert_eq!(told(&client.get("/", &[])).0, "two");
    assert!(old.ended().is_lossless());
}

#[test]
fn where_nobody_takes_it_a_connection_stays_and_is_told_to_close() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), LONG);
    let mut client = scene.client();
    client.get("/", &[]);
    let (sender, receiver) = mpsc::channel();
    drop(receiver);

    scene.gateway.move_idle(sender);
    scene.gateway.drain(Queues::Leave(&[web()]));
    let answer = told(&client.get("/", &[]));
    let ledger = scene.ended();

    assert_eq!(answer, ("served".to_owned(), true));
    assert_eq!((ledger.of(Fate::Drained), ledger.of(Fate::HandedOver)), (1, 0));
}

#[test]
fn a_connection_of_a_listener_that_nobody_takes_over_stays_and_is_told_to_close() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), LONG);
    let mut client = scene.client();
    client.get("/", &[]);
    let (sender, receiver) = mpsc::channel();

    scene.gateway.move_idle(sender);
    scene.gateway.drain(Queues::Leave(&[]));
    let answer = told(&client.get("/", &[]));
    let ledger = scene.ended();

    assert_eq!(answer, ("served".to_owned(), true));
    assert_eq!((ledger.of(Fate::Drained), receiver.try_iter().count()), (1, 0));
}

#[test]
fn who_cannot_move_is_not_hurried_while_another_process_accepts() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::with_another(
        upstream.address(),
        "[drain]\nidle_grace = \"50ms\"\nlimit = \"20s\"",
    );
    let open = |listener| {
        let mut clients: Vec<_> = (0..20).map(|_| scene.client_of(listener)).collect();
        clients.iter_mut().for_each(|client| drop(client.get("/", &[])));
        clients
    };
    let (mut taken, left) = (open("web"), open("xtra"));

    scene.gateway.drain(Queues::Leave(&[web()]));
    scene.until(Fate::ClosedIdle, 20);
    let answers: Vec<_> = taken
        .iter_mut()
        .map(|client| told(&client.get("/", &[])))
        .collect();
    let ledger = scene.ended();

    assert_eq!(answers, vec![("served".to_owned(), true); 20]);
    assert_eq!((ledger.of(Fate::Drained), ledger.of(Fate::ClosedIdle)), (20, 20));
    drop(left);
}

#[test]
fn who_cannot_move_is_hurried_once_somebody_waits_for_the_end() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(
        upstream.address(),
        "[drain]\nidle_grace = \"50ms\"\nlimit = \"10m\"",
    );
    let mut clients: Vec<_> = (0..20).map(|_| scene.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.get("/", &[])));

    scene.gateway.hurry();
    scene.gateway.drain(Queues::Leave(&[web()]));
    // Before there is a drain nobody can wait for its end.
    let last = told(&clients[0].get("/", &[]));
    scene.gateway.hurry();
    let ledger = scene.ended();

    assert_eq!(last, ("served".to_owned(), true));
    assert_eq!((ledger.of(Fate::Drained), ledger.of(Fate::ClosedIdle)), (1, 19));
}

#[test]
fn a_connection_that_could_not_be_sent_comes_back_and_is_told_to_close() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), LONG);
    let mut clients: Vec<_> = (0..3).map(|_| scene.client()).collect();
    clients.iter_mut().for_each(|client| drop(client.get("/", &[])));
    let (sender, receiver) = mpsc::channel();
    scene.gateway.move_idle(sender);

    scene.gateway.drain(Queues::Leave(&[web()]));
    // Each is dropped without having been sent; they come once only.
    (0..3).for_each(|_| drop(receiver.recv_timeout(LIMIT).unwrap()));
    let answers: Vec<_> = clients
        .iter_mut()
        .map(|client| told(&client.get("/", &[])))
        .collect();
    let again = receiver.try_recv().is_ok();
    let ledger = scene.ended();

    assert_eq!((answers, again), (vec![("served".to_owned(), true); 3], false));
    assert_eq!(
        (
            ledger.accepted,
            ledger.of(Fate::Drained),
            ledger.of(Fate::HandedOver)
        ),
        (3, 3, 0)
    );
}

#[test]
fn what_is_adopted_counts_against_the_limit_but_is_not_refused() {
    let upstream = Upstream::fixed("served");
    let old = Scene::start(upstream.address(), LONG);
    let mut kept: Vec<_> = (0..4).map(|_| old.client()).collect();
    old.until_open(4);
    let new = old.successor(upstream.address(), &format!("{LONG}\n[limits]\nconnections = 2"));

    old.pause();
    old.hand_over(&new.gateway);
    new.gateway.resume();
    new.until_open(4);
    // Whether this one is accepted is seen by its answer: it has none while there are more than the limit.
    let mut waiting = new.client();
    waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let served = kept.iter_mut().all(|client| client.get("/", &[]).status == 200);
    let accepted = new.gateway.ledger();
    kept.truncate(1);

    assert!(served);
    assert!(accepted.open <= 4, "{accepted:?}");
    assert_eq!(waiting.response().status, 200);
    eventually(LIMIT, "two are open", || new.shared.counters().open() == 2);
}

#[test]
fn a_connection_of_a_listener_that_is_not_there_is_not_adopted() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::start(upstream.address(), "");
    let other: graylane_core::Name = "other".parse().unwrap();
    let stream = || std::net::TcpStream::connect(upstream.address()).unwrap();

    let unknown = scene.gateway.adopt(&other, stream());
    scene.gateway.drain(Queues::Empty);
    let late = scene.gateway.adopt(&web(), stream());

    assert_eq!(unknown, Err(AdoptError::NoListener(other)));
    assert_eq!(late, Err(AdoptError::Leaving));
    assert!(scene.ended().adds_up());
}

#[test]
fn a_process_can_ask_itself_where_every_listener_is_secured() {
    let upstream = Upstream::fixed("served");
    let scene = Scene::secured(upstream.address());
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let ask = || {
        let mut client = Client::connect(door.local_addr().unwrap());
        scene.gateway.ask_itself(door.accept().unwrap().0).unwrap();
        client.get("/", &[("connection", "close")])
    };

    let answers: Vec<_> = (0..WORKERS).map(|_| ask().text()).collect();
    let ledger = scene.end();

    assert_eq!(answers, vec!["served"; WORKERS]);
    assert_eq!((ledger.adopted, ledger.is_lossless()), (WORKERS as u64, true));
}

#[test]
fn one_switch_after_the_other_under_load_is_noticed_by_nobody() {
    let upstream = Upstream::fixed("served");
    let mut scene = Scene::start(upstream.address(), LONG);
    let traffic = Traffic::start(scene.address, 4, |client, connection| {
        let response = client.try_request("GET", "/", &[connection], b"")?;
        let told = told(&response);
        let last = connection.1 == "close";
        (told == ("served".to_owned(), last))
            .then_some(())
            .ok_or_else(|| format!("{told:?}"))
    });

    let mut ledgers = Vec::new();
    for _ in 0..10 {
        traffic.until_more(50);
        let new = scene.successor(upstream.address(), LONG);
        scene.pause();
        new.gateway.resume();
        scene.hand_over(&new.gateway);
        ledgers.push(std::mem::replace(&mut scene, new).ended());
    }
    traffic.until_more(50);
    traffic.end();

    assert!(
        ledgers
            .iter()
            .all(|ledger| ledger.is_lossless() && ledger.adds_up()),
        "{ledgers:?}"
    );
    let moved: u64 = ledgers.iter().map(|ledger| ledger.of(Fate::HandedOver)).sum();
    assert!(moved >= 4 * 10, "{ledgers:?}");
}
