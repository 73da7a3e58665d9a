//! skeleton
mod modules;
fn main() {
    for row in modules::TABLE {
        eprintln!("{} {:?} {}", row.name, row.channels, row.module.is_some());
    }
}
