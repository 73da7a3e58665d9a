use std::io::Cursor;

use minisign::KeyPair;
use proptest::prelude::*;

use super::*;

const DOCUMENT: &[u8] = b"revision = 2\n";

fn keys() -> KeyPair {
    KeyPair::generate_unencrypted_keypair().unwrap()
}

fn public(pair: &KeyPair) -> String {
    pair.pk.to_box().unwrap().into_string()
}

fn sign(pair: &KeyPair, document: &[u8]) -> String {
    let comment = Some("file:graylane.toml revision:2");
    minisign::sign(Some(&pair.pk), &pair.sk, Cursor::new(document), comment, None)
        .unwrap()
        .into_string()
}

#[test]
fn either_of_two_trusted_keys_counts_and_the_file_of_the_tool_is_read_as_it_is() {
    let (old, new) = (keys(), keys());
    let both = format!("# rotation\n\n{}\n{}", public(&old), public(&new));

    let trusted = TrustedKeys::parse(&both).unwrap();

    for pair in [&old, &new] {
        let signed = trusted.verify(DOCUMENT, &sign(pair, DOCUMENT)).unwrap();
        assert_eq!(signed.trusted_comment, "file:graylane.toml revision:2");
        assert!(
            public(pair).contains(&signed.key_id.to_string()),
            "{}",
            public(pair)
        );
    }
    assert_eq!(trusted.ids().len(), 2);
}

#[test]
fn an_id_with_zeros_before_it_is_shown_as_minisign_shows_it() {
    assert_eq!(
        KeyId::from_bytes([1, 2, 0, 0, 0, 0, 10, 0]).to_string(),
        "A000000000201"
    );
}

#[test]
fn a_stranger_is_named_and_so_are_the_trusted() {
    let (known, stranger) = (keys(), keys());
    let trusted = TrustedKeys::parse(&public(&known)).unwrap();
    let other = TrustedKeys::parse(&public(&stranger)).unwrap();

    let error = trusted.verify(DOCUMENT, &sign(&stranger, DOCUMENT)).unwrap_err();

    let (signer, id) = (other.ids()[0], trusted.ids()[0]);
    assert_eq!(
        error.to_string(),
        format!("signed by the key {signer}, which is not trusted")
    );
    assert_eq!(
        error.hint(),
        format!("trusted is {id}: sign with one of them, or add the key to the trust file")
    );
}

#[test]
fn a_change_of_document_comment_or_signature_is_found() {
    let pair = keys();
    let trusted = TrustedKeys::parse(&public(&pair)).unwrap();
    let signature = sign(&pair, DOCUMENT);
    let comment = signature.replace("revision:2", "revision:3");
    let lines: Vec<&str> = signature.lines().collect();
    let half = format!("{}\n{}\n", lines[0], lines[1]);

    let changed = [
        trusted.verify(b"revision = 3\n", &signature),
        trusted.verify(DOCUMENT, &comment),
    ];
    let malformed = [
        trusted.verify(DOCUMENT, &half),
        trusted.verify(DOCUMENT, ""),
        trusted.verify(
            DOCUMENT,
            &signature.replace("trusted comment: file", "comment: file"),
        ),
        trusted.verify(DOCUMENT, &"x\n".repeat(20_000)),
    ];

    for result in changed {
        assert_eq!(result, Err(SignatureError::Forged(trusted.ids()[0])));
    }
    for result in malformed {
        assert!(matches!(result, Err(SignatureError::Malformed(_))), "{result:?}");
    }
}

#[test]
fn a_bundle_is_the_signature_and_then_the_document() {
    let pair = keys();
    let trusted = TrustedKeys::parse(&public(&pair)).unwrap();
    let bundle = [sign(&pair, DOCUMENT).as_bytes(), DOCUMENT].concat();

    let (signature, document) = split_bundle(&bundle).unwrap();

    assert_eq!(document, DOCUMENT);
    assert!(trusted.verify(document, signature).is_ok());
    assert!(split_bundle(DOCUMENT).is_err());
    assert!(split_bundle(b"a\nb\nc\nd\nrevision = 2\n").is_err());
}

#[test]
fn a_trust_file_says_which_line_is_none() {
    let text = format!("# ours\n{}RWnonsense\n", public(&keys()));

    let wrong = [TrustedKeys::parse(&text), TrustedKeys::parse("# none\n")].map(Result::unwrap_err);

    assert_eq!(
        wrong[0].to_string(),
        "line 4 is neither a minisign public key nor a comment"
    );
    assert_eq!(wrong[1], TrustError::NoKey);
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "[ -~\n]{0,300}") {
        let pair = keys();
        let trusted = TrustedKeys::parse(&public(&pair)).unwrap();

        let split = split_bundle(&bytes);
        let parsed = TrustedKeys::parse(&text);

        prop_assert!(split.is_err());
        prop_assert!(parsed.is_err());
        prop_assert!(trusted.verify(&bytes, &text).is_err());
    }

    #[test]
    fn no_byte_of_a_bundle_can_be_changed(at in 0_usize..10_000, by in 1_u8..255) {
        let pair = keys();
        let trusted = TrustedKeys::parse(&public(&pair)).unwrap();
        let mut bundle = [sign(&pair, DOCUMENT).as_bytes(), DOCUMENT].concat();
        let first = bundle.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        // The first line is the one that nobody vouches for.
        let at = first + at % (bundle.len() - first);
        bundle[at] = bundle[at].wrapping_add(by);

        let accepted = split_bundle(&bundle).is_ok_and(|(signature, document)| trusted.verify(document, signature).is_ok());

        prop_assert!(!accepted);
    }
}
