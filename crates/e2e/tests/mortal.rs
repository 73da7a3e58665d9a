//! Endpoints that die, fall sick and return, again and again and in any order, while clients are served.
//!
//! It runs for 20 seconds, or for `GRAYLANE_E2E_SOAK` seconds. The order is drawn from a seed, which is printed;
//! `GRAYLANE_E2E_SEED` draws the same one again.
//!
//! Every failure is counted, and each must have its excuse: the request is one that may not be made twice, it was on its way
//! while an endpoint died, and the gateway says that this is what broke it. Who comes later has other endpoints to be sent to,
//! be it those that checks or the breaker had put out.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test as the test itself would"
)]

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use graylane_testkit::{Client, DeadEnd, Dice, Gateway, LIMIT, Recipe, Traffic, Upstream, eventually};

/// Endpoints of the lane,
const ENDPOINTS: usize = 4;
/// of which so many are well at any time.
const SPARED: usize = 2;
/// Clients that keep their connection, and as many that do not, for each method.
const CLIENTS: usize = 2;
/// By when a worker of a busy machine has seen that a connection was closed.
const NOTICED: Duration = Duration::from_millis(100);

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// An endpoint, dead or alive.
struct Mortal {
    place: DeadEnd,
    alive: Option<Upstream>,
    /// It says so itself, and serves all the same.
    sick: Arc<AtomicBool>,
}

impl Mortal {
    fn new() -> Self {
        let mut mortal = Self {
            place: DeadEnd::new(),
            alive: None,
            sick: Arc::default(),
        };
        mortal.live();
        mortal
    }

    fn live(&mut self) {
        self.sick.store(false, SeqCst);
        let sick = Arc::clone(&self.sick);
        self.alive = Some(self.place.serve(move |turn| {
            let status = match turn.head.target() {
                "/healthz" if sick.load(SeqCst) => 503,
                _ => 200,
            };
            turn.fixed(status, "served")
        }));
    }

    fn is_well(&self) -> bool {
        self.alive.is_some() && !self.sick.load(SeqCst)
    }

    /// Ends with all its connections; when this returns, nobody listens.
    fn die(&mut self) {
        self.alive = None;
        eventually(LIMIT, "the endpoint is dead", || {
            TcpStream::connect(self.place.address()).is_err()
        });
    }
}

/// What went wrong, and when endpoints died.
#[derive(Default)]
struct Book {
    failures: Mutex<Vec<Failure>>,
    deaths: Mutex<Vec<(Instant, Option<Instant>)>>,
}

#[derive(Debug)]
struct Failure {
    method: &'static str,
    from: Instant,
    to: Instant,
    what: String,
}

impl Book {
    /// What happens meanwhile is the death of an endpoint.
    fn death(&self, deed: impl FnOnce()) {
        self.deaths.lock().unwrap().push((Instant::now(), None));
        deed();
        self.deaths.lock().unwrap().last_mut().unwrap().1 = Some(Instant::now());
    }

    /// Whether each failure was on its way while an endpoint died, and broke with it; and whether a death cost no more than
    /// what can have been on its way: one request of each client that may not be made twice.
    fn check(&self, failures: &[Failure]) {
        let deaths = self.deaths.lock().unwrap();
        let mut costs = vec![0; deaths.len()];
        for failure in failures {
            let excuse = deaths.iter().rposition(|(from, to)| {
                let to = to.map(|to| to + NOTICED);
                *from <= failure.to && to.is_none_or(|to| failure.from <= to)
            });
            let excuse = excuse.filter(|_| failure.what == "upstream-broken" && failure.method == "POST");
            costs[excuse.unwrap_or_else(|| panic!("{failure:?} has no excuse"))] += 1;
        }
        let most = costs.iter().max();
        assert!(most <= Some(&(2 * CLIENTS)), "a death cost {most:?} requests");
    }
}

