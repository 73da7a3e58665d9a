use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// What a step of a unit fails with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The limit of each step of a unit that sets none.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(3);

/// The future is made and polled on the step's own thread, so it need not be `Send`.
type StepFuture = Pin<Box<dyn Future<Output = Result<(), BoxError>>>>;

/// A step that is taken once.
pub(crate) type Step = Box<dyn FnOnce() -> StepFuture + Send>;

/// A step that is taken again and again.
pub(crate) type Check = Arc<dyn Fn() -> StepFuture + Send + Sync>;

/// A part of a program that comes up, may be asked how it is, and is stopped.
///
/// A unit without `init` is up as soon as its requirements are, one without `health` is always good, one without `stop`
/// has nothing to stop; none of these costs a thread.
pub struct Unit {
    pub(crate) name: Arc<str>,
    pub(crate) requires: Vec<Arc<str>>,
    pub(crate) limit: Duration,
    pub(crate) init: Option<Step>,
    pub(crate) health: Option<Check>,
    pub(crate) stop: Option<Step>,
}

impl Unit {
    /// A unit of this name, unique in its graph, that requires nothing and does nothing yet.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            requires: Vec::new(),
            limit: DEFAULT_LIMIT,
            init: None,
            health: None,
            stop: None,
        }
    }

    /// Adds units that must be up before this one begins. Naming one twice is the same as naming it once.
    #[must_use]
    pub fn requires<N: Into<Arc<str>>>(mut self, units: impl IntoIterator<Item = N>) -> Self {
        for unit in units {
            let unit = unit.into();
            if !self.requires.contains(&unit) {
                self.requires.push(unit);
            }
        }
        self
    }

    /// How long each of its steps may take; [`DEFAULT_LIMIT`] unless set.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How it comes up. It may block: it has a thread of its own.
    ///
    /// At its limit, or when another unit fails, it is cancelled: its future is dropped at the next `await`.
    #[must_use]
    pub fn init(mut self, init: impl AsyncFnOnce() -> Result<(), BoxError> + Send + 'static) -> Self {
        self.init = Some(once(init));
        self
    }

    /// Whether it does its work; asked any number of times while it is up, never twice at once.
    #[must_use]
    pub fn health(mut self, health: impl AsyncFn() -> Result<(), BoxError> + Send + Sync + 'static) -> Self {
        let health = Arc::new(health);
        self.health = Some(Arc::new(move || {
            let health = Arc::clone(&health);
            Box::pin(async move { health().await })
        }));
        self
    }

    /// How it is stopped; called once, and only after its `init` succeeded.
    #[must_use]
    pub fn stop(mut self, stop: impl AsyncFnOnce() -> Result<(), BoxError> + Send + 'static) -> Self {
        self.stop = Some(once(stop));
        self
    }
}

fn once(step: impl AsyncFnOnce() -> Result<(), BoxError> + Send + 'static) -> Step {
    Box::new(move || Box::pin(async move { step().await }))
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit")
            .field("name", &self.name)
            .field("requires", &self.requires)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
