//! Flags that code declares before start, each with its type and the value that it has without any file.
//!
//! A [`Flag`] is a number. [`Bound`] joins the flags of the code with those of the files once, when a set is loaded; reading
//! a flag is then an index, without looking for its key.

mod bound;
mod process;
mod types;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

pub use bound::{Bound, Report, WrongType};
pub use process::{freeze_registered, register};
pub use types::{FlagType, Type};

use crate::Value;

/// The flags that code declares. [`Registry::freeze`] takes it away, so that none can be declared later:
///
/// ```
/// # fn main() -> Result<(), graylane_flags::RegisterError> {
/// let mut registry = graylane_flags::Registry::new();
/// let shop_v2 = registry.boolean("shop-v2", false)?;
/// let registered = registry.freeze();
/// assert_eq!(registered.keys().collect::<Vec<_>>(), ["shop-v2"]);
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0382
/// let mut registry = graylane_flags::Registry::new();
/// let registered = registry.freeze();
/// let too_late = registry.boolean("shop-v2", false);
/// ```
#[derive(Debug)]
pub struct Registry {
    /// Tells the flags of one registry from those of another.
    id: u32,
    entries: Vec<Entry>,
    index: HashMap<Box<str>, u32>,
}

#[derive(Debug)]
struct Entry {
    key: Box<str>,
    kind: Type,
    default: Value,
}

/// A flag that code has declared, with its default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flag<T> {
    registry: u32,
    index: u32,
    default: T,
}

/// Why a flag cannot be declared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// The key is empty.
    #[error("the key of a flag is empty")]
    EmptyKey,
    /// The same key has been declared with another type or default.
    #[error("the flag `{0}` is declared twice, with different types or defaults")]
    Different(Box<str>),
    /// The default is a number that is not finite.
    #[error("the default of the flag `{0}` is not a finite number")]
    NotFinite(Box<str>),
    /// The default is a [`Value`], but no object.
    #[error("the default of the flag `{0}` is not an object")]
    NotAnObject(Box<str>),
    /// The flags of the process have been frozen by [`freeze_registered`].
    #[error("the flag `{0}` is declared after the flags have been frozen: declare it before the start")]
    Frozen(Box<str>),
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// One without flags.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            entries: Vec::new(),
            index: HashMap::new(),
        }
    }

    /// Declares a flag: of [`bool`], [`i64`], [`f64`], [`String`], `&'static str`, or [`Value`] for an object. Whoever
    /// declares the same flag again, with the same type and default, gets the same flag.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn register<T: FlagType>(
        &mut self,
        key: impl Into<Box<str>>,
        default: T,
    ) -> Result<Flag<T>, RegisterError> {
        let key = key.into();
        if key.is_empty() {
            return Err(RegisterError::EmptyKey);
        }
        let value = default.to_value();
        match (&value, T::TYPE) {
            (Value::Float(number), _) if !number.is_finite() => return Err(RegisterError::NotFinite(key)),
            (Value::Map(_), Type::Object) => {}
            (_, Type::Object) => return Err(RegisterError::NotAnObject(key)),
            _ => {}
        }
        let known = self.index.get(&key).copied();
        let index = match known {
            Some(index) => {
                let entry = &self.entries[index as usize];
                if entry.kind != T::TYPE || entry.default != value {
                    return Err(RegisterError::Different(key));
                }
                index
            }
            None => {
                // A program does not declare four billion flags.
                let index = self.entries.len() as u32;
                self.index.insert(key.clone(), index);
                self.entries.push(Entry {
                    key,
                    kind: T::TYPE,
                    default: value,
                });
                index
            }
        };
        Ok(Flag {
            registry: self.id,
            index,
            default,
        })
    }

    /// Declares a flag that is true or false.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn boolean(&mut self, key: impl Into<Box<str>>, default: bool) -> Result<Flag<bool>, RegisterError> {
        self.register(key, default)
    }

    /// Declares a flag that is a whole number.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn integer(&mut self, key: impl Into<Box<str>>, default: i64) -> Result<Flag<i64>, RegisterError> {
        self.register(key, default)
    }

    /// Declares a flag that is a number.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn float(&mut self, key: impl Into<Box<str>>, default: f64) -> Result<Flag<f64>, RegisterError> {
        self.register(key, default)
    }

    /// Declares a flag that is a string; its default stands in the code.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn text(
        &mut self,
        key: impl Into<Box<str>>,
        default: &'static str,
    ) -> Result<Flag<&'static str>, RegisterError> {
        self.register(key, default)
    }

    /// Declares a flag that is an object.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub fn object(&mut self, key: impl Into<Box<str>>, default: Value) -> Result<Flag<Value>, RegisterError> {
        self.register(key, default)
    }

    /// No more flags.
    pub fn freeze(self) -> Registered {
        Registered {
            id: self.id,
            entries: self.entries,
            index: self.index,
        }
    }
}

/// All flags that code has declared.
#[derive(Debug)]
pub struct Registered {
    id: u32,
    entries: Vec<Entry>,
    index: HashMap<Box<str>, u32>,
}

impl Registered {
    /// Their keys, in the order of declaration.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| &*entry.key)
    }

    /// The type and the default of a flag.
    pub fn find(&self, key: &str) -> Option<(Type, &Value)> {
        let entry = &self.entries[*self.index.get(key)? as usize];
        Some((entry.kind, &entry.default))
    }
}

#[cfg(test)]
mod tests;
