use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;
use crate::Graph;

/// Short, for steps that block: paused time cannot help there.
const SHORT: Duration = Duration::from_millis(50);

async fn start(units: impl IntoIterator<Item = Unit>) -> Running {
    Graph::new(units).unwrap().start().await.unwrap()
}

/// The outcomes without times, and without what a hung step did: on a busy machine its thread may not even have begun.
fn words(outcomes: &Outcomes) -> Vec<String> {
    let word = |outcome: &Outcome| match &outcome.result {
        Ok(()) => format!("{} good", outcome.unit),
        Err(Cause::Overran { limit, .. }) => format!("{} overran {limit:?}", outcome.unit),
        Err(cause) => format!("{} {}", outcome.unit, Chain(cause)),
    };
    outcomes.0.iter().map(word).collect()
}

#[tokio::test]
async fn a_stop_that_fails_panics_hangs_or_blocks_does_not_keep_the_others_from_stopping() {
    let (release, blocked) = mpsc::channel::<()>();
    let (stopped, was_stopped) = mpsc::channel();
    let running = start([
        Unit::new("first").stop(async move || Ok(stopped.send(())?)),
        Unit::new("fails")
            .requires(["first"])
            .stop(async || Err("no luck".into())),
        Unit::new("panics")
            .requires(["fails"])
            .stop(async || panic!("bad luck")),
        Unit::new("hangs")
            .requires(["panics"])
            .limit(SHORT)
            .stop(async || pending().await),
        Unit::new("blocks")
            .requires(["hangs"])
            .limit(SHORT)
            .stop(async move || {
                let _ = blocked.recv();
                Ok(())
            }),
        Unit::new("has nothing to stop").requires(["blocks"]),
    ])
    .await;

    let outcomes = running.stop().await;

    was_stopped.try_recv().unwrap();
    assert_eq!(
        words(&outcomes),
        [
            "has nothing to stop good",
            "blocks overran 50ms",
            "hangs overran 50ms",
            "panics panicked: bad luck",
            "fails no luck",
            "first good",
        ]
    );
    drop(release);
}

#[tokio::test]
async fn health_tells_every_unit_apart() {
    let running = start([
        Unit::new("silent"),
        Unit::new("good").health(async || Ok(())),
        Unit::new("bad").health(async || Err("upstream gone".into())),
        Unit::new("panics").health(async || panic!("bad luck")),
        Unit::new("hangs").limit(SHORT).health(async || pending().await),
    ])
    .await;

    let (first, second) = (running.health().await, running.health().await);

    let expected = [
        "silent good",
        "good good",
        "bad upstream gone",
        "panics panicked: bad luck",
        "hangs overran 50ms",
    ];
    assert_eq!(words(&first), expected);
    assert_eq!(words(&second), expected);
    assert!(!first.all_good());
}

#[tokio::test]
async fn a_unit_that_blocks_when_asked_is_not_asked_again_before_it_ends() {
    let (release, blocked) = mpsc::channel::<()>();
    let (blocked, asked) = (
        Arc::new(std::sync::Mutex::new(blocked)),
        Arc::new(AtomicUsize::new(0)),
    );
    let asking = Arc::clone(&asked);
    let unit = Unit::new("stuck").limit(SHORT).health(async move || {
        asking.fetch_add(1, Ordering::SeqCst);
        let _ = blocked.lock().unwrap().recv();
        Ok(())
    });
    let running = start([unit]).await;

    let answers = [
        running.health().await,
        running.health().await,
        running.health().await,
    ];

    for answer in &answers {
        assert_eq!(words(answer), ["stuck overran 50ms"]);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    drop(release);
}

#[tokio::test]
async fn two_who_ask_at_once_get_an_answer_each() {
    let (busy, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (at_work, seen) = (Arc::clone(&busy), Arc::clone(&most));
    let unit = Unit::new("good").health(async move || {
        seen.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        at_work.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    let running = start([unit]).await;
    let probes = running.probes();

    let (first, second) = tokio::join!(probes.ask(), running.health());

    assert!(first.all_good() && second.all_good());
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn outcomes_are_shown_as_an_aligned_table() {
    let outcome = |unit: &str, took, result| Outcome {
        unit: unit.into(),
        took: Duration::from_millis(took),
        result,
    };
    let outcomes = Outcomes(vec![
        outcome("listeners", 120, Ok(())),
        outcome("log", 1, Err(Cause::Failed("disk full".into()))),
    ]);

    let text = outcomes.to_string();

    assert_eq!(
        text,
        "unit           took  result\nlisteners  120.0 ms  good\nlog          1.0 ms  disk full"
    );
}
