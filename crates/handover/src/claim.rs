use std::sync::{Arc, Mutex, PoisonError};

/// Who takes over just now: at most one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Arc<Mutex<Option<u32>>>);

/// The right to take over, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Claim(Claims);

impl Claims {
    /// Lets that process take over, or names the one that does already.
    pub(crate) fn claim(&self, pid: u32) -> Result<Claim, u32> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *taken {
            Some(other) => Err(other),
            None => {
                *taken = Some(pid);
                Ok(Claim(self.clone()))
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
