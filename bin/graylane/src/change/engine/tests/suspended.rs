use std::thread;

use super::*;
use crate::change::handle::NoAnswer;

/// The engine at work, and how to order something of it.
fn at_work(bench: Bench) -> (Handle, thread::JoinHandle<TempDir>) {
    let (handle, messages) = Handle::new(8);
    let missed = Arc::clone(&handle.missed);
    let Bench {
        folder,
        engine,
        watch,
    } = bench;
    let working = thread::spawn(move || {
        engine.run(&messages, &missed, &watch);
        folder
    });
    (handle, working)
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work)
}

fn actions(folder: &TempDir) -> Vec<String> {
    let text = fs::read_to_string(folder.path().join("state/audit.jsonl")).unwrap();
    let entries = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries
        .map(|entry| entry["action"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn while_it_is_suspended_orders_are_refused_and_wishes_are_made_good_afterwards() {
    let bench = Bench::new(&[]);
    let (file, shared) = (bench.path("graylane.toml"), Arc::clone(&bench.engine.shared));
    let (handle, working) = at_work(bench);

    let accepted = wait(handle.suspend()).unwrap();
    fs::write(file, text(20)).unwrap();
    handle.reload(Trigger::Signal);
    let refused = wait(handle.change(Order::reload(Trigger::Admin)));
    let meanwhile = shared.current().snapshot().revision();
    handle.back("a test");
    let done = wait(handle.change(Order::reload(Trigger::Admin)));
    wait(handle.stop());
    let folder = working.join().unwrap();

    assert_eq!((accepted.revision, meanwhile), (1, 1));
    assert!(matches!(refused, Err(NoAnswer::Suspended)), "{refused:?}");
    assert!(
        matches!(done, Ok(Outcome::Unchanged(Done { revision: 2, .. }))),
        "{done:?}"
    );
    assert_eq!(actions(&folder), ["start", "return", "accept", "change"]);
}

#[test]
fn what_another_process_wrote_and_accepted_meanwhile_is_gone_on_from() {
    let bench = Bench::new(&[]);
    let (wanted, shared) = (bench.engine.wanted.clone(), Arc::clone(&bench.engine.shared));
    let file = bench.path("graylane.toml");
    let (handle, working) = at_work(bench);
    let accepted = wait(handle.suspend()).unwrap();
    wait(handle.give_up());

    fs::write(&file, text(20)).unwrap();
    let loaded = Loaded::read(&wanted, None).unwrap();
    let mut other = Beginning::after(&wanted, &loaded, accepted).unwrap();
    other.take_up().unwrap();
    handle.back("it is gone");
    let locked_out = wait(handle.change(Order::reload(Trigger::Admin)));
    drop(other);
    // From here on the log can be had again, which is tried every now and then.
    while shared.current().snapshot().revision() == 1 {
        thread::yield_now();
    }
    wait(handle.stop());
    let folder = working.join().unwrap();

    assert!(matches!(locked_out, Err(NoAnswer::Suspended)), "{locked_out:?}");
    assert_eq!(shared.current().snapshot().revision(), 3, "2 was the other's");
    assert_eq!(actions(&folder), ["start", "start", "return", "accept", "change"]);
}

#[test]
fn a_return_that_is_still_pending_does_not_end_the_suspension_of_the_next_handover() {
    let bench = Bench::new(&[]);
    let (wanted, shared) = (bench.engine.wanted.clone(), Arc::clone(&bench.engine.shared));
    let file = bench.path("graylane.toml");
    let (handle, working) = at_work(bench);
    let accepted = wait(handle.suspend()).unwrap();
    wait(handle.give_up());
    let loaded = Loaded::read(&wanted, None).unwrap();
    let mut other = Beginning::after(&wanted, &loaded, accepted).unwrap();
    other.take_up().unwrap();
    handle.back("the first is gone");

    wait(handle.suspend()).unwrap();
    drop(other);
    fs::write(&file, text(20)).unwrap();
    // The second would be made, had the answer to the first been followed by the return.
    let refused = [Trigger::Admin, Trigger::Admin].map(|by| wait(handle.change(Order::reload(by))));
    let meanwhile = shared.current().snapshot().revision();
    handle.back("the second is gone");
    let done = wait(handle.change(Order::reload(Trigger::Admin)));
    wait(handle.stop());
    let folder = working.join().unwrap();

    for one in refused {
        assert!(matches!(one, Err(NoAnswer::Suspended)), "{one:?}");
    }
    assert_eq!(meanwhile, 1);
    assert!(
        matches!(done, Ok(Outcome::Unchanged(Done { revision: 2, .. }))),
        "{done:?}"
    );
    assert_eq!(
        actions(&folder),
        ["start", "start", "return", "return", "accept", "change"]
    );
}

#[test]
fn who_gives_up_without_being_suspended_makes_no_changes_before_it_is_back() {
    let bench = Bench::new(&[]);
    let (wanted, file) = (bench.engine.wanted.clone(), bench.path("graylane.toml"));
    let (handle, working) = at_work(bench);

    wait(handle.give_up());
    let loaded = Loaded::read(&wanted, None).unwrap();
    let mut other = Beginning::after(&wanted, &loaded, Accepted::default()).unwrap();
    let taken = other.take_up().map_err(|failure| failure.code);
    fs::write(&file, text(20)).unwrap();
    let refused = wait(handle.change(Order::reload(Trigger::Admin)));
    wait(handle.stop());
    working.join().unwrap();

    assert_eq!(taken, Ok(()));
    assert!(matches!(refused, Err(NoAnswer::Suspended)), "{refused:?}");
}
