use std::future::pending;
use std::io;
use std::sync::{Barrier, OnceLock, mpsc};
use std::thread;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::*;
use crate::Stuck;

/// Much longer than any machine needs, so that only a broken test waits for it.
const LONG: Duration = Duration::from_secs(20);

/// Short, for steps that block: paused time cannot help there.
const SHORT: Duration = Duration::from_millis(50);

/// Sends when dropped: shows that a future was cancelled.
struct Tell(mpsc::Sender<()>);

impl Drop for Tell {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

/// Keeps paused time from running ahead of units that are still at work, until what is returned is dropped: tokio
/// stops its clock while the blocking pool is busy.
fn hold_clock() -> mpsc::Sender<()> {
    let (hold, held) = mpsc::channel();
    tokio::task::spawn_blocking(move || held.recv());
    hold
}

fn names(outcomes: &Outcomes) -> Vec<&str> {
    outcomes.0.iter().map(|outcome| &*outcome.unit).collect()
}

#[tokio::test]
async fn independent_units_start_side_by_side_even_where_they_block() {
    let meeting = Arc::new(Barrier::new(2));
    let unit = |name: &str| {
        let meeting = Arc::clone(&meeting);
        Unit::new(name).limit(LONG).init(async move || {
            meeting.wait();
            Ok(())
        })
    };

    let started = Graph::new([unit("a"), unit("b")]).unwrap().start().await;

    assert_eq!(started.unwrap().report().timings().len(), 2);
}

#[tokio::test]
async fn a_unit_waits_for_its_own_requirements_and_for_nothing_else() {
    let (above_is_up, wait_for_above) = oneshot::channel();
    let units = [
        Unit::new("ground").init(async || Ok(())),
        Unit::new("above").requires(["ground"]).init(async || {
            above_is_up.send(()).unwrap();
            Ok(())
        }),
        Unit::new("slow")
            .limit(LONG)
            .init(async || Ok(wait_for_above.await?)),
    ];

    let started = Graph::new(units).unwrap().start().await;

    assert!(started.is_ok());
}

#[tokio::test]
async fn the_order_of_declaration_decides_where_times_do_not() {
    let units = [
        Unit::new("z"),
        Unit::new("m").requires(["k"]),
        Unit::new("a").requires(["z"]),
        Unit::new("k"),
    ];

    let running = Graph::new(units).unwrap().start().await.unwrap();

    let order: Vec<&str> = running
        .report()
        .timings()
        .iter()
        .map(|timing| &*timing.unit)
        .collect();
    assert_eq!(order, ["z", "a", "k", "m"]);
}

#[tokio::test]
async fn units_hand_values_to_each_other_through_cells_of_their_own() {
    let cell = Arc::new(OnceLock::new());
    let (giving, taking) = (Arc::clone(&cell), Arc::clone(&cell));
    let units = [
        Unit::new("taker")
            .requires(["giver"])
            .init(async move || taking.get().map(drop).ok_or_else(|| "nothing there".into())),
        Unit::new("giver").init(async move || Ok(giving.set(42).map_err(|_| "given twice")?)),
    ];

    let started = Graph::new(units).unwrap().start().await;

    assert!(started.is_ok());
}

#[tokio::test]
async fn what_a_unit_opens_belongs_to_the_runtime_and_outlives_its_init() {
    let (opened, listener) = oneshot::channel();
    let unit = Unit::new("listeners").init(async || {
        opened
            .send(TcpListener::bind("127.0.0.1:0").await?)
            .map_err(|_| "nobody wants it")?;
        Ok(())
    });

    let running = Graph::new([unit]).unwrap().start().await.unwrap();

    let listener = listener.await.unwrap();
    let (_stream, accepted) = tokio::join!(
        TcpStream::connect(listener.local_addr().unwrap()),
        listener.accept()
    );
    assert!(accepted.is_ok());
    assert!(running.stop().await.all_good());
}

#[tokio::test]
async fn a_failure_stops_what_was_up_in_reverse_and_gives_the_chain_of_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot listen on 127.0.0.1:80")]
    struct Listen(#[source] io::Error);
    let units = [
        Unit::new("listeners").requires(["routing"]).init(async || {
            Err(Box::new(Listen(io::Error::new(io::ErrorKind::AddrInUse, "address in use"))).into())
        }),
        Unit::new("routing")
            .requires(["configuration"])
            .init(async || Ok(())),
        Unit::new("configuration").init(async || Ok(())),
        Unit::new("accepting")
            .requires(["listeners"])
            .init(async || unreachable!("it requires what failed")),
    ];

    let error = Graph::new(units).unwrap().start().await.unwrap_err();

    assert_eq!(
        Chain(&error).to_string(),
        "unit `listeners` did not start: cannot listen on 127.0.0.1:80: address in use",
    );
    assert_eq!(names(&error.stopped), ["routing", "configuration"]);
    assert!(error.others.0.is_empty());
}

#[tokio::test]
async fn a_panic_is_an_error_with_its_message() {
    // A literal panics with a `&str`, a text made at run time with a `String`.
    let luck = std::hint::black_box(13);
    let unit = Unit::new("bad").init(async move || panic!("bad luck {luck}"));

    let error = Graph::new([unit]).unwrap().start().await.unwrap_err();

    assert_eq!(
        Chain(&error).to_string(),
        "unit `bad` did not start: panicked: bad luck 13"
    );
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_waits_for_ever_ends_at_the_default_limit() {
    let clock = hold_clock();
    let (told, cancelled) = mpsc::channel();
    let units = [
        Unit::new("ground").init(async || Ok(())),
        Unit::new("hung").requires(["ground"]).init(async move || {
            let _tell = Tell(told);
            drop(clock);
            pending().await
        }),
    ];
    let began = tokio::time::Instant::now();

    let error = Graph::new(units).unwrap().start().await.unwrap_err();

    // What it did at its limit is left open: its thread may be about to leave the poll that lets the clock go.
    let text = Chain(&error).to_string();
    assert!(
        text.starts_with("unit `hung` did not start: did not end within 3s and "),
        "{text}"
    );
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(3) && took < Duration::from_millis(3100),
        "{took:?}"
    );
    assert_eq!(names(&error.stopped), ["ground"]);
    cancelled.recv_timeout(LONG).unwrap();
}

#[tokio::test]
async fn a_unit_that_blocks_its_thread_ends_at_its_limit() {
    let (release, blocked) = mpsc::channel::<()>();
    let units = [
        Unit::new("ground").init(async || Ok(())),
        Unit::new("stuck")
            .requires(["ground"])
            .limit(SHORT)
            .init(async move || {
                let _ = blocked.recv();
                Ok(())
            }),
    ];

    let error = Graph::new(units).unwrap().start().await.unwrap_err();

    assert!(
        matches!(
            error.cause,
            Cause::Overran {
                limit: SHORT,
                stuck: Stuck::Blocking
            }
        ),
        "{error:?}"
    );
    assert_eq!(names(&error.stopped), ["ground"]);
    drop(release);
}

#[test]
fn a_blocked_unit_does_not_keep_the_runtime_from_ending() {
    let (release, blocked) = mpsc::channel::<()>();
    let (told, ended) = mpsc::channel();
    let unit = Unit::new("stuck").limit(SHORT).init(async move || {
        let _ = blocked.recv();
        Ok(())
    });

    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let failed = runtime.block_on(Graph::new([unit]).unwrap().start()).is_err();
        drop(runtime);
        told.send(failed).unwrap();
    });

    assert!(ended.recv_timeout(LONG).unwrap());
    drop(release);
}

