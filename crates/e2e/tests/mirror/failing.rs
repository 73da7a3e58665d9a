//! A lane that gets copies and fails at them, in every way: the original sees nothing of it.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use graylane_testkit::{DeadEnd, Gateway, LIMIT, Next, Recipe, Turn, Upstream, eventually};

use super::{compared, copied, failed, mirrored, until_copied};

/// What clients get, to the byte, over one connection that stays: small answers, large ones, and none with a body.
fn conversation(gateway: &Gateway) -> Vec<(u16, Vec<u8>, bool)> {
    let mut client = gateway.client();
    let mut answers = Vec::new();
    for round in 0..3 {
        answers.push(client.get(&format!("/{round}"), &[("X-User-Id", "7")]));
        answers.push(client.post("/small", b"hello"));
        answers.push(client.post("/large", &vec![b'l'; 60_000]));
        client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        answers.push(client.response_to_head());
    }
    answers
        .into_iter()
        .map(|answer| (answer.status, answer.body, answer.complete))
        .collect()
}

/// An original that answers with what it read.
fn original() -> Upstream {
    Upstream::start(|turn| {
        turn.read_body();
        let text = format!("{} {}", turn.head.method(), turn.head.target());
        turn.fixed(200, &text.repeat(1_000))
    })
}

fn bounded(recipe: &Recipe) -> Gateway {
    recipe.clone().limit("body = 200000").start()
}

/// What clients get where nothing is mirrored.
fn undisturbed() -> Vec<(u16, Vec<u8>, bool)> {
    let stable = original();
    conversation(&bounded(&Recipe::to(stable.address())))
}

/// Writes pieces for as long as somebody takes them.
fn without_end(turn: &mut Turn<'_>, head: &str, piece: &str) -> Next {
    turn.read_body();
    let mut open = turn.write(head);
    while open {
        open = turn.write(piece);
    }
    Next::Close
}

