//! Connections to hosts, which are addresses or names.
//!
//! A look-up cannot be stopped, and takes a thread of its runtime until it ends. So each thread looks a name up once at a
//! time, and whoever wants it meanwhile gets the same answer: behind a server of names that hangs, the look-ups of those whose
//! time was up long since do not heap up. One that takes long may have lost its packet, though: newcomers begin another, and only so
//! many.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::watch;

/// Who comes later than this after a look-up has begun does not wait for it: it may be asked for nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Look-ups of one name at a time.
const MOST: usize = 3;

/// What came of a look-up, for all who wait.
type Answer = Result<Arc<[SocketAddr]>, (io::ErrorKind, Arc<str>)>;
type Told = watch::Receiver<Option<Answer>>;

/// The look-ups of a name.
struct UnderWay {
    running: usize,
    /// The last one, and when it began.
    last: Told,
    begun: Instant,
}

thread_local! {
    static UNDER_WAY: RefCell<HashMap<Box<str>, UnderWay>> = RefCell::default();
}

/// Connects to a host, at the first of its addresses that takes the connection.
///
/// # Errors
/// Those of the last address, or of the look-up.
pub(crate) async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return TcpStream::connect((address, port)).await;
    }
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in look_up(host, PATIENCE, system).await?.iter() {
        let mut address = *address;
        address.set_port(port);
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Asks the system.
fn system(name: &str) -> io::Result<Vec<SocketAddr>> {
    Ok((name, 0).to_socket_addrs()?.collect())
}

/// Waits for a look-up of that name that has begun just now, or for a new one.
async fn look_up(
    name: &str,
    patience: Duration,
    ask: impl FnOnce(&str) -> io::Result<Vec<SocketAddr>> + Send + 'static,
) -> io::Result<Arc<[SocketAddr]>> {
    let mut told = under_way(name, patience).unwrap_or_else(|| begin(name, ask));
    let answer = told.wait_for(Option::is_some).await;
    let answer = answer.ok().and_then(|answer| answer.clone());
    // Without an answer the look-up panicked, or its runtime ends.
    let answer = answer.ok_or(io::ErrorKind::Interrupted)?;
    answer.map_err(|(kind, text)| io::Error::new(kind, &*text))
}

fn under_way(name: &str, patience: Duration) -> Option<Told> {
    UNDER_WAY.with_borrow(|all| {
        let one = all.get(name)?;
        // It has ended, or its runtime has.
        let is_over = one.last.borrow().is_some() || one.last.has_changed().is_err();
        let is_young = one.begun.elapsed() < patience;
        (!is_over && (is_young || one.running >= MOST)).then(|| one.last.clone())
    })
}

fn begin(name: &str, ask: impl FnOnce(&str) -> io::Result<Vec<SocketAddr>> + Send + 'static) -> Told {
    let (tell, told) = watch::channel(None);
    let name: Box<str> = name.into();
    UNDER_WAY.with_borrow_mut(|all| {
        let running = all.get(&name).map_or(0, |one| one.running) + 1;
        let one = UnderWay {
            running,
            last: told.clone(),
            begun: Instant::now(),
        };
        all.insert(name.clone(), one);
    });
    // A task of its own: who began it may leave before the others.
    tokio::spawn(async move {
        let wanted = name.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&wanted)).await;
        // Whoever comes from here on asks anew.
        UNDER_WAY.with_borrow_mut(|all| {
            if let Some(one) = all.get_mut(&name) {
                one.running -= 1;
                if one.running == 0 {
                    all.remove(&name);
                }
            }
        });
        if let Ok(found) = asked {
            let answer = found.map(Arc::from);
            tell.send_replace(Some(
                answer.map_err(|error| (error.kind(), error.to_string().into())),
            ));
        }
    });
    told
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Mutex, mpsc};

    use graylane_testkit::LIMIT;
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    /// A server of names that counts who asks, and answers when it is let.
    #[derive(Clone)]
    struct Server {
        asked: Arc<AtomicUsize>,
        answers: Arc<Mutex<mpsc::Receiver<io::Result<Vec<SocketAddr>>>>>,
    }

    impl Server {
        fn new() -> (Self, mpsc::Sender<io::Result<Vec<SocketAddr>>>) {
            let (tell, answers) = mpsc::channel();
            let server = Self {
                asked: Arc::default(),
                answers: Arc::new(Mutex::new(answers)),
            };
            (server, tell)
        }

        fn want(&self, name: &'static str, patience: Duration) -> JoinHandle<io::Result<Arc<[SocketAddr]>>> {
            let server = self.clone();
            tokio::spawn(look_up(name, patience, move |_| {
                server.asked.fetch_add(1, SeqCst);
                server.answers.lock().unwrap().recv_timeout(LIMIT).unwrap()
            }))
        }
    }

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(test);
    }

    fn address() -> SocketAddr {
        "[2001:db8::1]:0".parse().unwrap()
    }

    #[test]
    fn those_who_want_a_name_at_the_same_time_have_it_looked_up_once() {
        let (server, tell) = Server::new();
        run(async {
            let waiting: Vec<_> = (0..50).map(|_| server.want("one.test", LIMIT)).collect();
            yield_now().await;
            // Who began it does not wait any more.
            waiting[0].abort();
            yield_now().await;
            tell.send(Ok(vec![address()])).unwrap();
            drop(tell);

            for wanted in waiting.into_iter().skip(1) {
                assert_eq!(*wanted.await.unwrap().unwrap(), [address()]);
            }
        });
        assert_eq!(server.asked.load(SeqCst), 1);
    }

    #[test]
    fn a_failure_is_for_those_who_waited_and_the_next_asks_anew() {
        let (server, tell) = Server::new();
        run(async {
            let failed = [server.want("two.test", LIMIT), server.want("two.test", LIMIT)];
            tell.send(Err(io::Error::new(io::ErrorKind::NotFound, "no such name")))
                .unwrap();
            for wanted in failed {
                let error = wanted.await.unwrap().unwrap_err();
                assert_eq!(
                    (error.kind(), &*error.to_string()),
                    (io::ErrorKind::NotFound, "no such name")
                );
            }
            tell.send(Ok(vec![address()])).unwrap();
            assert!(server.want("two.test", LIMIT).await.unwrap().is_ok());
        });
        assert_eq!(server.asked.load(SeqCst), 2);
    }

    #[test]
    fn one_that_takes_long_is_not_waited_for_by_newcomers_and_there_are_only_so_many() {
        let (server, tell) = Server::new();
        run(async {
            let waiting: Vec<_> = (0..50)
                .map(|_| server.want("four.test", Duration::ZERO))
                .collect();
            yield_now().await;
            (0..MOST).for_each(|_| tell.send(Ok(vec![address()])).unwrap());
            drop(tell);

            for wanted in waiting {
                assert!(wanted.await.unwrap().is_ok());
            }
        });
        assert_eq!(server.asked.load(SeqCst), MOST);
    }

    #[test]
    fn a_look_up_that_panics_fails_and_leaves_nothing_behind() {
        run(async {
            for _ in 0..2 {
                let failed = look_up("three.test", LIMIT, |_| panic!("made up")).await;
                assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::Interrupted);
            }
        });
    }
}
