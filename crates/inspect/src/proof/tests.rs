use super::*;
use crate::{InspectError, Module};

const BUILD: &str = "ab12cd34";

/// An artifact whose witnesses agree with its markers.
fn artifact(channel: Channel, modules: &[&str]) -> Artifact {
    let modules: Vec<String> = modules.iter().map(|&name| name.to_owned()).collect();
    let lines = DebugLines {
        build_id: Some("01".to_owned()),
        modules: modules.iter().cloned().collect(),
    };
    Artifact {
        channel,
        content: channel.as_str().as_bytes().to_vec(),
        dep_info: Ok(lines.modules.clone()),
        debug: Some(Ok(lines)),
        report: Ok(Report {
            channels: vec![channel.to_string()],
            version: "1.4.2".to_owned(),
            commit: BUILD.to_owned(),
            build_id: Some("01".to_owned()),
            modules: modules
                .into_iter()
                .map(|name| Module {
                    name,
                    linked: true,
                    emitted: true,
                })
                .collect(),
            statements: Vec::new(),
            size: 1,
            text: None,
            rodata: None,
        }),
    }
}

fn release() -> Vec<Artifact> {
    vec![
        artifact(Channel::Dev, &["debug-dump"]),
        artifact(Channel::Prod, &["breaker"]),
        artifact(Channel::Staging, &["breaker", "debug-dump"]),
        artifact(Channel::Canary, &["breaker", "canary-log"]),
    ]
}

/// What `ci/expected` would say of that release.
fn expected() -> BTreeMap<Channel, Expectation> {
    let proof = prove(release(), &BTreeMap::new()).unwrap();
    Channel::ALL
        .into_iter()
        .map(|channel| (channel, proof.expectation(channel)))
        .collect()
}

/// The surprises of the release after a change to one of its artifacts.
fn surprises(channel: Channel, change: impl FnOnce(&mut Artifact)) -> Vec<String> {
    let mut artifacts = release();
    change(
        artifacts
            .iter_mut()
            .find(|artifact| artifact.channel == channel)
            .unwrap(),
    );
    let proof = prove(artifacts, &expected()).unwrap();
    proof.surprises.iter().map(ToString::to_string).collect()
}

fn marks(artifact: &mut Artifact) -> &mut Report {
    artifact.report.as_mut().unwrap()
}

#[test]
fn a_release_as_expected_holds_no_surprise() {
    let proof = prove(release(), &expected()).unwrap();

    assert!(proof.surprises.is_empty(), "{:?}", proof.surprises);
    let row = proof.rows.iter().find(|row| row.name == "canary-log").unwrap();
    let absent = row.cells.iter().filter(|(_, cell)| *cell == Cell::Absent).count();
    assert_eq!(
        (absent, row.cells[3]),
        (3, (Channel::Canary, Cell::Found(State::Present)))
    );
}

#[test]
fn absence_counts_only_where_another_artifact_has_the_module() {
    let mut expected = expected();
    for expectation in expected.values_mut() {
        expectation.states.insert("nowhere".to_owned(), State::Absent);
    }

    let proof = prove(release(), &expected).unwrap();

    assert!(matches!(&*proof.surprises, [Surprise::NotProven { module }] if module == "nowhere"));
    let row = proof.rows.iter().find(|row| row.name == "nowhere").unwrap();
    assert!(row.cells.iter().all(|(_, cell)| *cell == Cell::NotProven));
}

#[test]
fn a_module_without_its_marker_is_told_on_by_both_witnesses() {
    let found = surprises(Channel::Canary, |artifact| {
        marks(artifact).modules.retain(|one| one.name != "canary-log");
    });

    assert!(found.contains(&"canary-log is in no artifact, so its absence is not proven".to_owned()));
    let told = found
        .iter()
        .filter(|text| text.starts_with("canary: canary-log is absent by its markers, but"));
    assert_eq!(told.count(), 2);
}

#[test]
fn a_marker_without_its_sources_is_a_surprise() {
    let found = surprises(Channel::Prod, |artifact| {
        artifact.dep_info = Ok(BTreeSet::new());
    });

    assert_eq!(
        found,
        ["prod: breaker is present by its markers, but dep-info does not show its sources"]
    );
}

