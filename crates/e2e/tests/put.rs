//! Changes over the admin port.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use graylane_testkit::{Client, Gateway, Recipe, Setup, Upstream};

fn recipe(body: &str) -> Recipe {
    Recipe::new()
        .lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"))
        .server("state = \"state\"")
        .with_token()
}

fn with_flags(files: &[&str]) -> Recipe {
    recipe("one").more(&format!("[flags]\nfiles = {files:?}\n"))
}

fn state(share: &str) -> String {
    format!("[flags.a]\nstate = \"{share}\"\n")
}

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

#[test]
fn a_configuration_that_is_put_is_in_use_with_the_answer_and_in_its_file() {
    let gateway = recipe("one").start();
    let text = recipe("two").text();

    let answer = gateway.order("PUT", "/config", &text);
    let served = body(&gateway);
    let again = gateway.order("PUT", "/config", &text);

    assert_eq!((answer.status, served.as_str()), (200, "two"));
    let (answer, again) = (answer.json(), again.json());
    assert_eq!(
        (&answer["outcome"], &answer["revision"], &answer["changes"]),
        (&"accepted".into(), &2.into(), &1.into())
    );
    assert_eq!(
        (&again["outcome"], &again["revision"]),
        (&"unchanged".into(), &2.into())
    );
    assert_eq!(answer["digest"], again["digest"]);
    assert_eq!(fs::read_to_string(gateway.file()).unwrap(), text);
}