type Script = fn(&mut Turn<'_>) -> Next;

/// Ways to fail, and the words for them; an empty one where the copy's answer counts as one.
const WAYS: [(&str, &str, Script); 14] = [
    ("hangs", "timeout", |turn| turn.hang()),
    ("hangs without reading", "timeout", |turn| {
        // It holds the connection and looks at nothing of it, for longer than the test takes.
        let _ = turn.wire().some();
        std::thread::park_timeout(LIMIT);
        Next::Close
    }),
    ("closes at once", "broken", |_| Next::Close),
    ("closes after the request", "broken", |turn| {
        turn.read_body();
        Next::Close
    }),
    ("answers garbage", "broken", |turn| {
        turn.read_body();
        turn.write("\0\u{7f}garbage\r\n\r\n");
        Next::Close
    }),
    ("breaks off in its head", "broken", |turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nContent-Le");
        Next::Close
    }),
    ("breaks off in its body", "broken", |turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        Next::Close
    }),
    ("stalls in its body", "timeout", |turn| {
        turn.read_body();
        turn.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        turn.hang()
    }),
    ("has an endless head", "broken", |turn| {
        without_end(turn, "HTTP/1.1 200 OK\r\n", &format!("X-A: {:256}b\r\n", ""))
    }),
    ("has an endless body", "too-long", |turn| {
        without_end(
            turn,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            &format!("1000\r\n{:4096}\r\n", ""),
        )
    }),
    ("never comes to its answer", "broken", |turn| {
        without_end(turn, "", "HTTP/1.1 103 Early Hints\r\n\r\n")
    }),
    ("switches protocols", "broken", |turn| {
        turn.read_body();
        turn.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
        turn.hang()
    }),
    ("answers before it has read", "", |turn| {
        turn.write("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
        Next::Close
    }),
    ("says more than it was asked", "", |turn| {
        turn.read_body();
        turn.write("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
        Next::Keep
    }),
];

#[test]
fn the_original_sees_nothing_of_a_lane_that_fails_at_its_copies() {
    let usual = undisturbed();

    std::thread::scope(|scope| {
        for (way, reason, script) in WAYS {
            let usual = &usual;
            scope.spawn(move || {
                let (stable, next) = (original(), Upstream::start_narrow(4096, script));
                let recipe = mirrored(stable.address(), next.address(), "share = 100");
                let gateway = bounded(&match reason {
                    // The original has to answer within it too, on however busy a machine.
                    "timeout" => recipe.limit("response_time = \"5s\""),
                    _ => recipe,
                });

                let got = conversation(&gateway);

                assert!(got == *usual, "{way}: the client got something else");
                let metrics = until_copied(&gateway, usual.len());
                assert_eq!(
                    metrics.sum("graylane_faults_total", &[]),
                    0.0,
                    "{way}: a fault of the original"
                );
                if !reason.is_empty() {
                    let others = metrics.sum("graylane_mirror_failed_total", &[]) as usize;
                    let failed = failed(&metrics, reason);
                    assert!(failed > 0 && failed == others, "{way}: {failed} of {others}");
                }
                assert_eq!(stable.requests().len(), usual.len(), "{way}");
            });
        }
    });
}

#[test]
fn the_original_sees_nothing_of_a_lane_that_is_not_there() {
    let usual = undisturbed();
    let (stable, nobody) = (original(), DeadEnd::new());
    let gateway = bounded(&mirrored(stable.address(), nobody.address(), "share = 100"));

    let got = conversation(&gateway);

    assert!(got == usual, "the client got something else");
    let metrics = until_copied(&gateway, usual.len());
    assert_eq!(failed(&metrics, "unreachable"), usual.len());
    assert_eq!(compared(&metrics, "2xx", "none"), usual.len());
}

#[test]
fn another_endpoint_gets_the_copy_that_one_cannot_have_seen() {
    let (stable, next, nobody) = (original(), Upstream::fixed("copy"), DeadEnd::new());
    let gateway = Recipe::to(stable.address())
        .lane("next", &[nobody.address(), next.address()])
        .server("workers = 1")
        .more("[lanes.shop.stable.mirror]\nto = \"next\"\nshare = 100\n")
        .start();

    for _ in 0..20 {
        gateway.client().post("/", b"hello");
    }

    let metrics = until_copied(&gateway, 20);
    assert_eq!(
        (next.requests().len(), compared(&metrics, "2xx", "2xx")),
        (20, 20)
    );
}

/// Says that it is time to end, at its own.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

#[test]
fn the_original_sees_nothing_of_a_lane_that_is_killed_under_load() {
    let (stable, next) = (original(), Upstream::start(|turn| turn.fixed(200, "copy")));
    let gateway = bounded(&mirrored(stable.address(), next.address(), "share = 100"));
    let usual = undisturbed();

    let failing = || gateway.metrics().sum("graylane_mirror_failed_total", &[]);
    let ends = AtomicBool::new(false);
    let converse = || {
        let mut all = Vec::new();
        while !ends.load(SeqCst) {
            all.push(conversation(&gateway));
        }
        all
    };
    let got: Vec<_> = std::thread::scope(|scope| {
        // Also where one of the next lines panics: the clients would be waited for.
        let end = Ending(&ends);
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(converse)).collect();
        eventually(LIMIT, "copies go", || copied(&gateway.metrics()) > 20);
        let well = failing();
        drop(next);
        eventually(LIMIT, "copies fail", || failing() > well + 20.0);
        drop(end);
        let clients = clients.into_iter();
        clients.flat_map(|client| client.join().unwrap()).collect()
    });

    assert!(got.iter().all(|got| *got == usual), "a client got something else");
    let metrics = until_copied(&gateway, got.len() * usual.len());
    assert_eq!(metrics.sum("graylane_faults_total", &[]), 0.0);
    assert_eq!(stable.requests().len(), got.len() * usual.len());
}

#[test]
fn a_drain_does_not_wait_for_copies_and_counts_none_as_cut() {
    let (stable, next) = (original(), Upstream::start(|turn| turn.hang()));
    let mut gateway = mirrored(stable.address(), next.address(), "share = 100").start();
    gateway.client().post("/", b"hello");
    next.until_request("the copy arrived", |_| true);

    gateway.terminate();
    let code = gateway.wait(LIMIT);

    assert_eq!(code, 0, "{}", gateway.stderr());
    assert_eq!(gateway.until_event("stopped")["cut"], 0);
}
