//! What is done with an engine: the same loop for all of them.

use std::hint::black_box;
use std::time::Instant;

use crate::counting::allocations;
use crate::shapes::USERS;

/// Contexts that stay in the cache.
const HOT: usize = 64;

/// One window of the clock: long enough for it, short enough that some windows are undisturbed.
const WINDOW: usize = 20_000;
const WINDOWS: usize = 60;

#[derive(Clone, Copy)]
pub enum Mode {
    Share,
    Run(usize),
    Time,
}

impl Mode {
    pub fn named(words: &[&str]) -> Option<Self> {
        match words {
            ["share"] => Some(Self::Share),
            ["run", count] => Some(Self::Run(count.parse().ok()?)),
            ["time"] => Some(Self::Time),
            _ => None,
        }
    }

    /// `evaluate` answers for the user of a number, below [`USERS`].
    pub fn run(self, mut evaluate: impl FnMut(usize) -> bool) {
        match self {
            Self::Share => {
                let on = (0..USERS).filter(|number| evaluate(*number)).count();
                println!("on {on}");
            }
            Self::Run(count) => {
                turn(HOT, HOT, &mut evaluate);
                let before = allocations();
                turn(count, HOT, &mut evaluate);
                let during = allocations() - before;
                println!("allocations {}", during as f64 / count as f64);
            }
            Self::Time => {
                turn(USERS, USERS, &mut evaluate);
                let (mut hot, mut cycled) = (f64::MAX, f64::MAX);
                for _ in 0..WINDOWS {
                    hot = hot.min(window(HOT, &mut evaluate));
                    cycled = cycled.min(window(USERS, &mut evaluate));
                }
                println!("hot {hot}\ncycled {cycled}");
            }
        }
    }
}

fn window(users: usize, evaluate: &mut impl FnMut(usize) -> bool) -> f64 {
    let start = Instant::now();
    turn(WINDOW, users, evaluate);
    start.elapsed().as_nanos() as f64 / WINDOW as f64
}

#[inline(never)]
fn turn(count: usize, users: usize, evaluate: &mut impl FnMut(usize) -> bool) {
    let mut number = 0;
    for _ in 0..count {
        black_box(evaluate(number));
        number += 1;
        if number == users {
            number = 0;
        }
    }
}
