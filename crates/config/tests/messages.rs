//! What people read when a configuration is wrong, to the letter.

use graylane_config::{Environment, Layers, Modules, parse};
use graylane_diagnostic::Source;

/// A configuration that is right, in front of the wrong part.
const START: &str = "listeners.web.address = \"127.0.0.1:8080\"\nlanes.shop.stable.respond = {}\n";

/// Everything that is said about a text.
fn said(text: &str) -> String {
    let layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    match parse(
        &layers,
        Environment::Dev,
        Modules::These(&["breaker", "canary-log"]),
    ) {
        Ok(config) => panic!("accepted: {config:#?}"),
        Err(all) => all.render(layers.sources()),
    }
}

/// Everything that is said about the wrong part.
fn said_after_start(text: &str) -> String {
    said(&format!("{START}{text}"))
}

#[test]
fn lanes_that_want_more_than_everything_are_added_up() {
    let text = said_after_start(
        "[services.shop]\n\n[lanes.shop.a]\nrespond = {}\nweight = 50\n\n[lanes.shop.b]\nrespond = {}\nweight = 70\n",
    );

    let expected = "\
error: the lanes of service `shop` together take 120 %, more than 100 %
 --> graylane.toml:11:10
   |
11 | weight = 70
   |          ^^
hint: lower a weight; baseline takes what is left
";
    assert_eq!(text, expected);
}

