//! A target reaches the upstream byte for byte as it came, or not at all: the gateway decides on the bytes that it
//! forwards, so there is no second spelling of a path by which a decision could be gone around.

use graylane_testkit::{Recipe, Recorder};

use crate::stage::judge;

/// Valid by the grammar, or of bytes that servers are known to bear: nothing may be mended in them.
const UNUSUAL: &[&str] = &[
    "//",
    "///case",
    "//evil/case",
    "/case//",
    "/.",
    "/..",
    "/../",
    "/../..",
    "/./case",
    "/case/..",
    "/case/../admin",
    "/case/..;/admin",
    "/case;/../admin",
    "/case/.;/admin",
    "/;/case",
    "/case;a=b",
    "/%2e",
    "/%2e%2e",
    "/%2e%2e/admin",
    "/case/%2e%2e/admin",
    "/case/%2E%2E%2Fadmin",
    "/case/..%2fadmin",
    "/case/..%5cadmin",
    "/case%2fadmin",
    "/case%252f..%252fadmin",
    "/case/%c0%ae%c0%ae/admin",
    "/case%00",
    "/case%00/../admin",
    "/%",
    "/%2",
    "/%zz",
    "/%u002e",
    "/case?",
    "/case??",
    "/case?a?b",
    "/case?/../admin",
    "/case?a=%23",
    "/?",
    "/?a=//",
    "/case%23",
    "/case%3f",
    "/*",
    "/:80",
    "/@evil",
    "/http://evil/case",
    "/case:80",
    "/CASE",
    "/~a",
    "/a,b",
    "/a'b",
    "/(a)",
    "/a!b$c&d*e+f=g",
    "/a\\b",
    "/..\\..\\admin",
    "\\case",
    "/a|b",
    "/a\"b",
    "/<a>",
    "/{a}",
    "/a^b",
    "/`a`",
    "/[a]",
];

#[test]
fn an_unusual_target_is_forwarded_byte_for_byte_or_refused() {
    let cases = UNUSUAL.iter().map(|target| {
        let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        ((*target).to_owned(), bytes)
    });

    judge(cases, |target, outcome| outcome.refused_or_forwarded(target, b""));
}

#[test]
fn a_target_without_a_meaning_on_a_server_is_refused() {
    let targets = [
        "case",
        "a:80",
        "?a",
        "#",
        "*",
        "**",
        "*/case",
        ".",
        "./case",
        "../case",
        "%2fcase",
        "\\case",
        "\\\\a\\case",
        ";/case",
        "@a/case",
        "/case#",
        "/case#a",
        "/#",
        "/case?a#b",
        "/#?a",
        "/case\u{e9}",
        "/case?\u{e9}",
        "/\u{ff0f}case",
    ];

    judge(
        targets.map(|target| {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
            (target.to_owned(), bytes)
        }),
        |_, outcome| outcome.refused(&[400]),
    );
}

#[test]
fn connect_is_not_served() {
    let lines = [
        "CONNECT a:80",
        "CONNECT a",
        "CONNECT /case",
        "CONNECT http://a/case",
    ];

    judge(
        lines.map(|line| (line.to_owned(), format!("{line} HTTP/1.1\r\nHost: a:80\r\n\r\n"))),
        |_, outcome| outcome.refused(&[501, 400]),
    );
}

#[test]
fn the_path_that_is_decided_on_is_the_path_that_is_forwarded() {
    let (shop, admin) = (Recorder::start(), Recorder::start());
    let more = format!(
        "[services.admin]\npaths = [\"/admin\"]\nbaseline = \"stable\"\n\n[lanes.admin.stable]\nendpoints = [\"{}\"]\n",
        admin.address()
    );
    let gateway = Recipe::to(shop.address()).more(&more).start();
    let inside = [
        "/admin",
        "/admin/",
        "/admin/..",
        "/admin/../case",
        "/admin?a",
        "/admin//",
    ];
    let outside = [
        "/case/../admin",
        "//admin",
        "/./admin",
        "/%61dmin",
        "/ADMIN",
        "/adminx",
        "/admin%2f",
        "/admin;a",
        "/case?/admin",
    ];

    for target in inside.iter().chain(&outside) {
        let mut client = gateway.client();
        let _ = client
            .wire()
            .send(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
        let status = client.response().status;
        assert!(matches!(status, 200 | 400), "{target}: {status}");
    }

    let targets = |recorder: &Recorder| -> Vec<String> {
        let requests = recorder.requests();
        requests.into_iter().map(|request| request.target).collect()
    };
    let (at_shop, at_admin) = (targets(&shop), targets(&admin));
    assert!(
        at_admin.iter().all(|target| inside.contains(&target.as_str())),
        "{at_admin:?}"
    );
    assert!(
        at_shop.iter().all(|target| outside.contains(&target.as_str())),
        "{at_shop:?}"
    );
}
