//! One thread, one current-thread runtime, its own connections.

mod doors;
mod open;
mod presence;

use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed, Ordering::SeqCst};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{self, Instant};

use crate::clock::{Clock, TICK};
use crate::control::{Control, Order};
use crate::counters::Shard;
use crate::gateway::Shared;
use crate::latest::{self, latest};
use crate::moving::{Arrival, Idle};
use crate::timer::Timer;
use crate::{load, upstream};

pub(crate) use open::Listed;
pub(crate) use presence::Presence;

/// Idle links are looked through every so many ticks.
const SWEEP_EVERY: u32 = 20;
/// What is still there when the limit of a drain comes near ends within this part of it, and this time, one after the other:
/// clients that are all cut in one instant all come back in one instant.
const LAST_PART: u32 = 10;
const LAST_AT_MOST: Duration = Duration::from_secs(5);

/// A worker, as its connections see it.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) counters: Arc<Shard>,
    /// Its place among the counters of a lane.
    pub(crate) number: usize,
    pub(crate) clock: Arc<Clock>,
    /// Connections, tunnels included, that have not ended.
    live: AtomicU64,
    /// Told when the last one ends.
    last_ended: Notify,
    /// The thread ends, whatever is still there.
    over: AtomicBool,
    door: mpsc::UnboundedSender<Arrival>,
}

impl Worker {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        number: usize,
        door: mpsc::UnboundedSender<Arrival>,
    ) -> Arc<Self> {
        Arc::new(Self {
            counters: Arc::clone(shared.counters().shard(number)),
            number,
            clock: Arc::default(),
            live: AtomicU64::new(0),
            last_ended: Notify::new(),
            over: AtomicBool::new(false),
            shared: Arc::clone(shared),
            door,
        })
    }

    /// A connection is there or on its way: the worker does not end without it.
    fn expect(&self) {
        self.live.fetch_add(1, SeqCst);
    }

    fn unexpect(&self) {
        if self.live.fetch_sub(1, SeqCst) == 1 {
            self.last_ended.notify_one();
        }
    }

    fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    /// Takes in a connection that it has not accepted, from any thread; `false` where the worker ends.
    pub(crate) fn take_in(&self, arrival: Arrival) -> bool {
        // First the one, then the other: a worker that drains sees what is expected of it.
        self.expect();
        let taken = !self.shared.is_draining() && self.door.send(arrival).is_ok();
        if !taken {
            self.unexpect();
        }
        taken
    }

    /// Sends an idle connection off to another process.
    pub(crate) fn send_off(&self, stream: std::net::TcpStream, presence: Presence) {
        let listener = self.shared.current().entry(presence.listener).listener.clone();
        self.shared
            .send_off(Idle::new(listener, stream, presence, self.door.clone()));
    }
}

/// Starts a worker's thread. What comes back tells when it has ended.
pub(crate) fn spawn(
    worker: Arc<Worker>,
    listeners: Vec<StdListener>,
    arrivals: mpsc::UnboundedReceiver<Arrival>,
    control: &Control,
) -> io::Result<oneshot::Receiver<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()?;
    let (ended, receiver) = oneshot::channel();
    let orders = control.orders();
    let steered: Vec<_> = (0..listeners.len()).map(|number| control.door(number)).collect();
    std::thread::Builder::new().name("worker".into()).spawn(move || {
        runtime.block_on(async {
            tokio::spawn(tick(Arc::clone(&worker)));
            tokio::spawn(doors::arrive(Arc::clone(&worker), arrivals));
            let listeners = listeners.into_iter().zip(steered).enumerate();
            let doors = listeners.map(|(number, (socket, (orders, accepting)))| {
                tokio::spawn(doors::accept(
                    Arc::clone(&worker),
                    number,
                    socket,
                    orders,
                    accepting,
                ))
            });
            run(&worker, doors.collect(), orders.clone()).await;
        });
        worker.over.store(true, Relaxed);
        upstream::clear();
        load::clear();
        latest::clear();
        // Not dropped: that would wait for a name look-up that hangs.
        runtime.shutdown_background();
        // Nobody listens any more when the whole process is being torn down.
        let _ = ended.send(());
    })?;
    Ok(receiver)
}

/// Serves, and then drains to the end.
async fn run(worker: &Worker, doors: Vec<JoinHandle<()>>, mut orders: watch::Receiver<Order>) {
    wait_for(&mut orders, |order| !matches!(order, Order::Serve | Order::Pause)).await;
    let current = worker.shared.current();
    let times = current.times();
    open::hurry(&times);
    let limit = current.drain().limit;
    let last = (limit / LAST_PART).min(LAST_AT_MOST);
    drop(current);
    let begun = Instant::now();
    let end_in_time = async {
        tokio::select! {
            () = all_ended(worker, doors) => {}
            () = time::sleep_until(begun + limit - last) => cut_all(last).await,
        }
    };
    let mut hurries = orders.clone();
    let hurry = async {
        wait_for(&mut hurries, |order| matches!(order, Order::Hurry | Order::Stop)).await;
        open::hurry(&times);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = end_in_time => {}
        () = hurry => {}
        _ = wait_for(&mut orders, |order| order == Order::Stop) => {}
    }
}

/// Ends when every accept loop has emptied its queue and no connection is left.
async fn all_ended(worker: &Worker, doors: Vec<JoinHandle<()>>) {
    for door in doors {
        // It fails only where it panicked, and then it is gone too.
        let _ = door.await;
    }
    while worker.live.load(SeqCst) > 0 {
        worker.last_ended.notified().await;
    }
}

/// Cuts what is there, evenly over this time.
async fn cut_all(time: Duration) {
    // Those that are ended last have this much to notice it in their turn.
    let last = TICK.min(time / 10);
    let (tasks, begun, most) = (open::tasks(), Instant::now(), time - last);
    let mut cut = 0;
    while cut < tasks.len() {
        time::sleep(TICK.min(time / 10)).await;
        let share = begun.elapsed().as_secs_f64() / most.as_secs_f64();
        let due = (tasks.len() as f64 * share) as usize;
        let due = due.clamp(cut, tasks.len());
        tasks[cut..due].iter().for_each(open::Task::end);
        cut = due;
    }
    time::sleep(last).await;
    // Who got a request in that moment is cut all the same.
    open::tasks().iter().for_each(open::Task::cut);
    tokio::task::yield_now().await;
}

/// Waits for such an order, and gives it.
async fn wait_for(orders: &mut watch::Receiver<Order>, wanted: impl Fn(Order) -> bool) -> Order {
    // The sender lives as long as the gateway; without it there is nobody left to serve.
    orders
        .wait_for(|order| wanted(*order))
        .await
        .map_or(Order::Stop, |order| *order)
}

/// Moves the clock on, wakes what has used up its time, and now and then closes links that are idle for too long.
async fn tick(worker: Arc<Worker>) {
    let mut interval = time::interval(TICK);
    loop {
        interval.tick().await;
        worker.clock.advance();
        open::each(Timer::check);
        let now = worker.clock.now();
        if now.is_multiple_of(SWEEP_EVERY) {
            // Looking also lets go of an older generation, where no request comes that would.
            let current = latest(&worker.shared);
            upstream::sweep(now, current.times().idle, current.roster().seats());
            load::sweep(current.roster().seats());
        }
    }
}
