//! Whole exchanges over pipes in memory.

mod arrival;
mod backpressure;
mod play;

use std::path::Path;

use play::pipes::run;
use play::script::Plan;

#[test]
fn the_seeds_of_the_fuzzer_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/exchange");
    let mut seeds = 0;

    for entry in std::fs::read_dir(folder).unwrap() {
        play::play(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }

    assert!(seeds >= 6);
}

#[test]
fn a_request_for_a_head_that_is_refused_gets_no_body() {
    let plan = Plan::read(b"6600\n=====\n+\nHEAD / HTTP/1.1\r\nHost: no host\r\n\r\n");

    let played = run(&plan);

    let heard = String::from_utf8(played.client.heard).unwrap();
    assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
    assert!(heard.ends_with("\r\n\r\n"), "{heard}");
}

#[test]
fn a_client_that_leaves_is_noticed_while_its_endpoint_thinks() {
    let silent = b"6600\n=====\n+\nGET / HTTP/1.1\r\nHost: shop.test\r\n\r\n=====\n=====\n";
    let plan = Plan::read(silent);

    let played = run(&plan);

    assert_eq!(played.endings, 1);
}
