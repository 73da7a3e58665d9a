//! Connections to hosts, which are addresses or names.
//!
//! A look-up cannot be stopped, and takes a thread of its runtime until it ends. So each thread looks a name up once at a
//! time, and whoever wants it meanwhile gets the same answer: behind a server of names that hangs, the look-ups of those whose time was
//! up long since do not heap up, nor keep others from theirs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::watch;

/// What came of a look-up, for all who wait.
type Answer = Result<Arc<[SocketAddr]>, (io::ErrorKind, Arc<str>)>;

thread_local! {
    static UNDER_WAY: RefCell<HashMap<Box<str>, watch::Receiver<Option<Answer>>>> = RefCell::default();
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
    for address in look_up(host, system).await?.iter() {
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

/// Waits for the look-up of that name that is under way, or for a new one.
async fn look_up(
    name: &str,
    ask: impl FnOnce(&str) -> io::Result<Vec<SocketAddr>> + Send + 'static,
) -> io::Result<Arc<[SocketAddr]>> {
    let under_way = UNDER_WAY.with_borrow(|all| all.get(name).cloned());
    // One whose runtime has ended tells nothing any more.
    let under_way = under_way.filter(|told| told.has_changed().is_ok());
    let mut told = under_way.unwrap_or_else(|| begin(name, ask));
    let answer = told.wait_for(Option::is_some).await;
    let answer = answer.ok().and_then(|answer| answer.clone());
    // Without an answer the look-up panicked, or its runtime ends.
    let answer = answer.ok_or(io::ErrorKind::Interrupted)?;
    answer.map_err(|(kind, text)| io::Error::new(kind, &*text))
}

fn begin(
    name: &str,
    ask: impl FnOnce(&str) -> io::Result<Vec<SocketAddr>> + Send + 'static,
) -> watch::Receiver<Option<Answer>> {
    let (tell, told) = watch::channel(None);
    let name: Box<str> = name.into();
    UNDER_WAY.with_borrow_mut(|all| all.insert(name.clone(), told.clone()));
    // A task of its own: who began it may leave before the others.
    tokio::spawn(async move {
        let wanted = name.clone();
        let asked = tokio::task::spawn_blocking(move || ask(&wanted)).await;
        // Whoever comes from here on asks anew.
        UNDER_WAY.with_borrow_mut(|all| all.remove(&name));
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

        fn want(&self, name: &'static str) -> JoinHandle<io::Result<Arc<[SocketAddr]>>> {
            let server = self.clone();
            tokio::spawn(look_up(name, move |_| {
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
            let waiting: Vec<_> = (0..50).map(|_| server.want("one.test")).collect();
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
            let failed = [server.want("two.test"), server.want("two.test")];
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
            assert!(server.want("two.test").await.unwrap().is_ok());
        });
        assert_eq!(server.asked.load(SeqCst), 2);
    }

    #[test]
    fn a_look_up_that_panics_fails_and_leaves_nothing_behind() {
        run(async {
            for _ in 0..2 {
                let failed = look_up("three.test", |_| panic!("made up")).await;
                assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::Interrupted);
            }
        });
    }
}
