use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use graylane_core::Channel;

use crate::debug::{DebugLines, NoLines};
use crate::{Artifact, Expectation, Report, State, Surprise, Witness};

/// One module in one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Some marker is there.
    Found(State),
    /// No marker, and the same reader found it in another artifact.
    Absent,
    /// No marker, and no artifact serves as positive control.
    NotProven,
    /// The artifact could not be read.
    Unread,
}

impl Cell {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found(state) => state.as_str(),
            Self::Absent => "absent",
            Self::NotProven => "not-proven",
            Self::Unread => "unread",
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One module in all channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The module, or a marked statement such as `log:debug`.
    pub name: String,
    /// In the order of the artifacts.
    pub cells: Vec<(Channel, Cell)>,
}

/// The judgement on the artifacts of all channels.
#[derive(Debug)]
pub struct Proof {
    /// The version that all artifacts have.
    pub version: String,
    /// The commit that all artifacts were built from.
    pub commit: String,
    /// The matrix.
    pub rows: Vec<Row>,
    /// Why it fails; empty where it holds.
    pub surprises: Vec<Surprise>,
}

/// The artifacts cannot be judged together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// They are not of one version and commit.
    #[error("{one} is {of_one}, but {other} is {of_other}: not one release")]
    NotOneBuild {
        /// One channel.
        one: Channel,
        /// Its version and commit.
        of_one: String,
        /// Another channel.
        other: Channel,
        /// Its version and commit.
        of_other: String,
    },
    /// None of them could be read.
    #[error("no artifact has readable notes")]
    NothingRead,
}

/// Judges the artifacts of all channels of one commit together.
///
/// # Errors
/// They are not of one commit and version, or none can be read. Everything else that is wrong is a [`Surprise`].
pub fn prove(
    artifacts: Vec<Artifact>,
    expectations: &BTreeMap<Channel, Expectation>,
) -> Result<Proof, Refusal> {
    let (version, commit) = agreed_build(&artifacts)?;
    let mut surprises = identical(&artifacts);
    let names = names(&artifacts, expectations);
    let controls: BTreeSet<&String> = names
        .iter()
        .filter(|name| artifacts.iter().any(|artifact| artifact.state(name).is_found()))
        .collect();
    let cell = |artifact: &Artifact, name: &String| match &artifact.report {
        Err(_) => Cell::Unread,
        Ok(_) => match artifact.state(name) {
            State::Absent if controls.contains(name) => Cell::Absent,
            State::Absent => Cell::NotProven,
            found => Cell::Found(found),
        },
    };
    let rows: Vec<Row> = names
        .iter()
        .map(|name| Row {
            name: name.clone(),
            cells: artifacts
                .iter()
                .map(|artifact| (artifact.channel, cell(artifact, name)))
                .collect(),
        })
        .collect();
    for name in names.iter().filter(|name| !controls.contains(name)) {
        surprises.push(Surprise::NotProven { module: name.clone() });
    }
    for artifact in &artifacts {
        artifact.judge_witnesses(&names, &mut surprises);
        judge_expectation(artifact.channel, &rows, expectations, &mut surprises);
    }
    for artifact in artifacts {
        judge_identity(artifact, &mut surprises);
    }
    surprises.sort_by_key(|surprise| surprise.is_blessable());
    Ok(Proof {
        version,
        commit,
        rows,
        surprises,
    })
}

impl Proof {
    /// What this channel holds, as an expectation to commit.
    pub fn expectation(&self, channel: Channel) -> Expectation {
        let states = self.rows.iter().flat_map(|row| {
            row.cells
                .iter()
                .filter(move |(of, _)| *of == channel)
                .filter_map(|(_, cell)| match cell {
                    Cell::Found(state) => Some((row.name.clone(), *state)),
                    Cell::Absent | Cell::NotProven => Some((row.name.clone(), State::Absent)),
                    Cell::Unread => None,
                })
        });
        states.collect()
    }
}

fn agreed_build(artifacts: &[Artifact]) -> Result<(String, String), Refusal> {
    let mut reports = artifacts
        .iter()
        .filter_map(|one| Some((one.channel, one.report.as_ref().ok()?)));
    let (one, first) = reports.next().ok_or(Refusal::NothingRead)?;
    let words = |report: &Report| format!("{} of commit {}", report.version, report.commit);
    match reports.find(|(_, report)| words(report) != words(first)) {
        None => Ok((first.version.clone(), first.commit.clone())),
        Some((other, report)) => Err(Refusal::NotOneBuild {
            one,
            of_one: words(first),
            other,
            of_other: words(report),
        }),
    }
}

fn identical(artifacts: &[Artifact]) -> Vec<Surprise> {
    let pairs = artifacts.iter().enumerate().flat_map(|(at, one)| {
        artifacts[at + 1..]
            .iter()
            .filter(|other| other.content == one.content)
            .map(move |other| (one, other))
    });
    pairs
        .map(|(one, other)| Surprise::Identical {
            one: one.channel,
            other: other.channel,
        })
        .collect()
}

