use std::path::PathBuf;

use graylane_core::Weight;
use graylane_pipeline::Module;

use super::*;
use crate::settings::Target;

#[test]
fn an_absent_section_means_the_documented_defaults() {
    let plan = Plan::read(Settings::default()).unwrap();

    assert_eq!(plan.fixed.target, Target::Stderr);
    assert_eq!(plan.sample, Weight::from_steps(10_000).unwrap());
    assert_eq!(
        (plan.fixed.queue, plan.max_value, plan.headers),
        (1024, 256, true)
    );
}

#[test]
fn every_key_is_read() {
    let plan = plan(
        "path = \"/var/log/canary\"\nsample = 0.001\nqueue = 2\nredact_headers = [\"a\"]\nredact_query = [\"b\"]\n\
         max_value = 16\nheaders = false\n",
    );

    assert_eq!(plan.fixed.target, Target::File(PathBuf::from("/var/log/canary")));
    assert_eq!(plan.sample.steps(), 1);
    assert_eq!((plan.fixed.queue, plan.max_value, plan.headers), (2, 16, false));
    assert!(plan.redaction.headers.contain(b"A") && plan.redaction.headers.contain(b"Cookie"));
    assert!(plan.redaction.query.contain(b"B") && plan.redaction.query.contain(b"Token"));
}

#[test]
fn a_wrong_section_is_refused_with_its_place() {
    for (text, at, message) in [
        ("sample = 101", "101", "a weight is a percentage from 0 to 100"),
        ("sample = 0.0001", "0.0001", "a weight has steps of 0.001 %"),
        ("sample = nan", "nan", "a weight is a percentage"),
        ("queue = 0", "0", "0 is out of range"),
        ("max_value = 15", "15", "15 is out of range"),
        ("path = \"\"", "\"\"", "the path is empty"),
        ("redact_query = [\"a\", \"_\"]", "\"_\"", "`_` names nothing"),
        ("redact = [\"a\"]", "redact", "unknown field `redact`"),
    ] {
        let table = DeTable::parse(text).unwrap();
        let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));

        let error = crate::module().check(Settings::new(Some(&section))).unwrap_err();

        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(&text[error.span.clone().unwrap()], at, "{text}");
    }
}