fn ask(method: &'static str, book: Arc<Book>) -> impl Fn(&mut Client, (&str, &str)) -> Result<(), String> {
    move |client, connection| {
        let from = Instant::now();
        let body = if method == "POST" { &b"do it once"[..] } else { b"" };
        let answer = client.try_request(method, "/", &[connection], body)?;
        if answer.status == 200 && answer.text() == "served" {
            return Ok(());
        }
        let (to, what) = (Instant::now(), answer.fault().to_owned());
        if what.is_empty() {
            return Err(format!("{} {:?}", answer.status, answer.text()));
        }
        let failure = Failure {
            method,
            from,
            to,
            what,
        };
        book.failures.lock().unwrap().push(failure);
        if answer.header("connection") == Some("close") && connection.1 != "close" {
            return Err("a fault of an endpoint closed the connection of a client".to_owned());
        }
        Ok(())
    }
}

/// Does something to an endpoint, and gives a word for it.
fn meddle(dice: &mut Dice, mortals: &mut [Mortal], book: &Book) -> &'static str {
    let which = dice.below(ENDPOINTS as u64) as usize;
    let others = mortals.iter().enumerate();
    let others = others.filter(|(number, one)| *number != which && one.is_well());
    let may_go = others.count() >= SPARED;
    let deed = dice.below(4);
    let one = &mut mortals[which];
    match deed {
        _ if one.alive.is_none() => {
            one.live();
            "return"
        }
        0 | 1 if may_go => {
            book.death(|| one.die());
            "die"
        }
        _ if one.sick.load(SeqCst) => {
            one.sick.store(false, SeqCst);
            "recover"
        }
        2 if may_go => {
            one.sick.store(true, SeqCst);
            "fall sick"
        }
        _ => {
            book.death(|| one.alive.as_ref().unwrap().drop_connections());
            "drop its connections"
        }
    }
}

fn start(mortals: &[Mortal]) -> Gateway {
    let list: Vec<String> = mortals
        .iter()
        .map(|one| format!("\"http://{}\"", one.place.address()))
        .collect();
    let health =
        "kind = \"http\", path = \"/healthz\", interval = \"100ms\", timeout = \"2s\", fails = 1, passes = 1";
    let lines = format!("endpoints = [{}]\nhealth = {{ {health} }}\n", list.join(", "));
    Recipe::new()
        .lane_lines("stable", &lines)
        // More than one endpoint may die under one request.
        .more("[services.shop.retries]\ntimes = 3\n")
        .start()
}

#[test]
fn whoever_dies_and_returns_nobody_fails_but_what_was_on_its_way_there() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("GRAYLANE_E2E_SEED").unwrap_or(now.as_secs());
    let limit = Duration::from_secs(number("GRAYLANE_E2E_SOAK").unwrap_or(20));
    eprintln!("GRAYLANE_E2E_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut mortals: Vec<Mortal> = (0..ENDPOINTS).map(|_| Mortal::new()).collect();
    let gateway = start(&mortals);
    let book = Arc::new(Book::default());
    let gets = Traffic::start(gateway.address(), CLIENTS, ask("GET", Arc::clone(&book)));
    let posts = Traffic::start(gateway.address(), CLIENTS, ask("POST", Arc::clone(&book)));
    gets.until_more(100);
    let memory = gateway.resident_memory();

    let (end, mut deeds) = (Instant::now() + limit, BTreeMap::<_, u64>::new());
    while Instant::now() < end {
        *deeds.entry(meddle(&mut dice, &mut mortals, &book)).or_default() += 1;
        // Sometimes before the checks have seen it, sometimes after.
        posts.until_more([5, 50, 200, 600][dice.below(4) as usize]);
    }
    for one in &mut mortals {
        one.sick.store(false, SeqCst);
        if one.alive.is_none() {
            one.live();
        }
    }
    eventually(LIMIT, "everybody is healthy again", || {
        let page = gateway.ask("/endpoints").json();
        page["endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["healthy"] == true)
    });

    let answers = gets.end() + posts.end();
    let growth = gateway.resident_memory().saturating_sub(memory);
    let failures = book.failures.lock().unwrap();
    let of = |method: &str| failures.iter().filter(|one| one.method == method).count();
    eprintln!(
        "{deeds:?}; {answers} answers, of which failed, on their way to who died: {} GET, {} POST; memory grew by {} KiB",
        of("GET"),
        of("POST"),
        growth >> 10
    );
    book.check(&failures);
    assert!(
        deeds.contains_key("die") && deeds.contains_key("return"),
        "{deeds:?}"
    );
    assert!(growth < 64 << 20, "memory grew by {growth} bytes");
}
