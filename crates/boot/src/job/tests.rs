use std::future::pending;
use std::task::Waker;

use super::*;

#[test]
fn a_step_holds_its_thread_only_while_it_is_polled() {
    let polling = Arc::new(AtomicBool::new(true));
    let seen = Arc::clone(&polling);
    let (_cancel, cancelled) = oneshot::channel();
    let step: Step = Box::new(move || {
        assert!(seen.load(Ordering::Acquire));
        Box::pin(pending())
    });
    let mut watched = pin!(watch(step, cancelled, &polling));

    let polled = watched.as_mut().poll(&mut Context::from_waker(Waker::noop()));

    assert!(polled.is_pending());
    assert!(!polling.load(Ordering::Acquire));
}

#[test]
fn a_step_that_was_cancelled_before_its_thread_ran_is_never_called() {
    let polling = AtomicBool::new(true);
    let (cancel, cancelled) = oneshot::channel();
    let step: Step = Box::new(|| unreachable!("it was cancelled before"));
    let mut watched = pin!(watch(step, cancelled, &polling));

    drop(cancel);
    let polled = watched.as_mut().poll(&mut Context::from_waker(Waker::noop()));

    assert!(matches!(polled, Poll::Ready(Err(Cause::Cancelled))));
}
