//! Flags that choose lanes.

use std::collections::BTreeSet;

use graylane_testkit::{Client, Gateway, Recipe, Setup};

const USERS: usize = 10_000;

fn recipe(files: &str) -> Recipe {
    Recipe::new()
        .lane_lines("stable", "respond = { body = \"stable\" }\n")
        .lane_lines("canary", "flag = \"shop-v2\"\nrespond = { body = \"canary\" }\n")
        .with_token()
        .more(&format!(
            "[flags]\nfiles = {files}\n[ofrep]\naddress = \"127.0.0.1:0\"\n"
        ))
}

fn state(share: &str) -> String {
    format!("[flags.shop-v2]\nstate = \"{share}\"\n")
}

fn setup(share: &str) -> Setup {
    recipe("[\"flags.toml\"]")
        .setup()
        .file("flags.toml", state(share))
}

/// The users whom this says are among the chosen.
fn chosen(mut is_chosen: impl FnMut(&str) -> bool) -> BTreeSet<usize> {
    (0..USERS)
        .filter(|user| is_chosen(&format!("user-{user}")))
        .collect()
}

fn routed(gateway: &Gateway) -> BTreeSet<usize> {
    let mut client = gateway.client();
    chosen(
        |user| match client.get("/", &[("X-User-Id", user)]).text().as_str() {
            "canary" => true,
            "stable" => false,
            other => panic!("{other}"),
        },
    )
}

fn evaluated(gateway: &Gateway) -> BTreeSet<usize> {
    let mut client = Client::connect(gateway.ofrep());
    chosen(|user| {
        let body = format!("{{\"context\":{{\"targetingKey\":\"{user}\"}}}}");
        let answer = client
            .post("/ofrep/v1/evaluate/flags/shop-v2", body.as_bytes())
            .json();
        assert_eq!(answer["reason"], "SPLIT", "{answer}");
        answer["variant"] == "on"
    })
}

#[test]
fn a_gray_flag_sends_its_share_to_the_lane_the_same_whom_openfeature_says_and_raising_it_keeps_them() {
    let gateway = setup("gray-5").variable("GRAYSCALE_ON", "on").start();

    let (five, told) = (routed(&gateway), evaluated(&gateway));
    gateway.order("PUT", "/flags", state("gray-20"));
    let (twenty, told_later) = (routed(&gateway), evaluated(&gateway));

    // Five percent of 10,000, give or take five standard deviations.
    assert!((391..=609).contains(&five.len()), "{}", five.len());
    assert!((1800..=2200).contains(&twenty.len()), "{}", twenty.len());
    assert_eq!(five, told);
    assert_eq!(twenty, told_later);
    assert!(five.is_subset(&twenty));
}

#[test]
fn an_explanation_names_flag_variant_and_revision() {
    let setup = setup("gray-5").variable("GRAYSCALE_ON", "on");
    let gateway = setup.start();
    let user = *routed(&gateway).first().unwrap();
    let header = format!("X-User-Id:user-{user}");

    let live = gateway
        .ask(&format!("/explain?host=a&path=/&header={header}"))
        .json();
    let offline = setup
        .run(&["explain", "--json", "--host", "a", "-H", &header])
        .json();
    let words = setup.run(&["explain", "--host", "a", "-H", &header]).stdout;
    gateway.order("PUT", "/flags", state("gray-100"));
    let later = gateway
        .ask(&format!("/explain?host=a&path=/&header={header}"))
        .json();

    assert_eq!(live, offline);
    assert_eq!(
        (&live["lane"], &live["reason"]),
        (&"canary".into(), &"flag".into())
    );
    assert_eq!(
        live["flags"][0],
        serde_json::json!({"lane": "canary", "flag": "shop-v2", "wanted": "on", "variant": "on", "reason": "SPLIT"})
    );
    assert_eq!((&live["revision"], &later["revision"]), (&1.into(), &2.into()));
    assert!(words.contains("shop-v2 is on"), "{words}");
}

#[test]
fn without_the_switch_gray_flags_are_off() {
    let off = setup("gray-100").start();
    let on = setup("gray-100").argument("--grayscale-on").start();
    let told_off = setup("gray-100")
        .variable("GRAYSCALE_ON", "1")
        .argument("--grayscale-on=off")
        .start();
    let lane = |gateway: &Gateway| gateway.client().get("/", &[("X-User-Id", "1")]).text();

    let lanes = [&off, &on, &told_off].map(lane);
    let body = br#"{"context":{"targetingKey":"1"}}"#;
    let told = Client::connect(off.ofrep())
        .post("/ofrep/v1/evaluate/flags/shop-v2", body)
        .json();

    assert_eq!(lanes, ["stable", "canary", "stable"]);
    assert_eq!(
        (&told["reason"], &told["variant"], &told["value"]),
        (&"DISABLED".into(), &"off".into(), &false.into())
    );
}

#[test]
fn a_later_file_wins_for_a_flag_of_both() {
    let gateway = recipe("[\"flags.toml\", \"team.json\"]")
        .setup()
        .file("flags.toml", state("gray-100"))
        .file(
            "team.json",
            r#"{"flags": {"shop-v2": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}"#,
        )
        .argument("--grayscale-on")
        .start();

    assert_eq!(gateway.client().get("/", &[]).text(), "stable");
    let origin = gateway.ask("/flags").json()["flags"][0]["origin"].to_string();
    assert!(origin.contains("team.json:"), "{origin}");
}

#[test]
fn a_flag_that_is_broken_refuses_the_start_with_its_place_and_a_hint() {
    let broken = state("gray-5") + "[flags.other]\nstate = \"gray-500\"\n";
    let setup = setup("gray-5").file("flags.toml", broken);

    let (serve, check) = (setup.run(&["serve"]), setup.run(&["check"]));

    for ran in [serve, check] {
        assert_eq!(ran.code, 11, "{ran:?}");
        assert!(
            ran.stderr.contains("flags.toml:4:9") && ran.stderr.contains("hint: "),
            "{ran:?}"
        );
    }
}

#[test]
fn a_quarantine_leaves_out_the_broken_flag_and_says_so() {
    let broken = state("gray-100") + "[flags.other]\nstate = \"gray-500\"\n";
    let gateway = setup("gray-5")
        .file("flags.toml", broken)
        .argument("--quarantine")
        .argument("--grayscale-on")
        .start();

    let page = gateway.ask("/flags").json();

    assert_eq!(gateway.client().get("/", &[]).text(), "canary");
    assert_eq!(page["flags"].as_array().map(Vec::len), Some(1), "{page}");
    assert!(
        page["left_out"][0].as_str().unwrap().contains("flags.toml:4:9"),
        "{page}"
    );
    assert!(gateway.stderr().contains("left out: "), "{}", gateway.stderr());
    assert_eq!(gateway.metrics().sum("graylane_flags_left_out", &[]), 1.0);
}

#[test]
fn a_lane_whose_flag_does_not_exist_is_refused_at_start_and_in_a_reload() {
    let gateway = setup("gray-5").start();
    let other = setup("gray-5").file("flags.toml", "[flags.shop-v3]\nstate = \"gray-5\"\n");

    let ran = other.run(&["check"]);
    let answer = gateway.order("PUT", "/flags", "[flags.shop-v3]\nstate = \"gray-5\"\n");

    assert_eq!((ran.code, answer.status), (11, 422), "{ran:?}");
    assert!(
        ran.stderr.contains("did you mean `shop-v3`?") && answer.text().contains("did you mean"),
        "{ran:?} {}",
        answer.text()
    );
    assert_eq!(gateway.revision(), 1);
}