/// Every name that anybody knows: markers, witnesses, expectations.
fn names(artifacts: &[Artifact], expectations: &BTreeMap<Channel, Expectation>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for artifact in artifacts {
        if let Ok(report) = &artifact.report {
            names.extend(report.modules.iter().map(|module| module.name.clone()));
            names.extend(report.statements.iter().cloned());
        }
        names.extend(artifact.dep_info.iter().flatten().cloned());
        names.extend(
            artifact
                .lines()
                .into_iter()
                .flat_map(|lines| &lines.modules)
                .cloned(),
        );
    }
    names.extend(
        expectations
            .values()
            .flat_map(|expectation| expectation.states.keys())
            .cloned(),
    );
    names
}

fn judge_expectation(
    channel: Channel,
    rows: &[Row],
    expectations: &BTreeMap<Channel, Expectation>,
    surprises: &mut Vec<Surprise>,
) {
    let Some(expectation) = expectations.get(&channel) else {
        surprises.push(Surprise::NoExpectation { channel });
        return;
    };
    for row in rows {
        let expected = expectation.states.get(&row.name).copied();
        for (_, cell) in row.cells.iter().filter(|(of, _)| *of == channel) {
            let found = match cell {
                Cell::Found(state) => *state,
                // Not proven is a surprise of its own; here it only counts that no marker was found.
                Cell::Absent | Cell::NotProven => State::Absent,
                Cell::Unread => continue,
            };
            if expected != Some(found) {
                surprises.push(Surprise::Unexpected {
                    channel,
                    module: row.name.clone(),
                    found: *cell,
                    expected,
                });
            }
        }
    }
}

fn judge_identity(artifact: Artifact, surprises: &mut Vec<Surprise>) {
    let channel = artifact.channel;
    match artifact.report {
        Err(why) => surprises.push(Surprise::Unread { channel, why }),
        Ok(report) => {
            if report.commit == "unknown" {
                surprises.push(Surprise::UnknownCommit { channel });
            }
            match &*report.channels {
                [says] if says == channel.as_str() => {}
                [says] => surprises.push(Surprise::WrongChannel {
                    channel,
                    says: says.clone(),
                }),
                _ => surprises.push(Surprise::SeveralChannels {
                    channel,
                    says: report.channels,
                }),
            }
        }
    }
}

impl Artifact {
    fn lines(&self) -> Option<&DebugLines> {
        self.debug.as_ref()?.as_ref().ok()
    }

    fn state(&self, name: &str) -> State {
        let Ok(report) = &self.report else {
            return State::Absent;
        };
        let module = report.modules.iter().find(|module| module.name == name);
        match module.map(|module| (module.linked, module.emitted)) {
            Some((true, true)) => State::Present,
            Some((true, false)) => State::LinkedOnly,
            Some((false, _)) => State::EmittedOnly,
            // A statement has no crate of its own; its one marker is all that there can be.
            None if report.statements.iter().any(|statement| statement == name) => State::Present,
            None => State::Absent,
        }
    }

    fn judge_witnesses(&self, names: &BTreeSet<String>, surprises: &mut Vec<Surprise>) {
        let channel = self.channel;
        let Ok(report) = &self.report else { return };
        let mut disagree = |module: &String, state, witness, in_sources| {
            let module = module.clone();
            surprises.push(Surprise::Disagree {
                channel,
                module,
                state,
                witness,
                in_sources,
            });
        };
        // Statements have no source folder of their own, so no witness speaks of them.
        for name in names.iter().filter(|name| !name.contains(':')) {
            let state = self.state(name);
            if let Ok(files) = &self.dep_info
                && files.contains(name) != state.is_found()
            {
                disagree(name, state, Witness::DepInfo, files.contains(name));
            }
            if let Some(lines) = self.lines() {
                let seen = lines.modules.contains(name);
                // A module that was linked and never called may have no line left: only code must have lines.
                let contradicts = if seen {
                    !state.is_found()
                } else {
                    state == State::Present
                };
                if contradicts {
                    disagree(name, state, Witness::DebugLines, seen);
                }
            }
        }
        if self.dep_info.is_err() {
            let what = "its dep-info file does not list the gateway's sources";
            surprises.push(Surprise::NoWitness { channel, what });
        }
        match &self.debug {
            Some(Ok(lines)) if lines.build_id != report.build_id => {
                surprises.push(Surprise::OtherLink { channel });
            }
            Some(Err(NoLines)) => {
                let what = "its debug file has no readable line tables of the gateway";
                surprises.push(Surprise::NoWitness { channel, what });
            }
            Some(Ok(_)) | None => {}
        }
    }
}

impl State {
    fn is_found(self) -> bool {
        self != Self::Absent
    }
}

#[cfg(test)]
mod tests;
