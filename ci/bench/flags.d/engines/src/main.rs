//! One flag engine and one shape of flag per process, so that callgrind and the allocator count nothing else.
//!
//! `engines ENGINE SHAPE share` says how many of 10,000 users get the flag, `... run COUNT` evaluates that often and
//! prints the allocations, `... time` prints the nanoseconds; `engines reload FLAGS TURNS` reads and
//! compiles that many flags, that often.

mod counting;
mod datalogic;
mod flagd;
mod ours;
mod reload;
mod shapes;
mod turns;
mod yggdrasil;

use std::process::ExitCode;

use shapes::Shape;
use turns::Mode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["reload", flags, turns] => reload::run(number(flags), number(turns)),
        [engine, shape, mode @ ..] => {
            let (Some(shape), Some(mode)) = (Shape::named(shape), Mode::named(mode)) else {
                return usage();
            };
            if !run(engine, shape, mode) {
                return usage();
            }
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn run(engine: &str, shape: Shape, mode: Mode) -> bool {
    match engine {
        // The harness alone: what is taken off every other count.
        "empty" => mode.run(|number| std::hint::black_box(number) != usize::MAX),
        "datalogic" => datalogic::run(shape, mode),
        "yggdrasil" => yggdrasil::run(shape, mode),
        "flagd" => flagd::run(shape, mode),
        _ => return ours::run(engine, shape, mode),
    }
    true
}

fn number(word: &str) -> usize {
    word.parse().expect("a number")
}

fn usage() -> ExitCode {
    eprintln!(
        "usage: engines ENGINE a|b|c share|run COUNT|time\n       engines reload FLAGS TURNS\n\
         engines: empty datalogic yggdrasil flagd {}",
        ours::NAMES.join(" ")
    );
    ExitCode::from(2)
}
