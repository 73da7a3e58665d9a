use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{self, Receiver};
use std::{fs, thread};

use graylane_pipeline::{Health, MetricsText, Module, StartError};

use super::*;
use crate::writer::opener;

/// A recorder that samples everything.
fn recorder(section: &str, open: Open, pace: Pace) -> Recorder {
    let plan = plan(&format!("sample = 100\n{section}"));
    Recorder::over(plan, Arc::new(topology()), open, pace).unwrap()
}

fn show(recorder: &Recorder, traces: impl IntoIterator<Item = u128>) {
    let canary = decision(1);
    for number in traces {
        recorder.observe(&exchange(&canary, trace(number), None));
    }
}

/// The values of lines, dropped by the queue and dropped by writing, as a scraper sees them.
fn figures(recorder: &Recorder) -> [u64; 3] {
    let mut text = MetricsText::new();
    recorder.metrics(&mut text);
    let text = text.finish();
    [
        "lines_total ",
        "dropped_total{reason=\"queue\"} ",
        "dropped_total{reason=\"write\"} ",
    ]
    .map(|name| {
        let name = format!("graylane_canary_log_{name}");
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse().unwrap()
    })
}

#[test]
fn a_file_is_created_for_its_owner_alone_and_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("canary.log");
    let section = format!("sample = 100\npath = {:?}", path.to_str().unwrap()).leak();
    let table = DeTable::parse(section).unwrap();
    let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));

    for number in [1, 2] {
        let running = crate::module()
            .start(Settings::new(Some(&section)), &Arc::new(topology()))
            .unwrap();
        running.observe(&exchange(&decision(1), trace(number), None));
        running.stop();
    }

    let lines = parsed(&fs::read_to_string(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(lines.len(), 2);
    assert!(lines[1]["trace"].as_str().unwrap().ends_with('2'));
}

#[test]
fn a_file_that_cannot_be_opened_refuses_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing/canary.log");
    let plan = plan(&format!("path = {:?}", path.to_str().unwrap()));

    let error = Recorder::start(plan, Arc::new(topology())).unwrap_err();

    assert!(matches!(error, StartError::Failed { what, .. } if what.contains("missing/canary.log")));
}

#[test]
fn a_full_disk_is_counted_and_degrades_health() {
    let full = crate::settings::Target::File("/dev/full".into());
    let recorder = recorder("", opener(full), QUICK);

    show(&recorder, 1..=100);
    recorder.stop();

    assert_eq!(figures(&recorder), [0, 0, 100]);
    let Health::Degraded(reason) = recorder.health() else {
        panic!("a log that cannot be written is not good")
    };
    assert!(
        reason.starts_with("the canary log cannot be written: "),
        "{reason}"
    );
}

/// Says that a write has begun, then takes no byte until told to.
struct Stuck {
    begun: mpsc::Sender<()>,
    released: Receiver<()>,
    memory: Memory,
}

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.begun.send(());
        // Fails when the other end is gone: that is the release.
        let _ = self.released.recv();
        self.memory.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A target that gets stuck at the first line; dropping the sender releases it.
fn stuck(section: &str, memory: &Memory, pace: Pace) -> (Recorder, mpsc::Sender<()>) {
    let (release, released) = mpsc::channel();
    let (begun, writing) = mpsc::channel();
    let mut sink = Some(Stuck {
        begun,
        released,
        memory: memory.clone(),
    });
    let open = Box::new(move || -> io::Result<crate::writer::Sink> { Ok(Box::new(sink.take().unwrap())) });
    let recorder = recorder(section, open, pace);
    show(&recorder, [1]);
    writing.recv().unwrap();
    (recorder, release)
}

#[test]
fn a_full_queue_drops_and_counts_and_never_waits() {
    let memory = Memory::default();
    let (recorder, release) = stuck("queue = 8", &memory, QUICK);

    show(&recorder, 2..=1_000);
    let before = figures(&recorder);
    drop(release);
    recorder.stop();

    // One that the thread holds, eight that wait.
    assert_eq!(before, [0, 991, 0]);
    assert_eq!(figures(&recorder), [9, 991, 0]);
    assert_eq!(parsed(&memory.text()).len(), 9);
}

#[test]
fn the_stop_waits_for_a_stuck_writer_no_longer_than_its_limit() {
    let pace = Pace {
        stop: Duration::from_millis(20),
        ..QUICK
    };
    let (recorder, release) = stuck("", &Memory::default(), pace);

    let began = Instant::now();
    recorder.stop();

    assert!(began.elapsed() < Duration::from_secs(5));
    drop(release);
}

#[test]
fn the_stop_writes_all_that_was_taken_and_what_comes_later_is_counted() {
    let memory = Memory::default();
    let recorder = recorder("queue = 10000", memory.open(), QUICK);

    thread::scope(|scope| {
        for thread in 0..4 {
            let recorder = &recorder;
            scope.spawn(move || show(recorder, thread * 1_000 + 1..=thread * 1_000 + 1_000));
        }
    });
    recorder.stop();
    show(&recorder, [1]);

    assert_eq!(parsed(&memory.text()).len(), 4_000);
    assert_eq!(figures(&recorder), [4_000, 1, 0]);
}

