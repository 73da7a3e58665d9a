//! Who may set what, and what is shown of it.

use super::*;

#[test]
fn prod_is_locked_and_says_how_it_is_done() {
    let text = said(&layers(None, &[], &["limits.body=1MB"]), Environment::Prod);

    let expected = "\
error: `limits.body` may not be overridden: prod is locked
 --> --set limits.body:1:13
  |
1 | limits.body=1MB
  |             ^^^
hint: write it in graylane.prod.toml, raise the `revision` there, and sign the file: grayctl config sign graylane.prod.toml
";
    assert_eq!(text, expected);
}

#[test]
fn staging_and_canary_refuse_sensitive_keys_and_take_the_others() {
    for environment in [Environment::Staging, Environment::Canary] {
        let open = layers(None, &[("GRAYLANE_LIMITS__BODY", "1MB")], &[]);
        let sensitive = layers(None, &[("GRAYLANE_SERVER__TRUSTED_PEERS", "[\"10.0.0.1\"]")], &[]);
        let hidden_in_a_table = layers(None, &[], &["server={trusted_peers=[]}"]);

        let taken = parse(&open, environment, Modules::Any).map(|folded| folded.overrides.len());

        assert_eq!(taken, Ok(1));
        let text = said(&sensitive, environment);
        let expected = format!(
            "\
error: `server.trusted_peers` is sensitive: in {environment} only a file may set it
 --> environment variable GRAYLANE_SERVER__TRUSTED_PEERS:1:32
  |
1 | GRAYLANE_SERVER__TRUSTED_PEERS=[\"10.0.0.1\"]
  |                                ^^^^^^^^^^^^
hint: write it in graylane.{environment}.toml
"
        );
        assert_eq!(text, expected);
        assert!(said(&hidden_in_a_table, environment).contains("`server.trusted_peers` is sensitive"));
    }
}

#[test]
fn an_override_tells_what_was_there_before() {
    let layers = layers(
        None,
        &[("GRAYLANE_LANES__SHOP__CANARY__WEIGHT", "5")],
        &["lanes.shop.canary.weight=6", "limits.body=1MB"],
    );

    let folded = read(&layers);

    let told: Vec<String> = folded
        .overrides
        .iter()
        .map(|one| {
            let old = one.old.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            format!("{}: {old} -> {} by {}", one.key, one.new, one.origin)
        })
        .collect();
    assert_eq!(
        told,
        [
            "lanes.shop.canary.weight: 1 -> 5 by GRAYLANE_LANES__SHOP__CANARY__WEIGHT",
            "lanes.shop.canary.weight: 5 -> 6 by --set lanes.shop.canary.weight",
            "limits.body: nothing -> \"1MB\" by --set limits.body",
        ]
    );
    assert_eq!(folded.overrides[2].origin, Origin::Flag("limits.body".to_owned()));
}

#[test]
fn a_secret_is_a_digest_in_values_overrides_and_messages() {
    let other = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let set = format!("admin.tokens.ops.sha256={other}");
    let table = format!("admin.tokens={{web={{sha256=\"{}\"}}}}", other.replace('9', "8"));
    let wrong = "admin.tokens.ops.sha256=hunter2".to_owned();
    let broken = "[admin.tokens.ops]\nsha256 = hunter2\n";

    let folded = read(&layers(None, &[], &[&set, &table]));
    let messages = [
        said(&layers(None, &[], &[&wrong]), Environment::Dev),
        said(
            &layers(None, &[("GRAYLANE_ADMIN__TOKENS__OPS__SHA256", "hunter2")], &[]),
            Environment::Dev,
        ),
        said(&layers(Some(broken), &[], &[]), Environment::Dev),
        said(
            &layers(Some("admin.token = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        // A token where its table belongs, in every spelling.
        said(
            &layers(Some("[admin.tokens]\nops = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("[admin.tokens.\"ops\"]\n\nvalue = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("admin.tokens.ops = \"hunter2\"\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(Some("admin = { tokens = { ops = \"hunter2\" } }\n"), &[], &[]),
            Environment::Dev,
        ),
        said(
            &layers(
                Some("[ofrep]\naddress = \"127.0.0.1:2\"\nkeys = { web = \"hunter2\" }\n"),
                &[],
                &[],
            ),
            Environment::Dev,
        ),
        said(
            &layers(None, &[], &["admin.tokens.ops=hunter2"]),
            Environment::Dev,
        ),
        said(
            &layers(None, &[("GRAYLANE_ADMIN__TOKENS__OPS", "hunter2")], &[]),
            Environment::Dev,
        ),
    ];

    let shown = format!("{folded:?}");
    assert!(!shown.contains(&other[8..]), "{shown}");
    assert!(told(&folded, "admin.tokens.ops.sha256").starts_with("sha256:"));
    for message in messages {
        assert!(!message.contains("hunter2"), "{message}");
        assert!(message.contains("*******"), "{message}");
    }
}

#[test]
fn what_looks_like_a_secret_of_a_module_is_a_digest_too() {
    let file = "[modules.canary-log]\nAccess_Token = \"hunter2\"\npeers = [{ password = \"hunter2\" }]\n\
                sample = 5\nauth = { client.secret = \"hunter2\", by = \"me\" }\n";
    let set = "modules.canary-log.sink.sha256=\"hunter2\"";
    let over = "modules.canary-log.peers=[]";
    let layers = layers(Some(file), &[], &[set, over]);

    let folded = read(&layers);
    let staging = said(&layers, Environment::Staging);
    let before = read(&self::layers(Some(file), &[], &[]));

    for shown in [
        format!("{:?} {:?}", folded.values, folded.overrides),
        format!("{:?}", before.values),
        staging,
    ] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for key in ["Access_Token", "peers", "auth.client.secret"] {
        let told = told(&before, &format!("modules.canary-log.{key}"));
        assert!(told.starts_with("sha256:"), "{told}");
    }
    assert!(told(&before, "modules.canary-log.sample").starts_with("5 from"));
    assert!(told(&before, "modules.canary-log.auth.by").starts_with("\"me\" from"));
}

#[test]
fn files_of_flags_are_named_by_files_only_and_without_going_up() {
    let set = layers(None, &[], &["flags.files=[\"team.json\"]"]);
    let up = layers(
        Some("flags.files = [\"a..b.toml\", \"team/../../x.toml\"]\n"),
        &[],
        &[],
    );

    let overridden = said(&set, Environment::Staging);
    let refused = said(&up, Environment::Staging);

    assert!(
        overridden.starts_with("error: `flags.files` is sensitive"),
        "{overridden}"
    );
    assert_eq!(
        refused.trim_end(),
        "\
error: `team/../../x.toml` goes up with `..`
 --> graylane.staging.toml:1:29
  |
1 | flags.files = [\"a..b.toml\", \"team/../../x.toml\"]
  |                             ^^^^^^^^^^^^^^^^^^^
hint: put the file below the folder of the configuration, or write its whole path"
    );
}

#[test]
fn every_environment_but_dev_needs_a_state_folder_and_prod_a_revision_in_each_file() {
    let text =
        "listeners.web.address = \"127.0.0.1:1\"\nservices.shop = {}\nlanes.shop.stable.respond = {}\n";
    let mut layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    layers.file(Source::new("graylane.prod.toml", "revision = 1\n".to_owned()));

    let dev = parse(&layers, Environment::Dev, Modules::Any).map(drop);
    let [staging, prod] =
        [Environment::Staging, Environment::Prod].map(|environment| said(&layers, environment));

    assert_eq!(dev, Ok(()));
    let state = "\
error: staging needs a folder for its audit log
 --> graylane.toml
hint: add [server] with state = \"/var/lib/graylane\"
";
    let revision = "
error: prod needs a revision in graylane.toml
 --> graylane.toml
hint: add `revision = 1` above the first table, and raise it with every change
";
    assert_eq!(staging, state);
    assert_eq!(prod, state.replace("staging", "prod") + revision);
}

#[test]
fn two_names_that_a_variable_cannot_tell_apart_are_told() {
    let layers = layers(
        Some("[lanes.shop.v1_2]\nrespond = {}\n"),
        &[("GRAYLANE_LANES__SHOP__V1_2__WEIGHT", "1")],
        &[],
    );

    let text = said(&layers, Environment::Dev);

    assert!(
        text.starts_with("error: `V1_2` may mean `v1.2` or `v1_2`\n"),
        "{text}"
    );
    assert!(
        text.ends_with("hint: say which one with --set, or in a file\n"),
        "{text}"
    );
}

#[test]
fn prod_verifies_endpoints_and_the_others_may_do_without() {
    let file = "revision = 1\nserver.state = \"state\"\nlisteners.web.address = \"127.0.0.1:0\"\nservices.shop = {}\n\
                lanes.shop.stable.endpoints = [\"https://a\"]\nlanes.shop.stable.tls = { verify = false }\n";
    let layers = Layers::new(Source::new("graylane.toml", file.to_owned()));

    let text = said(&layers, Environment::Prod);
    let elsewhere = parse(&layers, Environment::Staging, Modules::Any);

    let expected = "\
error: prod verifies the certificates of endpoints
 --> graylane.toml:6:25
  |
6 | lanes.shop.stable.tls = { verify = false }
  |                         ^^^^^^^^^^^^^^^^^^
hint: take `verify = false` away; name the certificates of your own authority with `ca`
";
    assert_eq!(text, expected);
    assert!(elsewhere.is_ok());
}
