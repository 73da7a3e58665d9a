//! What a batch did at every peer, and whether it meant the same to all.

use std::collections::BTreeMap;

use graylane_testkit::strict;

use crate::answers;
use crate::cases::{self, Batch, Name};
use crate::lane::{Lane, OURS, PEERS, Told};
use crate::meaning::Meaning;
use crate::upstream::Kept;

/// What a peer did with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Did {
    /// It went on, whole.
    Forwarded,
    /// It did not.
    Refused,
    /// The connection had ended before it.
    NotReached,
}

/// What all peers did with a case, in the order of [`PEERS`].
pub type Class = [Did; 4];

/// Something that must not be.
#[derive(Debug, Clone)]
pub struct Finding {
    /// In one line.
    pub what: String,
    /// Everything that was sent and seen.
    pub seen: String,
}

/// The result of one batch.
#[derive(Debug, Default)]
pub struct Judged {
    pub classes: Vec<(Name, Class)>,
    pub findings: Vec<Finding>,
    /// What a peer forwarded that no strict reader takes: not ours to mend, but worth knowing.
    pub careless: BTreeMap<&'static str, u64>,
    /// Which servers refused what ours forwards, and the target of the first request that they did.
    pub refused_as_server: Vec<(&'static str, String)>,
    /// How many requests were sent to peers, ours among them, and how many forwarded ones were sent again to servers.
    pub sent: u64,
    pub replayed: u64,
}

/// Ends the connection on which forwarded bytes are sent again.
const END: &str = "GET /end HTTP/1.1\r\nHost: end\r\nConnection: close\r\n\r\n";

/// Sends a batch through all peers, then what ours forwarded to each of the others.
pub fn judge(lane: &mut Lane, batch: &Batch) -> Judged {
    let told = lane.exchange(0..PEERS.len(), &batch.bytes, batch.cut());
    let kept: Vec<_> = (0..PEERS.len()).map(|peer| lane.take(peer)).collect();
    let mut judged = Judged {
        sent: (batch.cases.len() * PEERS.len()) as u64,
        ..Judged::default()
    };
    let expected = cases::read(&batch.bytes);
    let meanings: Vec<_> = expected.iter().map(Meaning::of).collect();
    let mut wrong = Vec::new();
    wrong.extend(ours(&kept[OURS], &meanings, batch));
    wrong.extend(answers::check(&told[OURS], &kept[OURS].seen));
    for (peer, name) in PEERS.iter().enumerate().skip(1) {
        let pairs = kept[OURS].seen.iter().zip(&kept[peer].seen);
        if let Some((ours, theirs)) = pairs.into_iter().find(|(ours, theirs)| ours != theirs) {
            wrong.push(format!("ours forwards {ours:?}, {name} understands {theirs:?}"));
        }
        if kept[peer].wrong.is_some() {
            *judged.careless.entry(name).or_default() += 1;
        }
    }
    judged.classes = classes(batch, &kept);
    wrong.extend(replay(lane, &kept[OURS], &mut judged));
    let seen = || describe(batch, &told, &kept);
    judged.findings = wrong
        .into_iter()
        .map(|what| Finding { what, seen: seen() })
        .collect();
    judged
}

/// What ours forwarded is what a strict reader finds, as far as ours went on; and it goes on where nothing is unusual.
fn ours(kept: &Kept, expected: &[Meaning], batch: &Batch) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(what) = &kept.wrong {
        wrong.push(format!("ours forwards what no strict reader takes: {what}"));
    }
    for (index, seen) in kept.seen.iter().enumerate() {
        match expected.get(index) {
            None => wrong.push(format!("ours forwards what a strict reader refuses: {seen:?}")),
            Some(expected) if expected != seen => {
                wrong.push(format!(
                    "ours forwards {seen:?}, a strict reader finds {expected:?}"
                ));
            }
            Some(_) => continue,
        }
        break;
    }
    let plain = batch.cases.iter().take_while(|case| case.plain).count();
    if kept.seen.len() < plain {
        let name = batch.cases[kept.seen.len()].name;
        wrong.push(format!("ours refuses {name}, which is valid"));
    }
    wrong
}

/// Which peers forwarded which cases. All but the last are one request each; of the last, one is enough.
fn classes(batch: &Batch, kept: &[Kept]) -> Vec<(Name, Class)> {
    let did = |peer: usize, index: usize| match kept[peer].seen.len() {
        seen if seen > index && kept[peer].seen[index].target != "/last" => Did::Forwarded,
        seen if seen < index => Did::NotReached,
        _ => Did::Refused,
    };
    let cases = batch.cases.iter().enumerate();
    cases
        .map(|(index, case)| (case.name, [0, 1, 2, 3].map(|peer| did(peer, index))))
        .collect()
}

/// Sends what ours forwarded to the others, who are servers now, and compares what each of them understands.
fn replay(lane: &mut Lane, ours: &Kept, judged: &mut Judged) -> Vec<String> {
    let mut wrong = Vec::new();
    for (_, stream) in &ours.streams {
        let bytes = [stream, END.as_bytes()].concat();
        let expected: Vec<_> = strict::stream(&bytes).requests.iter().map(Meaning::of).collect();
        lane.exchange(OURS + 1..PEERS.len(), &bytes, None);
        for (peer, name) in PEERS.iter().enumerate().skip(1) {
            let kept = lane.take(peer);
            judged.replayed += expected.len() as u64 - 1;
            let same = kept
                .seen
                .iter()
                .zip(&expected)
                .all(|(seen, expected)| seen == expected);
            if !same || kept.seen.len() > expected.len() {
                wrong.push(format!(
                    "as a server, {name} understands {:?} in {:?}",
                    kept.seen,
                    String::from_utf8_lossy(stream)
                ));
            } else if kept.seen.len() < expected.len() {
                let first = &expected[kept.seen.len()].target;
                judged.refused_as_server.push((name, first.clone()));
            }
        }
    }
    // Nothing of this goes through ours.
    lane.take(OURS);
    wrong
}

fn describe(batch: &Batch, told: &[Told], kept: &[Kept]) -> String {
    let mut text = format!("  sent {:?}\n", String::from_utf8_lossy(&batch.bytes));
    for (peer, name) in PEERS.iter().enumerate() {
        let hung = if told[peer].hung { ", and then nothing" } else { "" };
        let statuses = answers::statuses(&told[peer].answers);
        text.push_str(&format!("  {name} answered {statuses:?}{hung}\n"));
        for seen in &kept[peer].seen {
            let body = String::from_utf8_lossy(&seen.body);
            text.push_str(&format!(
                "    {} {} for {}, {body:?}\n",
                seen.method, seen.target, seen.host
            ));
        }
        if let Some(wrong) = &kept[peer].wrong {
            text.push_str(&format!("    {wrong}\n"));
        }
    }
    text
}

/// A batch and its cases one by one, for a person to read.
pub fn show(lane: &mut Lane, batch: &Batch) -> (String, Judged) {
    let told = lane.exchange(0..PEERS.len(), &batch.bytes, batch.cut());
    let kept: Vec<_> = (0..PEERS.len()).map(|peer| lane.take(peer)).collect();
    let mut text = describe(batch, &told, &kept);
    for (_, stream) in &kept[OURS].streams {
        text.push_str(&format!(
            "  ours forwarded {:?}\n",
            String::from_utf8_lossy(stream)
        ));
    }
    (text, judge(lane, batch))
}
