//! The same bytes to the gateway, nginx, HAProxy and hyper, and what the gateway forwards again to the other three:
//! it must mean the same to every one of them.
//!
//! A case is the bytes of one request, valid or hostile. Plain ones are pipelined on one connection; a case that may
//! end its connection goes last, with one more request behind it, which a reader that has lost its place takes for
//! something else. Each lane has a thread, a gateway and ports of its own, so what reaches an upstream is known to be
//! of the lane's batch. A batch in which something is found is done again, then its cases one by one.

mod answers;
mod cases;
mod generate;
mod hyper_peer;
mod judge;
mod lane;
mod meaning;
mod options;
mod peers;
mod random;
mod table;
mod upstream;
mod words;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use cases::{Batch, Cases, batches};
use judge::{Judged, judge};
use lane::{HAPROXY, Lane, NGINX, OURS};
use options::Options;
use peers::free_fronts;
use table::Sums;

/// How many cases a lane takes at a time.
const PIECE: u64 = 64;
/// So many findings are enough to mend.
const ENOUGH: usize = 10;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    let cases = Cases::new(options.seed);
    if options.list {
        for name in cases.corpus() {
            println!("{name}");
        }
        println!("generated:NUMBER\nscratched:PLACE:NUMBER");
        return ExitCode::SUCCESS;
    }
    match run(&options, &cases) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("ci/differential: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options, cases: &Cases) -> Result<bool, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let alone = options.only.is_some() || options.self_test;
    let fronts = free_fronts(if alone { 1 } else { options.lanes });
    let mut lanes = fronts
        .into_iter()
        .map(|fronts| Lane::start(fronts, options.self_test))
        .collect::<Result<Vec<_>, _>>()?;
    let to = |peer: usize| lanes.iter().map(|lane| lane.way(peer)).collect::<Vec<_>>();
    let mut to_haproxy = to(HAPROXY);
    if options.self_test {
        to_haproxy.extend(to(OURS));
    }
    let _nginx = peers::nginx(folder.path(), &to(NGINX))?;
    let _haproxy = peers::haproxy(folder.path(), &to_haproxy)?;
    if options.self_test {
        return self_test(&mut lanes[0], cases);
    }
    if let Some(only) = &options.only {
        let case = cases
            .find(only)
            .ok_or_else(|| format!("no case is called {only}"))?;
        let (text, judged) = judge::show(&mut lanes[0], &Batch::new(vec![case]));
        print!("{text}");
        for finding in &judged.findings {
            println!("DIFFERENT: {}", finding.what);
        }
        return Ok(judged.findings.is_empty());
    }
    let sums = all(options, cases, lanes);
    sums.print(cases);
    for (name, finding) in sums.findings.iter().take(ENOUGH) {
        println!("DIFFERENT {name}: {}\n{}", finding.what, finding.seen);
        println!("  again: ci/differential --seed {} --only {name}", options.seed);
    }
    Ok(sums.findings.is_empty())
}

/// HAProxy in the place of the gateway is known to be laxer, and must be found out.
fn self_test(lane: &mut Lane, cases: &Cases) -> Result<bool, String> {
    let known = ["length-then-coding", "length-twice", "field-fold"];
    let mut right = true;
    for name in known {
        let case = cases
            .find(name)
            .ok_or_else(|| format!("no case is called {name}"))?;
        let found = judge(lane, &Batch::new(vec![case])).findings;
        let forwards = |finding: &judge::Finding| finding.what.starts_with("ours forwards");
        if !found.iter().any(forwards) {
            println!("self-test: {name} of HAProxy is not found: {found:?}");
            right = false;
        }
    }
    Ok(right)
}

/// Every case once, over all lanes.
fn all(options: &Options, cases: &Cases, lanes: Vec<Lane>) -> Sums {
    let sums = Mutex::new(Sums::default());
    let (next, since) = (AtomicU64::new(0), Instant::now());
    let rate = |executions: u64| executions as f64 / since.elapsed().as_secs_f64();
    thread::scope(|scope| {
        let working: Vec<_> = lanes
            .into_iter()
            .map(|mut lane| {
                let (next, sums) = (&next, &sums);
                scope.spawn(move || work(&mut lane, options, cases, next, sums))
            })
            .collect();
        let mut told = Instant::now();
        while !working.iter().all(|each| each.is_finished()) {
            thread::park_timeout(Duration::from_millis(100));
            if told.elapsed() > Duration::from_secs(5) {
                told = Instant::now();
                let sums = sums.lock().expect("no holder panics");
                let (done, executions) = (sums.cases, sums.executions());
                eprintln!(
                    "{done} of {} cases, {executions} executions, {:.0}/s, {} found",
                    options.count,
                    rate(executions),
                    sums.findings.len()
                );
            }
        }
    });
    let sums = sums.into_inner().expect("no holder panics");
    println!(
        "{} cases of seed {}: {} executions ({} sent, {} forwarded and sent again), {:.0}/s",
        sums.cases,
        options.seed,
        sums.executions(),
        sums.sent,
        sums.replayed,
        rate(sums.executions())
    );
    sums
}

fn work(lane: &mut Lane, options: &Options, cases: &Cases, next: &AtomicU64, sums: &Mutex<Sums>) {
    loop {
        let from = next.fetch_add(PIECE, Ordering::Relaxed);
        let found = sums.lock().expect("no holder panics").findings.len();
        if from >= options.count || found >= ENOUGH {
            return;
        }
        let to = (from + PIECE).min(options.count);
        for batch in batches((from..to).map(|place| cases.at(place)), options.batch) {
            let judged = judge(lane, &batch);
            let first = judged.findings.first().cloned();
            let found = first
                .as_ref()
                .map(|_| again(lane, &batch, cases))
                .unwrap_or_default();
            let mut sums = sums.lock().expect("no holder panics");
            sums.add(judged);
            if found.is_empty() {
                sums.late.extend(first.map(|finding| finding.what));
            }
            sums.findings.extend(found);
        }
    }
}

/// What is found again: in a case alone where that is enough, else in the whole batch. What does not come again was late,
/// not different: a machine that is busy elsewhere can let a peer's last bytes come after its answer.
fn again(lane: &mut Lane, batch: &Batch, cases: &Cases) -> Vec<(String, judge::Finding)> {
    let mut found = Vec::new();
    let first = |judged: Judged| judged.findings.into_iter().next();
    for case in &batch.cases {
        let alone = Batch::new(vec![case.clone()]);
        if let Some(finding) = first(judge(lane, &alone)) {
            found.push((cases.called(case.name), finding));
        }
    }
    if found.is_empty() {
        found.extend(first(judge(lane, batch)).map(|finding| {
            let names: Vec<_> = batch.cases.iter().map(|case| cases.called(case.name)).collect();
            (names.join(" + "), finding)
        }));
    }
    found
}
