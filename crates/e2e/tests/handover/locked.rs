//! In prod the next process, too, takes only what a trusted key signed, and nothing older than what was accepted.

use std::fs;

use graylane_testkit::{LIMIT, Recipe, Signer, binary, replace};

use crate::stage::{probation, switch};
use crate::taken::verify;

fn text(revision: u64, body: &str) -> String {
    let recipe = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"));
    let recipe = probation(recipe.server("state = \"state\""), "100ms");
    format!("revision = {revision}\n{}", recipe.text())
}

#[test]
fn a_signed_configuration_goes_on_in_the_next_process_and_the_log_is_whole() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));
    let mut gateway = setup.start();

    let switched = switch(&gateway, &binary());
    let served = gateway.client().get("/", &[]).text();
    let old = gateway.wait(LIMIT);

    assert_eq!((switched.ran.code, old, &*served), (0, 0, "five"), "{switched:?}");
    assert_eq!(verify(setup.folder()), ["start", "start"]);
    let log = fs::read_to_string(setup.path("state/audit.jsonl")).unwrap();
    assert_eq!(log.matches("\"signer\"").count(), log.lines().count(), "{log}");
}

#[test]
fn what_is_not_signed_or_older_is_refused_by_the_next_process_and_the_one_before_goes_on() {
    let Some(signer) = Signer::new() else { return };
    let setup = signer.locked(&text(5, "five"));
    let gateway = setup.start();
    let file = gateway.file();

    replace(&file, text(6, "changed"));
    let unsigned = switch(&gateway, &binary());
    replace(&file, text(4, "four"));
    signer.sign(&file);
    let older = switch(&gateway, &binary());

    let refused = "exit status: 18";
    for (one, words) in [
        (&unsigned, [refused, "before it asked"]),
        (&older, [refused, "revision 4"]),
    ] {
        let reason = one.outcome()["reason"].as_str().unwrap();
        assert_eq!(one.ran.code, 51, "{one:?}");
        assert!(words.iter().all(|words| reason.contains(words)), "{reason}");
    }
    assert_eq!(gateway.client().get("/", &[]).text(), "five");
}
