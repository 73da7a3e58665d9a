use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep};

use crate::unit::Step;
use crate::{BoxError, Cause, Stuck};

#[cfg(test)]
mod tests;

/// A step of a unit under way on a thread of its own: a future that is ready within the limit, come what may.
///
/// Dropping it cancels the step. A finished step counts even where it was cancelled meanwhile: only its own thread knows
/// which came first.
pub(crate) struct Job {
    began: Instant,
    limit: Duration,
    deadline: Pin<Box<Sleep>>,
    answer: oneshot::Receiver<Ended>,
    no_thread: Option<io::Error>,
    /// False while it waits at an `await`.
    polling: Arc<AtomicBool>,
    /// Nothing is ever sent: dropping it is the signal, so that a dropped job cancels as well.
    cancel: Option<oneshot::Sender<Infallible>>,
}

/// How a job ended.
pub(crate) struct Ended {
    pub(crate) took: Duration,
    pub(crate) result: Result<(), Cause>,
}

impl Job {
    /// Begins the step; its limit runs from now.
    ///
    /// # Panics
    /// Outside of a tokio runtime, and in one without a time driver.
    pub(crate) fn begin(unit: &str, limit: Duration, step: Step) -> Self {
        let runtime = Handle::current();
        let began = Instant::now();
        let deadline = Box::pin(sleep(limit));
        let polling = Arc::new(AtomicBool::new(true));
        let (cancel, cancelled) = oneshot::channel();
        let (answering, answer) = oneshot::channel();

        let watched = Arc::clone(&polling);
        let work = move || {
            // Nothing of a panicked step is looked at again, so it cannot be seen half done.
            let unwound = catch_unwind(AssertUnwindSafe(|| {
                runtime.block_on(watch(step, cancelled, &watched))
            }));
            let result = match unwound {
                Ok(result) => result,
                Err(payload) => Err(Cause::Panicked(message(&*payload))),
            };
            // Nobody listens to an abandoned step any more.
            drop(answering.send(Ended {
                took: began.elapsed(),
                result,
            }));
        };
        // A NUL in the name of a thread would panic here.
        let thread = thread::Builder::new().name(unit.replace('\0', "?")).spawn(work);

        Self {
            began,
            limit,
            deadline,
            answer,
            no_thread: thread.err(),
            polling,
            cancel: Some(cancel),
        }
    }

    /// Asks the step to end at its next `await`. The job is still to be waited for: the step may be done by now.
    pub(crate) fn cancel(&mut self) {
        self.cancel = None;
    }
}

impl Future for Job {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Some(error) = self.no_thread.take() {
            return Poll::Ready(Ended {
                took: self.began.elapsed(),
                result: Err(Cause::NoThread(error)),
            });
        }
        if let Poll::Ready(answer) = Pin::new(&mut self.answer).poll(cx) {
            // Without an answer the thread ended by a panic past the step's own: that of dropping a panic's payload.
            return Poll::Ready(answer.unwrap_or_else(|_| Ended {
                took: self.began.elapsed(),
                result: Err(Cause::Panicked(NO_MESSAGE.to_owned())),
            }));
        }
        ready!(self.deadline.as_mut().poll(cx));
        let stuck = if self.polling.load(Ordering::Acquire) {
            Stuck::Blocking
        } else {
            Stuck::Waiting
        };
        let result = Err(Cause::Overran {
            limit: self.limit,
            stuck,
        });
        Poll::Ready(Ended {
            took: self.began.elapsed(),
            result,
        })
    }
}

/// The step until it ends or is cancelled; `polling` says while it holds its thread.
async fn watch(
    step: Step,
    mut cancelled: oneshot::Receiver<Infallible>,
    polling: &AtomicBool,
) -> Result<(), Cause> {
    // The step is called inside of the future, so that a step that blocks before its first `await` is seen as well.
    let mut step = pin!(async move { step().await });
    poll_fn(|cx| {
        if Pin::new(&mut cancelled).poll(cx).is_ready() {
            return Poll::Ready(Err(Cause::Cancelled));
        }
        polling.store(true, Ordering::Release);
        let polled: Poll<Result<(), BoxError>> = step.as_mut().poll(cx);
        polling.store(false, Ordering::Release);
        polled.map(|result| result.map_err(Cause::Failed))
    })
    .await
}

const NO_MESSAGE: &str = "(no message)";

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or(NO_MESSAGE)
        .to_owned()
}
