//! What is wrong with files, and what is not.

use super::*;

#[test]
fn files_that_do_not_work_are_named_with_what_is_wrong() {
    let authority = Authority::new();
    let pair = authority.give(&["a.example"]);
    let other = authority.give(&["a.example"]);
    let (certificate, key) = (&*pair.certificate, &*pair.key);
    let two_keys = format!("{key}{}", other.key);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let half = &certificate[..certificate.len() / 2];
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let many = certificate.repeat(17);
    for (certificate, key, expected) in [
        (
            certificate,
            &*other.key,
            "the private key in 0.key does not fit the first certificate in 0.pem",
        ),
        (certificate, certificate, "there is no private key in 0.key"),
        (certificate, &*two_keys, "there are several private keys in 0.key"),
        (certificate, encrypted, "the private key in 0.key is encrypted"),
        ("", key, "there is no certificate in 0.pem"),
        (key, key, "there is no certificate in 0.pem"),
        (&*many, key, "0.pem has more than 16 certificates"),
        (half, key, "0.pem is no file of PEM: missing section end marker"),
        (no_certificate, key, "certificate 1 in 0.pem cannot be read: "),
    ] {
        let text = said(
            &listener(1, ""),
            &files(&[("0.pem", certificate), ("0.key", key)]),
        );

        assert!(text.starts_with(expected), "{text}\ninstead of\n{expected}");
    }
}

#[test]
fn what_is_wrong_with_a_key_does_not_repeat_it() {
    let authority = Authority::new();
    let pair = authority.give(&["a.example"]);
    let broken = pair
        .key
        .replace("-----END", "!SECRET!\n-----END")
        .replace("KEY-----\nM", "KEY-----\n-----BEGIN SECRET\nM");

    let text = said(
        &listener(1, ""),
        &files(&[("0.pem", &pair.certificate), ("0.key", &broken)]),
    );

    assert!(
        text.starts_with("0.key is no file of PEM") && !text.contains("SECRET"),
        "{text}"
    );
}

#[test]
fn a_combined_file_is_certificate_and_key() {
    let pair = Authority::new().give(&["a.example"]);
    let both = format!("{}{}", pair.key, pair.certificate);

    let tls = Tls::compile(
        &listener(1, ""),
        &files(&[("0.pem", &both), ("0.key", &both)]),
        None,
    )
    .unwrap();

    assert_eq!(
        &*tls.server("web").unwrap().certificates()[0].names,
        ["a.example".into()]
    );
}

#[test]
fn a_certificate_out_of_its_time_works_with_a_warning() {
    let authority = Authority::new();
    let year = |from: i32, to: i32| {
        authority.give_with(&["a.example"], |params| {
            params.not_before = rcgen::date_time_ymd(from, 1, 1);
            params.not_after = rcgen::date_time_ymd(to, 1, 1);
        })
    };
    let read = pairs(&[&year(2000, 2010), &year(2000, 2100), &year(2090, 2100)]);
    let tls = Tls::compile(&listener(3, ""), &read, None).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);

    let warnings: Vec<String> = tls.warnings(now).iter().map(ToString::to_string).collect();

    assert_eq!(
        warnings,
        [
            "the certificate 0.pem of the listener web has EXPIRED: clients refuse it",
            "the certificate 2.pem of the listener web is not valid yet: clients refuse it",
        ]
    );
}

#[test]
fn nothing_of_a_key_is_shown_by_debug() {
    let pair = Authority::new().give(&["a.example"]);
    let read = pairs(&[&pair]);
    let tls = Tls::compile(&listener(1, ""), &read, None).unwrap();

    let text = format!("{read:?} {tls:?}");

    let line = pair.key.lines().nth(1).unwrap();
    assert!(!text.contains(line) && !text.contains(&format!("{:?}", &pair.private.secret_der()[..8])));
}
