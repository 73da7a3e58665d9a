//! A request of an OpenFeature SDK: path and query, the selector, and the body.
#![no_main]

use std::sync::{Arc, LazyLock};

use graylane_diagnostic::Source;
use graylane_flags::{Definitions, FlagSet, Options, ReadOptions};
use graylane_ofrep::{Published, Publisher};
use http::{Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static PUBLISHER: LazyLock<Publisher> = LazyLock::new(|| {
    let source = Source::new(
        "flags.json",
        include_str!("../corpus/flags-json/shop.json").to_owned(),
    );
    let reading = Definitions::read([&source], ReadOptions::default()).expect("right flags");
    let set = FlagSet::compile(&reading.definitions, Options { gray_on: true }).expect("right rules");
    Publisher::new(Published {
        flags: Arc::new(set),
        revision: 1,
        digest: [7; 32],
    })
});

fn ask(uri: &str, header: (&str, &[u8]), body: &[u8]) -> Option<Response<bytes::Bytes>> {
    let uri = format!("/ofrep/v1/evaluate/flags{uri}");
    let request = Request::post(uri).header(header.0, header.1).body(body).ok()?;
    PUBLISHER.answer(request)
}

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (uri, selector, body) = (String::from_utf8_lossy(next()), next(), next());
    let Some(response) = ask(&uri, ("flagd-selector", selector), body) else {
        return;
    };

    let (status, answer) = (response.status(), response.body());
    let json: Value = serde_json::from_slice(answer).expect("an answer is JSON");
    match status {
        StatusCode::OK => assert!(json["flags"].is_array() || json["key"].is_string()),
        // The whole text is JSON, and is not longer than what it answers.
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
            assert!(json["errorDetails"].is_string());
            assert!(answer.len() < 2_000 + 6 * uri.len(), "{}", answer.len());
        }
        other => panic!("{other}"),
    }
    if let Some(tag) = response.headers().get("etag")
        && selector.is_empty()
    {
        let again = ask(&uri, ("if-none-match", tag.as_bytes()), body).map(|again| again.status());
        assert_eq!(again, Some(StatusCode::NOT_MODIFIED));
    }
});