/// A disk that is full after so many bytes, until it is opened again.
struct Filling(usize, Memory);

impl Write for Filling {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = self.1.write(&bytes[..bytes.len().min(self.0)])?;
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_line_torn_by_a_full_disk_harms_no_line_after_it() {
    let memory = Memory::default();
    let mut rooms = vec![usize::MAX, 500].into_iter().rev();
    let open: Open = {
        let memory = memory.clone();
        Box::new(move || match rooms.next() {
            Some(room) => Ok(Box::new(Filling(room, memory.clone()))),
            None => Err(io::ErrorKind::StorageFull.into()),
        })
    };
    let recorder = recorder("", open, QUICK);

    let mut shown = 0;
    while recorder.queue.tally.dropped_by_write.load(Relaxed) == 0 {
        shown += 1;
        show(&recorder, [shown]);
        wait_until(|| {
            let [lines, _, dropped] = figures(&recorder);
            u128::from(lines + dropped) == shown
        });
    }
    show(&recorder, [shown + 1]);
    recorder.stop();

    let text = memory.text();
    let (good, torn): (Vec<_>, Vec<_>) = text
        .lines()
        .partition(|line| serde_json::from_str::<Value>(line).is_ok());
    assert_eq!((good.len() as u128, torn.len()), (shown, 1), "{text}");
    assert_eq!(figures(&recorder), [good.len() as u64, 0, 1]);
    assert_eq!(recorder.health(), Health::Good);
}

#[test]
fn a_log_that_cannot_be_opened_for_a_while_is_opened_again() {
    let memory = Memory::default();
    let mut tries = 0;
    let open: Open = {
        let memory = memory.clone();
        Box::new(move || {
            tries += 1;
            match tries {
                1 => Ok(Box::new(Filling(0, memory.clone()))),
                2..=4 => Err(io::ErrorKind::PermissionDenied.into()),
                _ => Ok(Box::new(memory.clone())),
            }
        })
    };
    let recorder = recorder("", open, QUICK);

    for number in 1..=5 {
        show(&recorder, [number]);
        wait_until(|| {
            let [lines, _, dropped] = figures(&recorder);
            u128::from(lines + dropped) == number
        });
    }
    recorder.stop();

    assert_eq!(figures(&recorder), [1, 0, 4]);
    assert_eq!(parsed(&memory.text()).len(), 1);
    assert_eq!(recorder.health(), Health::Good);
}

/// A section that lives as long as the test does.
fn section(text: &str) -> Spanned<DeValue<'static>> {
    let table = DeTable::parse(text.to_owned().leak()).unwrap();
    Spanned::new(table.span(), DeValue::Table(table.into_inner()))
}

#[test]
fn a_renewed_log_writes_to_the_same_place_by_its_own_rules_and_the_old_one_still_does() {
    let memory = Memory::default();
    let before = recorder("", memory.open(), QUICK);
    let head = head("/?pin=1", &[]);

    let section = section("sample = 100\nredact_query = [\"pin\"]");
    let after = before.renew(Settings::new(Some(&section)), &Arc::new(topology()));
    let after = after.unwrap();
    after.observe(&exchange(&decision(1), trace(1), Some(&head)));
    before.observe(&exchange(&decision(1), trace(2), Some(&head)));
    drop(before);
    after.observe(&exchange(&decision(1), trace(3), Some(&head)));
    after.stop();

    let targets = parsed(&memory.text())
        .into_iter()
        .map(|line| line["target"].clone());
    assert_eq!(
        targets.collect::<Vec<_>>(),
        ["/?pin=[redacted]", "/?pin=1", "/?pin=[redacted]"]
    );
}

#[test]
fn a_renewed_log_that_is_thrown_away_leaves_the_running_one_as_it_was() {
    let memory = Memory::default();
    let running = recorder("", memory.open(), QUICK);

    let renewed = running.renew(Settings::new(Some(&section("sample = 0"))), &Arc::new(topology()));
    drop(renewed.unwrap());
    show(&running, [1]);
    running.stop();

    assert_eq!(figures(&running), [1, 0, 0]);
    assert_eq!(parsed(&memory.text()).len(), 1);
}

#[test]
fn a_log_is_not_renewed_with_another_place_or_another_queue() {
    let running = recorder("", Memory::default().open(), QUICK);

    for (text, key) in [("path = \"/tmp/other\"", "path"), ("queue = 7", "queue")] {
        let section = section(text);
        let renewed = running.renew(Settings::new(Some(&section)), &Arc::new(topology()));

        match renewed {
            Err(StartError::Settings(error)) => {
                assert!(error.message.starts_with(&format!("`{key}`")), "{error}");
                assert_eq!(&text[error.span.unwrap()], &text[key.len() + 3..]);
            }
            other => panic!("{other:?}"),
        }
    }
}