#[tokio::test]
async fn a_failure_cancels_those_that_still_come_up() {
    let (told, cancelled) = mpsc::channel();
    let (hung_has_begun, wait_for_hung) = oneshot::channel();
    let units = [
        Unit::new("hung").limit(LONG).init(async move || {
            let _tell = Tell(told);
            hung_has_begun.send(()).unwrap();
            pending().await
        }),
        Unit::new("bad").init(async || {
            wait_for_hung.await?;
            Err("no luck".into())
        }),
    ];

    let error = Graph::new(units).unwrap().start().await.unwrap_err();

    cancelled.try_recv().unwrap();
    assert_eq!(&*error.unit, "bad");
    assert!(matches!(
        error.others.0[..],
        [Outcome {
            result: Err(Cause::Cancelled),
            ..
        }]
    ));
}

#[tokio::test]
async fn a_unit_that_is_up_after_the_failure_is_stopped_as_well() {
    // The witness is cancelled when the start is aborted, and thereby lets the late unit, which blocks, come up.
    let (told, witness_is_cancelled) = mpsc::channel();
    let (witness_has_begun, wait_for_witness) = oneshot::channel();
    let (late_has_begun, wait_for_late) = oneshot::channel();
    let (stopped, was_stopped) = mpsc::channel();
    let units = [
        Unit::new("witness").limit(LONG).init(async move || {
            let _tell = Tell(told);
            witness_has_begun.send(()).unwrap();
            pending().await
        }),
        Unit::new("late")
            .limit(LONG)
            .init(async move || {
                late_has_begun.send(()).unwrap();
                witness_is_cancelled.recv()?;
                Ok(())
            })
            .stop(async move || Ok(stopped.send(())?)),
        Unit::new("bad").init(async || {
            wait_for_witness.await?;
            wait_for_late.await?;
            Err("no luck".into())
        }),
    ];

    let error = Graph::new(units).unwrap().start().await.unwrap_err();

    was_stopped.try_recv().unwrap();
    assert_eq!(names(&error.others), ["witness"]);
    assert_eq!(names(&error.stopped), ["late"]);
}

#[test]
fn a_start_can_move_between_threads() {
    fn takes<T: Send>(_: &T) {}

    let start = Graph::new([]).unwrap().start();

    takes(&start);
}
