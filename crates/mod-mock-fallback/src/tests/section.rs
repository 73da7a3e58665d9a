use super::*;
use crate::reason::{Reason, Reasons};

fn plan(text: &'static str) -> Result<Plan, SettingsError> {
    let table = DeTable::parse(text).unwrap();
    let section = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    Plan::read(Settings::new(Some(&section)))
}

#[test]
fn an_absent_and_an_empty_section_mean_no_mocks() {
    let absent = Plan::read(Settings::default()).unwrap();
    let empty = plan("").unwrap();
    let idle = module()
        .start(Settings::default(), &Arc::new(topology()))
        .unwrap();

    for plan in [absent, empty] {
        assert!(plan.folder.is_none() && plan.services.is_none());
        assert_eq!(plan.on, Reasons::default());
    }
    assert_eq!(idle.phases(), Phases::NONE);
}

#[test]
fn mocks_are_for_the_four_faults_unless_told_otherwise() {
    let default = plan(SECTION).unwrap().on;
    let chosen = plan("folder = \"m\"\non = [\"timeout\", \"upstream-broken\", \"500\", \"599\"]")
        .unwrap()
        .on;

    let words: Vec<_> = default.words().collect();
    assert_eq!(
        words,
        [
            "no-endpoint",
            "unreachable",
            "upstream-timeout",
            "upstream-broken"
        ]
    );
    assert!(!default.has_status(503));
    let words: Vec<_> = chosen.words().collect();
    assert_eq!(words, ["upstream-timeout", "upstream-broken", "500", "599"]);
    assert!(
        chosen.has_status(500)
            && !chosen.has_status(501)
            && !chosen.has_status(600)
            && !chosen.has_status(200)
    );
}

#[test]
fn every_reason_has_a_word_by_which_it_is_found() {
    for reason in Reason::all() {
        assert_eq!(Reason::parse(&reason.word()), Some(reason));
    }
    for word in [
        "",
        "no-service",
        "deadline-exceeded",
        "499",
        "600",
        "5xx",
        "+50",
        "0503",
    ] {
        assert_eq!(Reason::parse(word), None, "{word}");
    }
    assert_eq!(Reason::of(Trouble::Fault(Fault::DeadlineExceeded)), None);
}

#[test]
fn a_wrong_section_is_refused_with_its_place() {
    for (text, at, message) in [
        ("folder = \"\"", "\"\"", "the folder is empty"),
        ("folder = 1", "1", "invalid type"),
        (
            "on = [\"502\"]",
            "[\"502\"]",
            "there are no mocks without a `folder`",
        ),
        ("folder = \"m\"\nservices = []", "[]", "the list is empty"),
        (
            "folder = \"m\"\non = [\"404\"]",
            "\"404\"",
            "`404` is nothing that mocks are for",
        ),
        ("folders = \"m\"", "folders", "unknown field `folders`"),
    ] {
        let error = plan(text).unwrap_err();

        assert!(error.message.starts_with(message), "{text}: {error}");
        assert_eq!(&text[error.span.unwrap()], at, "{text}");
    }
}

#[test]
fn a_mock_for_a_service_that_is_not_there_is_told_at_the_start() {
    let stage = Stage::with("[[mock]]\npath = \"/a\"\nservice = \"shopp\"\n");

    let mistake = stage
        .read(|settings| Fallback::start(settings, &Arc::new(topology())))
        .unwrap_err();

    assert_eq!(
        (mistake.message.as_str(), mistake.at.as_str()),
        ("there is no service `shopp`", "[[mock]]")
    );
}

#[test]
fn a_service_that_is_not_there_is_told_at_the_start() {
    let stage = Stage::new("folder = \"mocks\"\nservices = [\"shop\", \"shopp\"]\n");

    let mistake = stage
        .read(|settings| Fallback::start(settings, &Arc::new(topology())))
        .unwrap_err();

    assert_eq!(
        (mistake.message.as_str(), mistake.at.as_str()),
        ("there is no service `shopp`", "\"shopp\"")
    );
}
