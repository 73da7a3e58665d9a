//! The test program carries notes and reads them back from its own memory.

graylane_note::channel!("dev");
graylane_note::build!(concat!("1.2.3", " ", "0123abcd"));
graylane_note::linked!("probe");

#[inline(never)]
fn hot(input: u32) -> u32 {
    graylane_note::emitted!("probe");
    input.rotate_left(3)
}

/// A generic function is copied per type, and each copy writes the marker.
fn generic<T: Into<u64>>(input: T) -> u64 {
    graylane_note::emitted!("twice");
    input.into() + 1
}

#[test]
fn a_program_lists_its_own_notes() {
    let used = u64::from(hot(std::process::id())) + generic(1_u8) + generic(2_u32);

    let notes = graylane_note::own();

    assert!(used > 0);
    assert!(notes.are_rooted());
    assert_eq!(notes.unreadable, 0);
    assert_eq!(notes.channels.iter().collect::<Vec<_>>(), ["dev"]);
    assert_eq!(
        notes.builds.first().map(|build| build.commit.as_str()),
        Some("0123abcd")
    );
    assert_eq!(notes.linked.iter().collect::<Vec<_>>(), ["probe"]);
    assert_eq!(notes.emitted.iter().collect::<Vec<_>>(), ["probe", "twice"]);
}
