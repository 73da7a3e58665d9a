use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what must happen. Long, because a busy machine is slow and a right answer ends the wait.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Waits until the condition holds.
///
/// # Panics
/// With `what`, when the condition does not hold within the limit.
pub fn eventually(limit: Duration, what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// A gate that is shut until opened: how a test tells an upstream to go on.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A shut gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it, for good.
    pub fn open(&self) {
        *self.0.0.lock().expect("no holder panics") = true;
        self.0.1.notify_all();
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        *self.0.0.lock().expect("no holder panics")
    }

    /// Waits until it is open.
    ///
    /// # Panics
    /// When nobody opens it within [`LIMIT`].
    pub fn pass(&self) {
        let shut = self.0.0.lock().expect("no holder panics");
        let (open, _) = self
            .0
            .1
            .wait_timeout_while(shut, LIMIT, |open| !*open)
            .expect("no holder panics");
        assert!(*open, "nobody opened the gate within {LIMIT:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_lets_a_waiting_thread_pass_once_opened() {
        let gate = Gate::new();
        let waiting = thread::spawn({
            let gate = gate.clone();
            move || gate.pass()
        });

        gate.open();

        assert!(waiting.join().is_ok() && gate.is_open());
    }

    #[test]
    #[should_panic(expected = "not within 5ms: pigs fly")]
    fn a_condition_that_never_holds_fails_with_its_name() {
        eventually(Duration::from_millis(5), "pigs fly", || false);
    }
}
