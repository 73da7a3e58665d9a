use std::time::Duration;

use graylane_config::{Environment, Layers, Modules, parse};
use graylane_core::Dialect;
use graylane_diagnostic::Source;

use super::{START, read, refused};

#[test]
fn without_a_word_only_our_own_header_is_read_and_written() {
    let config = read(&format!("{START}[services.shop]\n"));

    let gray = &config.gray;
    assert_eq!(
        (&gray.read[..], &gray.write[..]),
        (&[Dialect::GrayVersion][..], &[Dialect::GrayVersion][..])
    );
    assert_eq!(
        (&*gray.member, gray.max_age),
        ("gray-version", Duration::from_secs(3600))
    );
    assert!(gray.certificates.is_empty() && gray.keys.is_empty());
}

#[test]
fn dialects_keep_their_order_and_names_of_certificates_their_form() {
    let config = read(&format!(
        "{START}[services.shop]\n[gray]\nread = [\"Baggage\", \"n-d-version\"]\nwrite = []\n\
         certificates = [\"Gateway.Internal\", \"spiffe://Prod/gateway\"]\nkeys.edge.file = \"a/edge.key\"\n\
         [listeners.web.tls]\nclient_ca = \"ca.pem\"\ncertificates = [{{ certificate = \"a.pem\", key = \"a.key\" }}]\n"
    ));

    let gray = &config.gray;
    assert_eq!(gray.read, [Dialect::Baggage, Dialect::NdVersion]);
    assert!(gray.write.is_empty());
    assert_eq!(
        gray.certificates,
        ["gateway.internal".into(), Box::from("spiffe://Prod/gateway")]
    );
    assert_eq!(
        (gray.keys[0].name.as_str(), &*gray.keys[0].file.path),
        ("edge", "a/edge.key")
    );
}

#[test]
fn a_lane_goes_by_its_name_where_it_has_no_tag() {
    let config = read(&format!(
        "{START}tag = \"Base/1\"\n[services.shop]\n[lanes.shop.canary]\nrespond = {{}}\n"
    ));

    let tags: Vec<_> = config.services[0]
        .lanes
        .iter()
        .map(|lane| lane.tag.to_string())
        .collect();
    assert_eq!(tags, ["Base/1", "canary"]);
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    for (text, lines) in [
        ("[services.shop]\n[gray]\nread = [\"x-gray\"]\n", &[3][..]),
        (
            "[services.shop]\n[gray]\nread = [\"baggage\", \"baggage\"]\n",
            &[3],
        ),
        ("[services.shop]\n[gray]\nmember = \"a b\"\n", &[3]),
        ("[services.shop]\n[gray]\nmax_age = \"25h\"\n", &[3]),
        ("[services.shop]\n[gray]\ncertificates = [\"a.b\"]\n", &[3]),
        (
            "[services.shop]\n[gray]\ncertificates = [\"*.b\", \"10.0.0.1\"]\n",
            &[3, 3],
        ),
        ("[services.shop]\n[gray.keys.edge]\n", &[2]),
        ("[services.shop]\n[gray.keys.Edge]\nfile = \"../x\"\n", &[2, 3]),
        ("[services.shop]\n[gray]\nkeys = 1\n", &[3]),
        ("tag = \"a b\"\n[services.shop]\n", &[1]),
        (
            "[services.shop]\n[lanes.shop.a]\nrespond = {}\ntag = \"stable\"\n",
            &[4],
        ),
        (
            "tag = \"x\"\n[services.shop]\n[lanes.shop.a]\nrespond = {}\ntag = \"x\"\n",
            &[5],
        ),
    ] {
        assert_eq!(refused(text), lines, "{text}");
    }
}

#[test]
fn a_key_that_stands_where_its_file_belongs_is_refused_and_not_repeated() {
    for key in ["5ec2e7".repeat(11), "c2VjcmV0".repeat(6) + "="] {
        let text = format!("{START}[services.shop]\n[gray.keys.edge]\nfile = \"{key}\"\n");
        let layers = Layers::new(Source::new("graylane.toml", text));

        let refused = parse(&layers, Environment::Dev, Modules::Any).unwrap_err();

        let words = refused.render(layers.sources());
        assert!(
            words.contains("this is a key") && !words.contains(&key[..9]),
            "{words}"
        );
    }
}
