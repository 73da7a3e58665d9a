use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::client::{Client, Response};
use crate::wait::{LIMIT, eventually};

/// What a client does again and again: it asks, and says by `Err` what is wrong with the answer.
pub type Round = Box<dyn FnMut() -> Result<(), String> + Send>;

/// Between two requests of a client.
const PAUSE: Duration = Duration::from_millis(1);

/// Clients that ask until they are told to end. None of them forgives: a refused connection, no answer or a wrong one
/// is a failure, and the client then goes on with a new connection.
#[derive(Debug)]
pub struct Traffic {
    shared: Arc<Shared>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

#[derive(Debug, Default)]
struct Shared {
    over: AtomicBool,
    answers: AtomicU64,
}

impl Traffic {
    /// So many clients that keep their connection, and as many that take a new one for each request; `ask` is told
    /// whether to say `Connection: close` by the field it is given.
    pub fn start(
        to: SocketAddr,
        pairs: usize,
        ask: impl Fn(&mut Client, (&str, &str)) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        let ask = Arc::new(ask);
        let rounds = (0..pairs).flat_map(|_| {
            let (kept, fresh) = (Arc::clone(&ask), Arc::clone(&ask));
            let mut client = None;
            let kept = move || {
                let mut taken = client.take().map_or_else(|| connect(to), Ok)?;
                kept(&mut taken, ("Connection", "keep-alive"))?;
                client = Some(taken);
                Ok(())
            };
            let fresh = move || fresh(&mut connect(to)?, ("Connection", "close"));
            [Box::new(kept) as Round, Box::new(fresh)]
        });
        Self::of(rounds.collect())
    }

    /// A client for each of these, which does it again and again.
    pub fn of(rounds: Vec<Round>) -> Self {
        let shared = Arc::new(Shared::default());
        let clients = rounds
            .into_iter()
            .map(|round| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.client(round))
            })
            .collect();
        Self { shared, clients }
    }

    /// How many answers were right so far.
    pub fn answers(&self) -> u64 {
        self.shared.answers.load(SeqCst)
    }

    /// Waits for so many more right answers.
    ///
    /// # Panics
    /// When they do not come.
    pub fn until_more(&self, answers: u64) {
        let goal = self.answers() + answers;
        let is_over = || self.answers() >= goal || self.clients.iter().any(JoinHandle::is_finished);
        eventually(LIMIT, "clients are served", is_over);
    }

    /// Ends the clients, and gives the number of answers.
    ///
    /// # Panics
    /// With what went wrong, if anything did; or when nothing was answered.
    pub fn end(self) -> u64 {
        self.shared.over.store(true, SeqCst);
        let ended = self.clients.into_iter().map(|client| {
            client
                .join()
                .unwrap_or_else(|_| vec!["a client panicked".to_owned()])
        });
        let failures: Vec<String> = ended.flatten().collect();
        let answers = self.shared.answers.load(SeqCst);
        assert!(failures.is_empty(), "{answers} answers were right; {failures:#?}");
        assert!(answers > 0, "nobody was answered");
        answers
    }
}

impl Shared {
    fn client(&self, mut round: Round) -> Vec<String> {
        let mut failures = Vec::new();
        // One that fails all the time has said enough.
        while !self.over.load(SeqCst) && failures.len() < 10 {
            match round() {
                Ok(()) => {
                    self.answers.fetch_add(1, SeqCst);
                }
                Err(failure) => failures.push(failure),
            }
            // Otherwise they would take all of the machine, and what they are to see would take place no more.
            thread::park_timeout(PAUSE);
        }
        failures
    }
}

fn connect(to: SocketAddr) -> Result<Client, String> {
    Client::try_connect(to).map_err(|error| format!("no connection: {error}"))
}

impl Client {
    /// Sends a request and reads the answer, whose body must be whole.
    ///
    /// # Errors
    /// Those of the socket, or a body that is cut off, in words.
    pub fn try_request(
        &mut self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, String> {
        self.try_send(method, target, fields, body)
            .and_then(|()| self.try_response(false))
            .map_err(|error| format!("{method} {target}: {error}"))
            .and_then(|response| match response.complete {
                true => Ok(response),
                false => Err(format!("{method} {target}: cut off after {:?}", response.text())),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::Upstream;

    fn right(response: &Response) -> Result<(), String> {
        match response.text() == "right" {
            true => Ok(()),
            false => Err(response.text()),
        }
    }

    fn traffic(upstream: &Upstream) -> Traffic {
        Traffic::start(upstream.address(), 1, |client, connection| {
            right(&client.try_request("GET", "/", &[connection], b"")?)
        })
    }

    #[test]
    fn right_answers_are_counted_over_kept_and_new_connections() {
        let upstream = Upstream::fixed("right");

        let traffic = traffic(&upstream);
        traffic.until_more(20);
        let answers = traffic.end();

        assert!(answers >= 20 && upstream.connections() > 1);
        assert_eq!(upstream.requests().len() as u64, answers);
    }

    #[test]
    #[should_panic(expected = "wrong")]
    fn one_wrong_answer_is_a_failure() {
        let upstream = Upstream::start(|turn| turn.fixed(200, "wrong"));

        let traffic = traffic(&upstream);
        traffic.until_more(1);
        traffic.end();
    }
}