#[test]
fn a_misspelt_key_is_guessed_and_nothing_follows_from_it() {
    let text = said_after_start("[services.shop]\n[lanes.shop.canary]\nendpoint = [\"a:1\"]\nwieght = 3\n");

    let expected = "\
error: `lanes.shop.canary` has no key `endpoint`
 --> graylane.toml:5:1
  |
5 | endpoint = [\"a:1\"]
  | ^^^^^^^^
hint: did you mean `endpoints`?

error: `lanes.shop.canary` has no key `wieght`
 --> graylane.toml:6:1
  |
6 | wieght = 3
  | ^^^^^^
hint: did you mean `weight`?
";
    assert_eq!(text, expected);
}

#[test]
fn an_unknown_key_gets_the_list_of_those_that_exist() {
    let text = said_after_start("[services.shop]\n[drain]\ncolour = 1\n");

    let expected = "\
error: `drain` has no key `colour`
 --> graylane.toml:5:1
  |
5 | colour = 1
  | ^^^^^^
hint: its keys are `limit` and `idle_grace`
";
    assert_eq!(text, expected);
}

#[test]
fn a_misspelt_table_is_guessed_and_nothing_follows_from_it() {
    let text = said_after_start("[service.shop]\n");

    let expected = "\
error: a configuration has no `service`
 --> graylane.toml:3:2
  |
3 | [service.shop]
  |  ^^^^^^^
hint: did you mean `services`?
";
    assert_eq!(text, expected);
}

#[test]
fn a_name_with_a_dot_needs_quotes() {
    let text = said_after_start("[services.shop]\n[lanes.shop.v1]\nrespond = {}\n[lanes.shop.v1.2]\n");

    let expected = "\
error: `lanes.shop.v1` has no key `2`
 --> graylane.toml:6:16
  |
6 | [lanes.shop.v1.2]
  |                ^
hint: its keys are `tag`, `weight`, `flag`, `variant`, `grow`, `reserve`, `endpoints`, `protocol`, `panic`, `slow_start`, `tls`, `health`, `respond` and `mirror`; a name with a dot stands in quotes: [lanes.shop.\"v1.2\"]
";
    assert_eq!(text, expected);
}

#[test]
fn an_empty_text_lacks_a_listener_and_a_service() {
    let text = said("");

    let expected = "\
error: there is no listener
 --> graylane.toml
hint: add [listeners.web] with address = \"127.0.0.1:8080\"

error: there is no service
 --> graylane.toml
hint: add [services.NAME] and its lane [lanes.NAME.stable] with endpoints = [\"http://127.0.0.1:3000\"]
";
    assert_eq!(text, expected);
}

#[test]
fn two_listeners_never_share_an_address() {
    let text = said_after_start("[services.shop]\n[listeners.b]\naddress = \"127.0.0.1:8080\"\n");

    let expected = "\
error: the listener `web` has the address 127.0.0.1:8080 already
 --> graylane.toml:5:11
  |
5 | address = \"127.0.0.1:8080\"
  |           ^^^^^^^^^^^^^^^^
hint: choose another port, or remove one of the two
";
    assert_eq!(text, expected);
}

#[test]
fn a_missing_baseline_lists_the_lanes() {
    let text = said(
        "listeners.web.address = \"127.0.0.1:8080\"\n[services.shop]\n[lanes.shop]\na.respond = {}\nb.respond = {}\n",
    );

    let expected = "\
error: the baseline `stable` of the service `shop` is none of its lanes
 --> graylane.toml:2:11
  |
2 | [services.shop]
  |           ^^^^
hint: it has `a` and `b`: name one in [services.shop] as baseline = \"…\"
";
    assert_eq!(text, expected);
}

#[test]
fn a_weight_on_the_baseline_is_explained() {
    let text = said_after_start("lanes.shop.stable.weight = 90\n[services.shop]\n");

    let expected = "\
error: the baseline has no `weight`: it takes what the other lanes leave
 --> graylane.toml:3:28
  |
3 | lanes.shop.stable.weight = 90
  |                            ^^
hint: remove `weight` here, and give the other lanes their weights
";
    assert_eq!(text, expected);
}

#[test]
fn a_version_of_tls_below_1_2_is_refused_with_the_reason() {
    let text = said(&secured("min_version = \"1.1\""));

    let expected = "\
error: TLS 1.1 is not spoken
 --> graylane.toml:6:15
  |
6 | min_version = \"1.1\"
  |               ^^^^^
hint: it is broken (RFC 8996): \"1.2\" is the oldest version that there is
";
    assert_eq!(text, expected);
}

#[test]
fn clients_without_a_certificate_to_lead_to_are_explained() {
    let text = said(&secured("client_auth = \"required\""));

    let expected = "\
error: `client_auth` needs the certificates that a client's must lead to
 --> graylane.toml:6:15
  |
6 | client_auth = \"required\"
  |               ^^^^^^^^^^
hint: add client_ca = \"clients.pem\"
";
    assert_eq!(text, expected);
}

/// A configuration with a listener over TLS that has one more line.
fn secured(line: &str) -> String {
    format!(
        "lanes.shop.stable.respond = {{}}\nservices.shop = {{}}\nlisteners.web.address = \"127.0.0.1:8080\"\n\
         [listeners.web.tls]\ncertificates = [{{ certificate = \"a.pem\", key = \"a.key\" }}]\n{line}\n"
    )
}

#[test]
fn settings_of_tls_for_endpoints_in_cleartext_are_explained() {
    let text = said_after_start(
        "[services.shop]\n[lanes.shop.canary]\nendpoints = [\"http://a:1\"]\ntls = { ca = \"ca.pem\" }\n",
    );

    let expected = "\
error: no endpoint of this lane is asked over TLS
 --> graylane.toml:6:7
  |
6 | tls = { ca = \"ca.pem\" }
  |       ^^^^^^^^^^^^^^^^^
hint: write the endpoints with `https://`, or take `tls` away
";
    assert_eq!(text, expected);
}

#[test]
fn a_bare_number_is_no_duration() {
    let text = said_after_start("[services.shop]\n[limits]\nidle_time = 5\n");

    let expected = "\
error: `idle_time` takes a duration, and `5` has no unit
 --> graylane.toml:5:13
  |
5 | idle_time = 5
  |             ^
hint: for seconds write idle_time = \"5s\"
";
    assert_eq!(text, expected);
}

#[test]
fn an_admin_port_that_others_reach_is_refused() {
    let text = said_after_start("[services.shop]\n[admin]\naddress = \"0.0.0.0:9900\"\n");

    let expected = "\
error: the admin port would be open to others: 0.0.0.0:9900 is not a loopback address
 --> graylane.toml:5:11
  |
5 | address = \"0.0.0.0:9900\"
  |           ^^^^^^^^^^^^^^
hint: write \"127.0.0.1:9900\" or \"[::1]:9900\", or let others in by a token: [admin.tokens.NAME] sha256 = \"…\"
";
    assert_eq!(text, expected);
}

#[test]
fn two_services_never_serve_the_same() {
    let text = said_after_start(
        "[services.shop]\nhosts = [\"A.org\"]\n[services.cart]\nhosts = [\"a.org\"]\npaths = [\"/x\", \"/\"]\n[lanes.cart.stable]\nrespond = {}\n",
    );

    let expected = "\
error: the service `shop` already serves the host `a.org` with the path `/`
 --> graylane.toml:7:16
  |
7 | paths = [\"/x\", \"/\"]
  |                ^^^
hint: give one of the two other hosts or paths
";
    assert_eq!(text, expected);
}

#[test]
fn lanes_without_a_service_and_a_service_without_lanes_are_both_told() {
    let text = said_after_start("[services.shpo]\n");

    let expected = "\
error: there are lanes of the service `shop`, but no such service
 --> graylane.toml:2:7
  |
2 | lanes.shop.stable.respond = {}
  |       ^^^^
hint: did you mean `shpo`?

error: the service `shpo` has no lanes
 --> graylane.toml:3:11
  |
3 | [services.shpo]
  |           ^^^^
hint: add [lanes.shpo.stable] with endpoints = [\"http://127.0.0.1:3000\"]
";
    assert_eq!(text, expected);
}

#[test]
fn every_mistake_about_reserves_is_told_at_once() {
    let text = said(
        "listeners.web.address = \"127.0.0.1:8080\"
services.shop = {}
[lanes.shop]
stable = { respond = {} }
b = { respond = {} }
c = { respond = {}, reserve = [0, 10], weight = 11 }
d = { respond = {}, reserve = [20, 40] }
e = { respond = {}, reserve = [30, 50], grow = \"low\" }
",
    );

    let expected = "\
error: the lane `b` of the service `shop` needs a `reserve`
 --> graylane.toml:5:1
  |
5 | b = { respond = {} }
  | ^
hint: with three or more lanes beside the baseline, or where another has one, each states the part of the line that it may grow into, such as reserve = [0, 10]

error: the weight of 11 % is larger than the lane's reserve of 10 %
 --> graylane.toml:6:49
  |
6 | c = { respond = {}, reserve = [0, 10], weight = 11 }
  |                                                 ^^
hint: lower the weight, or widen the reserve where the next lane leaves room

error: the reserves of `d` and `e` overlap
 --> graylane.toml:8:31
  |
8 | e = { respond = {}, reserve = [30, 50], grow = \"low\" }
  |                               ^^^^^^^^
hint: `d` has 20 % to 40 %

error: `grow` says nothing where lanes have reserves: each grows from the low end of its own
 --> graylane.toml:8:48
  |
8 | e = { respond = {}, reserve = [30, 50], grow = \"low\" }
  |                                                ^^^^^
hint: remove `grow`
";
    assert_eq!(text, expected);
}

#[test]
fn a_module_that_does_not_exist_is_refused() {
    let text = said_after_start("[services.shop]\n[modules.braker]\n[modules.debug-dump]\n");

    let expected = "\
error: there is no module `braker`
 --> graylane.toml:4:10
  |
4 | [modules.braker]
  |          ^^^^^^
hint: did you mean `breaker`?

error: there is no module `debug-dump`
 --> graylane.toml:5:10
  |
5 | [modules.debug-dump]
  |          ^^^^^^^^^^
hint: the modules are `breaker` and `canary-log`; `graylane modules` lists them
";
    assert_eq!(text, expected);
}

#[test]
fn text_that_is_not_toml_is_explained() {
    for (text, expected) in [
        (
            "[admin]\naddress = 127.0.0.1:9900\n",
            "\
error: invalid float, expected nothing
 --> graylane.toml:2:16
  |
2 | address = 127.0.0.1:9900
  |                ^^^^^^^^^
hint: every value but a number, `true` and `false` stands in quotes: \"127.0.0.1:8080\", \"16KiB\", \"5s\"
",
        ),
        (
            "[drain]\nlimit =\n",
            "\
error: the value is missing
 --> graylane.toml:2:8
  |
2 | limit =
  |        ^
hint: a value stands on the same line as its key
",
        ),
        (
            "[lanes.shop.a]\n[lanes.shop.a]\n",
            "\
error: `a` stands twice
 --> graylane.toml:2:13
  |
2 | [lanes.shop.a]
  |             ^
hint: a key and a table header may each stand once: merge the two
",
        ),
    ] {
        assert_eq!(said(text), expected);
    }
}

#[test]
fn flags_that_others_reach_without_a_key_are_refused() {
    let text = said_after_start("[services.shop]\n[ofrep]\naddress = \"0.0.0.0:8016\"\n");

    let expected = "\
error: flags would be open to others: 0.0.0.0:8016 is not a loopback address
 --> graylane.toml:5:11
  |
5 | address = \"0.0.0.0:8016\"
  |           ^^^^^^^^^^^^^^
hint: write \"127.0.0.1:8016\", or let others in by a key: [ofrep.keys.NAME] sha256 = \"…\"
";
    assert_eq!(text, expected);
}

#[test]
fn a_lane_has_a_flag_or_a_share() {
    let text = said_after_start(
        "lanes.shop.stable.flag = \"v2\"\n[services.shop]\n[lanes.shop.a]\nrespond = {}\nflag = \"v2\"\nweight = 5\n\
         [lanes.shop.b]\nrespond = {}\nvariant = \"on\"\n",
    );

    let expected = "\
error: the baseline has no `flag`: it takes what the other lanes leave
 --> graylane.toml:3:26
  |
3 | lanes.shop.stable.flag = \"v2\"
  |                          ^^^^
hint: remove `flag` here, and give the other lanes their weights

error: `weight` beside `flag`: the flag `v2` decides who gets the lane
 --> graylane.toml:8:10
  |
8 | weight = 5
  |          ^
hint: keep one of the two; a share stands in the flag

error: a `variant` without a `flag`
 --> graylane.toml:11:11
   |
11 | variant = \"on\"
   |           ^^^^
hint: add the flag whose variant it is: flag = \"…\"
";
    assert_eq!(text, expected);
}

#[test]
fn two_with_one_token_are_refused_for_the_sake_of_the_audit_log() {
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    let text = said_after_start(&format!(
        "[services.shop]\n[admin.tokens]\nann.sha256 = \"{hash}\"\nbob.sha256 = \"{hash}\"\n"
    ));

    assert!(
        text.starts_with("error: `ann` has the same token already\n"),
        "{text}"
    );
    assert!(
        text.ends_with("hint: give everybody a token of their own: the audit log tells them apart\n"),
        "{text}"
    );
}