#[test]
fn a_module_that_leaks_into_prod_is_a_surprise_even_if_never_called() {
    let found = surprises(Channel::Prod, |artifact| {
        let module = Module {
            name: "debug-dump".to_owned(),
            linked: true,
            emitted: false,
        };
        marks(artifact).modules.push(module);
        artifact
            .dep_info
            .as_mut()
            .unwrap()
            .insert("debug-dump".to_owned());
    });

    assert_eq!(found, ["prod: debug-dump is linked-only, expected absent"]);
}

#[test]
fn a_statement_needs_no_sources_but_a_positive_control() {
    let mut artifacts = release();
    let staging = artifacts
        .iter_mut()
        .find(|artifact| artifact.channel == Channel::Staging)
        .unwrap();
    marks(staging).statements.push("log:debug".to_owned());

    let proof = prove(artifacts, &expected()).unwrap();

    let row = proof.rows.iter().find(|row| row.name == "log:debug").unwrap();
    assert_eq!(row.cells[1], (Channel::Prod, Cell::Absent));
    assert!(
        proof.surprises.iter().all(Surprise::is_blessable),
        "{:?}",
        proof.surprises
    );
}

#[test]
fn the_channel_note_must_be_one_and_that_of_the_folder() {
    let none_of_it = surprises(Channel::Canary, |artifact| {
        marks(artifact).channels = vec!["prod".to_owned()];
    });
    let several = surprises(Channel::Canary, |artifact| {
        marks(artifact).channels.push("prod".to_owned());
    });

    assert_eq!(
        none_of_it,
        ["canary: the artifact says that it is of channel prod"]
    );
    assert_eq!(
        several,
        ["canary: built with several channels at once: canary, prod"]
    );
}

#[test]
fn two_channels_with_the_same_bytes_are_a_surprise() {
    let found = surprises(Channel::Canary, |artifact| artifact.content = b"prod".to_vec());

    assert_eq!(found, ["prod and canary are the same file, byte for byte"]);
}

#[test]
fn an_artifact_that_cannot_be_read_is_never_clean() {
    let found = surprises(Channel::Prod, |artifact| {
        artifact.report = Err(InspectError::NoNotes);
    });

    assert_eq!(
        found,
        ["prod: the artifact is not a graylane binary, or its notes were removed"]
    );
}

#[test]
fn a_debug_file_of_another_link_is_a_surprise() {
    let found = surprises(Channel::Prod, |artifact| {
        marks(artifact).build_id = Some("02".to_owned());
    });

    assert_eq!(
        found,
        ["prod: the debug file has another build id than the artifact"]
    );
}

#[test]
fn a_witness_that_says_nothing_is_a_surprise() {
    let silent = surprises(Channel::Prod, |artifact| {
        artifact.dep_info = Err(crate::SourcesError);
    });
    let blind = surprises(Channel::Prod, |artifact| artifact.debug = Some(Err(NoLines)));

    assert_eq!(
        silent,
        ["prod: a witness is missing: its dep-info file does not list the gateway's sources"]
    );
    assert_eq!(
        blind,
        ["prod: a witness is missing: its debug file has no readable line tables of the gateway"]
    );
}

#[test]
fn an_unknown_commit_is_a_surprise() {
    let mut artifacts = release();
    for artifact in &mut artifacts {
        marks(artifact).commit = "unknown".to_owned();
    }

    let proof = prove(artifacts, &expected()).unwrap();

    assert_eq!(
        proof
            .surprises
            .iter()
            .filter(|one| one.code() == "unknown-commit")
            .count(),
        4
    );
}

#[test]
fn artifacts_of_two_commits_are_refused() {
    let mut artifacts = release();
    marks(&mut artifacts[2]).commit = "ffffffff".to_owned();

    let refusal = prove(artifacts, &expected()).unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "dev is 1.4.2 of commit ab12cd34, but staging is 1.4.2 of commit ffffffff: not one release"
    );
}
