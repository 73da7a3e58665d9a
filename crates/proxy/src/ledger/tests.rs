use super::*;

fn reading(open: u64, fates: [u64; 5]) -> Ledger {
    Ledger {
        served: 100,
        accepted: open + fates.iter().sum::<u64>(),
        open,
        fates,
        ..Ledger::default()
    }
}

#[test]
fn the_number_of_a_fate_is_its_place_in_the_table() {
    for (index, fate) in Fate::ALL.into_iter().enumerate() {
        assert_eq!(fate as usize, index, "{}", fate.as_str());
    }
}

#[test]
fn since_a_mark_only_what_came_after_it_counts() {
    let mark = reading(4, [10, 0, 0, 0, 2]);
    let now = reading(1, [12, 3, 1, 0, 2]);

    let since = now.since(&mark);

    assert_eq!((since.before, since.accepted, since.open), (4, 3, 1));
    assert_eq!(since.fates, [2, 3, 1, 0, 0]);
    assert!(since.adds_up() && since.is_lossless() && !now.is_lossless());
}

#[test]
fn what_is_open_when_nobody_serves_it_any_more_was_cut() {
    let left = reading(2, [0, 5, 0, 0, 1]).closed();

    assert_eq!((left.open, left.of(Fate::Cut)), (0, 3));
    assert!(left.adds_up());
}

#[test]
fn it_is_shown_as_text_and_as_words_with_numbers() {
    let ledger = reading(1, [5, 4, 3, 2, 0]);

    assert_eq!(
        ledger.to_string(),
        "connections: 2 handed over, 4 drained, 3 closed idle, 0 cut, 1 open"
    );
    assert_eq!(
        ledger.entries().collect::<Vec<_>>(),
        [
            ("served", 100),
            ("before", 0),
            ("accepted", 15),
            ("adopted", 0),
            ("open", 1),
            ("ended", 5),
            ("drained", 4),
            ("closed_idle", 3),
            ("handed_over", 2),
            ("cut", 0),
        ]
    );
}
