use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use graylane_core::Channel;
use graylane_inspect::{Artifact, Cell, Expectation, Proof, Surprise, prove};
use serde::Serialize;

use crate::cli::Prove;
use crate::exit::Failure;

/// Judges the artifacts of all channels and prints the matrix.
pub(crate) fn run(asked: &Prove, out: &mut impl Write) -> Result<(), Failure> {
    let mut artifacts = Vec::new();
    for channel in Channel::ALL {
        artifacts.push(Artifact::open(&asked.dist.join(channel.as_str()), channel)?);
    }
    let proof = prove(artifacts, &expectations(&asked.expected)?)?;
    let blessed = asked.bless && proof.surprises.iter().all(Surprise::is_blessable);
    if blessed {
        bless(&proof, &asked.expected)?;
    }
    if asked.json {
        super::json(&Json::of(&proof, blessed), out)?;
    } else {
        out.write_all(table(&proof, blessed).as_bytes())
            .map_err(Failure::Output)?;
    }
    if blessed || proof.surprises.is_empty() {
        Ok(())
    } else {
        Err(Failure::Surprises(proof.surprises.len()))
    }
}

/// The committed expectations. A file that is not there is left out, which the proof counts as a surprise.
fn expectations(folder: &Path) -> Result<BTreeMap<Channel, Expectation>, Failure> {
    let mut expectations = BTreeMap::new();
    for channel in Channel::ALL {
        let path = folder.join(format!("{channel}.txt"));
        match fs::read_to_string(&path) {
            Ok(text) => {
                let expectation = text
                    .parse()
                    .map_err(|source| Failure::Expectation { path, source })?;
                expectations.insert(channel, expectation);
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => {
                return Err(Failure::Expected {
                    verb: "read",
                    path,
                    source,
                });
            }
        }
    }
    Ok(expectations)
}

fn bless(proof: &Proof, folder: &Path) -> Result<(), Failure> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Failure::Expected {
            verb: "written",
            path,
            source,
        }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for channel in Channel::ALL {
        let path = folder.join(format!("{channel}.txt"));
        fs::write(&path, proof.expectation(channel).text(channel)).map_err(failed(&path))?;
    }
    Ok(())
}

fn table(proof: &Proof, blessed: bool) -> String {
    let width = proof
        .rows
        .iter()
        .map(|row| row.name.len())
        .max()
        .unwrap_or(0)
        .max("module".len());
    let mut text = format!(
        "graylane {} of commit {}\n\n{:<width$}",
        proof.version, proof.commit, "module"
    );
    for channel in Channel::ALL {
        _ = write!(text, "  {channel:<12}");
    }
    for row in &proof.rows {
        text.truncate(text.trim_end().len());
        _ = write!(text, "\n{:<width$}", row.name);
        for (_, cell) in &row.cells {
            // Shouted, because it is easily read as "absent".
            let word = if *cell == Cell::NotProven {
                "NOT PROVEN"
            } else {
                cell.as_str()
            };
            _ = write!(text, "  {word:<12}");
        }
    }
    text.truncate(text.trim_end().len());
    text.push_str("\n\n");
    for surprise in &proof.surprises {
        _ = writeln!(text, "surprise [{}]: {surprise}", surprise.code());
    }
    text.push_str(match (blessed, proof.surprises.is_empty()) {
        (true, false) => "blessed: the expectations were rewritten; review them before you commit them\n",
        (_, true) => "proven: markers, sources and expectations agree in every channel\n",
        (false, false) => "",
    });
    text
}

#[derive(Serialize)]
struct Json<'a> {
    version: &'a str,
    commit: &'a str,
    proven: bool,
    blessed: bool,
    modules: BTreeMap<&'a str, BTreeMap<&'static str, &'static str>>,
    surprises: Vec<JsonSurprise>,
}

#[derive(Serialize)]
struct JsonSurprise {
    code: &'static str,
    message: String,
}

impl<'a> Json<'a> {
    fn of(proof: &'a Proof, blessed: bool) -> Self {
        let cells = |row: &'a graylane_inspect::Row| {
            row.cells
                .iter()
                .map(|(channel, cell)| (channel.as_str(), cell.as_str()))
                .collect()
        };
        let surprises = proof.surprises.iter();
        Self {
            version: &proof.version,
            commit: &proof.commit,
            proven: proof.surprises.is_empty(),
            blessed,
            modules: proof
                .rows
                .iter()
                .map(|row| (row.name.as_str(), cells(row)))
                .collect(),
            surprises: surprises
                .map(|surprise| JsonSurprise {
                    code: surprise.code(),
                    message: surprise.to_string(),
                })
                .collect(),
        }
    }
}
