//! Generations of the configuration, one after the other, under a real gateway with real endpoints.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod health;
mod limits;
mod mirror;
mod places;
mod replace;
mod scene;
mod witness;