#[test]
fn nobody_without_the_right_token_changes_anything() {
    let gateway = recipe("one").start();
    let text = recipe("two").text();

    for authorization in ["", "Bearer wrong", "Bearer ", "Basic dGVzdA==", "test"] {
        for (method, target) in [("PUT", "/config"), ("PUT", "/flags"), ("POST", "/reload")] {
            let answer = gateway.order_as(authorization, method, target, &text);

            assert_eq!(answer.status, 401, "{authorization} {method} {target}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
    }

    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
}

#[test]
fn without_any_token_in_the_configuration_nobody_may_change_it() {
    let gateway = Recipe::to(Upstream::echo().address()).start();

    assert_eq!(gateway.order("PUT", "/config", recipe("two").text()).status, 401);
}

#[test]
fn a_token_that_is_taken_out_is_worth_nothing_at_once() {
    let gateway = recipe("one").start();
    let without = recipe("two").text().replace("9f86d0", "000000");

    let first = gateway.order("PUT", "/config", without).status;
    let second = gateway.order("PUT", "/config", recipe("three").text()).status;

    assert_eq!((first, second, body(&gateway).as_str()), (200, 401, "two"));
}

#[test]
fn a_body_that_is_wrong_is_refused_with_its_places() {
    let gateway = recipe("one").start();
    let wrong = recipe("two").limit("body = 0").text();

    let answer = gateway.order("PUT", "/config", wrong);
    let no_text = gateway.order("PUT", "/config", [0xff, 0xfe]);
    let empty = gateway.order("PUT", "/config", "");

    let error = answer.json()["errors"][0].clone();
    assert_eq!(
        [answer.status, no_text.status, empty.status],
        [422; 3],
        "{no_text:?} {empty:?}"
    );
    assert!(
        error["line"].is_u64() && error["hint"].is_string() && error["file"].is_string(),
        "{error}"
    );
    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
    assert!(fs::read_to_string(gateway.file()).unwrap().contains("one"));
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let gateway = recipe("one").start();
    let mut client = Client::connect(gateway.admin());

    client.send(
        "PUT /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test\r\nContent-Length: 99999999\r\n\r\n",
    );

    assert_eq!(client.response().status, 413);
    let large = format!("{}# {}\n", recipe("two").text(), "x".repeat(2 << 20));
    assert_eq!(gateway.order("PUT", "/config", large).status, 422);
    assert_eq!(body(&gateway), "one");
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    let gateway = recipe("one").start();
    let mut client = Client::connect(gateway.admin());
    let text = recipe("two").text();

    client.send(format!(
        "PUT /config HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer test\r\nContent-Length: {}\r\n\r\n{text}",
        text.len() + 1
    ));
    client.finish();
    client.until_closed();

    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
}

#[test]
fn flags_are_put_into_their_file() {
    let gateway = with_flags(&["flags.toml"])
        .setup()
        .file("flags.toml", state("gray-5"))
        .start();

    let answer = gateway.order("PUT", "/flags", state("gray-20"));
    let wrong = gateway.order("PUT", "/flags", state("gray-200"));

    assert_eq!((answer.status, wrong.status), (200, 422));
    assert_eq!(wrong.json()["errors"][0]["line"], 2);
    let file = fs::read_to_string(gateway.folder().join("flags.toml")).unwrap();
    assert_eq!(file, state("gray-20"));
    let share = gateway.ask("/flags").json()["flags"][0]["definition"]["split"]["share"].clone();
    assert_eq!(share, 20_000);
}

#[test]
fn one_of_several_files_of_flags_is_put_by_name() {
    let team = r#"{"flags": {"b": {"state": "ENABLED", "variants": {"on": true}, "defaultVariant": "on"}}}"#;
    let gateway = with_flags(&["flags.toml", "team.json"])
        .setup()
        .file("flags.toml", state("gray-5"))
        .file("team.json", team)
        .start();

    let nameless = gateway.order("PUT", "/flags", state("gray-20"));
    let unknown = gateway.order("PUT", "/flags?file=../graylane.toml", state("gray-20"));
    let named = gateway.order("PUT", "/flags?file=team.json", team.replace("\"b\"", "\"c\""));

    assert_eq!(
        [nameless.status, unknown.status, named.status],
        [400, 400, 200],
        "{}",
        named.text()
    );
    assert!(nameless.text().contains("flags.toml") && nameless.text().contains("team.json"));
    let keys: Vec<String> = gateway.ask("/flags").json()["flags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|flag| flag["key"].to_string())
        .collect();
    assert_eq!(keys, ["\"a\"", "\"c\""]);
}

#[test]
fn a_reload_is_ordered_without_a_body() {
    let gateway = recipe("one").start();
    let unchanged = gateway.order("POST", "/reload", "").json();

    fs::write(gateway.file(), recipe("two").text()).unwrap();
    let answer = gateway.order("POST", "/reload", "").json();

    assert_eq!(unchanged["outcome"], "unchanged");
    // The watch may have been quicker.
    assert!(answer["outcome"] == "accepted" || answer["outcome"] == "unchanged");
    assert_eq!(body(&gateway), "two");
}

/// A gateway that may not write into its folder, also where the tests run as root.
fn read_only(setup: Setup) -> Setup {
    fs::create_dir(setup.path("state")).unwrap();
    fs::set_permissions(setup.folder(), fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if is_root {
        let without = "-dac_override,-dac_read_search,-fowner";
        setup.through(&["setpriv", "--bounding-set", without, "--inh-caps", without])
    } else {
        setup
    }
}

#[test]
fn a_change_that_cannot_be_written_to_its_file_does_not_happen() {
    let setup = read_only(recipe("one").setup());
    let gateway = setup.start();

    let answer = gateway.order("PUT", "/config", recipe("two").text());

    assert_eq!(answer.status, 507, "{}", answer.text());
    assert!(answer.text().contains("read-only"), "{}", answer.text());
    assert_eq!((gateway.revision(), body(&gateway)), (1, "one".to_owned()));
    let log = fs::read_to_string(gateway.folder().join("state/audit.jsonl")).unwrap();
    // It was refused before it was told as a change: there is nothing to undo.
    assert!(!log.contains("\"accept\"") && log.contains("\"reject\""), "{log}");
    fs::set_permissions(setup.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(gateway.order("PUT", "/config", recipe("two").text()).status, 200);
    assert_eq!(body(&gateway), "two");
}
