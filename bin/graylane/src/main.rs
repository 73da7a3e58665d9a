//! Skeleton: prints channel, build and the notes of the running binary.
mod channel;
mod modules;

fn main() {
    // Without a level set anywhere, the optimiser would rightly drop every log statement.
    log::set_max_level(log::LevelFilter::Trace);
    channel::mark_log_level();
    let notes = graylane_note::own();
    eprintln!("channel {} shippable {}", channel::CHANNEL, channel::SHIPPABLE);
    eprintln!("{notes:?}");
    for row in modules::TABLE {
        eprintln!(
            "{} {:?} {}",
            row.name,
            row.channels,
            row.module.is_some_and(|module| !module().name().is_empty())
        );
    }
}
