//! The flags of the whole process, for code that declares them where it uses them.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Flag, FlagType, RegisterError, Registered, Registry};

enum Flags {
    None,
    Open(Registry),
    Frozen(Arc<Registered>),
}

static FLAGS: Mutex<Flags> = Mutex::new(Flags::None);

/// Declares a flag of the process, see [`Registry::register`]. Locks, so it belongs to the start of the process.
///
/// # Errors
/// See [`RegisterError`]; after [`freeze_registered`] always.
pub fn register<T: FlagType>(key: impl Into<Box<str>>, default: T) -> Result<Flag<T>, RegisterError> {
    // Whoever panicked while holding the lock left a registry that is whole: nothing below panics between two writes.
    let mut flags = FLAGS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Flags::None = *flags {
        *flags = Flags::Open(Registry::new());
    }
    match &mut *flags {
        Flags::Open(registry) => registry.register(key, default),
        Flags::Frozen(_) | Flags::None => Err(RegisterError::Frozen(key.into())),
    }
}

/// No more flags of the process: gives those that have been declared. Called again, it gives the same.
pub fn freeze_registered() -> Arc<Registered> {
    let mut flags = FLAGS.lock().unwrap_or_else(PoisonError::into_inner);
    let registry = match std::mem::replace(&mut *flags, Flags::None) {
        Flags::None => Registry::new(),
        Flags::Open(registry) => registry,
        Flags::Frozen(registered) => {
            *flags = Flags::Frozen(Arc::clone(&registered));
            return registered;
        }
    };
    let registered = Arc::new(registry.freeze());
    *flags = Flags::Frozen(Arc::clone(&registered));
    registered
}
