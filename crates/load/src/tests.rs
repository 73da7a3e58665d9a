use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{PermissionsExt, symlink};

use minisign::KeyPair;
use tempfile::TempDir;

use super::*;

fn flag_file(asked: &Asked, entry: &str) -> Result<Document, LoadError> {
    Loader::new(asked, None)?.flag_file(entry)
}

fn documents(asked: &Asked) -> Result<Vec<Document>, LoadError> {
    Loader::new(asked, None)?.documents()
}

/// A folder with a signed configuration and the key that is trusted.
struct Folder {
    folder: TempDir,
    keys: KeyPair,
}

impl Folder {
    fn new() -> Self {
        let folder = Self {
            folder: TempDir::new().unwrap(),
            keys: KeyPair::generate_unencrypted_keypair().unwrap(),
        };
        let key = folder.keys.pk.to_box().unwrap().into_string();
        fs::write(folder.path("trusted.pub"), key).unwrap();
        folder.signed("graylane.toml", "revision = 1\n");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signed(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        let signature = minisign::sign(None, &self.keys.sk, Cursor::new(text), None, None).unwrap();
        fs::write(self.path(&format!("{name}.minisig")), signature.into_string()).unwrap();
    }

    fn asked(&self, environment: Environment) -> Asked {
        Asked {
            file: self.path("graylane.toml"),
            environment,
            variables: Vec::new(),
            assignments: Vec::new(),
            trust: self.path("trusted.pub"),
        }
    }

    fn prod(&self) -> Result<Vec<Document>, String> {
        documents(&self.asked(Environment::Prod)).map_err(|error| {
            let here = format!("{}/", self.folder.path().display());
            format!("{error}\n{}", error.hint()).replace(&here, "")
        })
    }

    fn allow(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn the_file_of_the_environment_is_read_where_there_is_one() {
    let folder = Folder::new();
    fs::write(folder.path("graylane.staging.toml"), "revision = 2\n").unwrap();

    let [staging, dev] =
        [Environment::Staging, Environment::Dev].map(|one| documents(&folder.asked(one)).unwrap());

    assert_eq!(
        staging.iter().map(|one| &*one.text).collect::<Vec<_>>(),
        ["revision = 1\n", "revision = 2\n"]
    );
    assert_eq!(dev.len(), 1);
}

#[test]
fn prod_takes_signed_files_and_tells_who_signed() {
    let folder = Folder::new();
    folder.signed("graylane.prod.toml", "revision = 7\n");

    let documents = folder.prod().unwrap();

    assert_eq!(documents.len(), 2);
    assert!(documents.iter().all(|document| document.signed.is_some()));
}

#[test]
fn prod_refuses_what_is_not_signed_or_was_changed() {
    let folder = Folder::new();
    fs::write(folder.path("graylane.prod.toml"), "revision = 7\n").unwrap();

    let unsigned = folder.prod().unwrap_err();
    folder.signed("graylane.prod.toml", "revision = 7\n");
    fs::write(folder.path("graylane.prod.toml"), "revision = 8\n").unwrap();
    let changed = folder.prod().unwrap_err();

    assert_eq!(
        unsigned.lines().next().unwrap(),
        "graylane.prod.toml is not signed: there is no graylane.prod.toml.minisig"
    );
    assert!(
        unsigned.ends_with("grayctl config sign graylane.prod.toml"),
        "{unsigned}"
    );
    assert!(
        changed.contains("does not fit: the document or the signature was changed"),
        "{changed}"
    );
}

#[test]
fn prod_refuses_what_everybody_may_write() {
    let folder = Folder::new();
    let mut told = Vec::new();

    for (name, mode, usual) in [
        ("graylane.toml", 0o646, 0o644),
        ("trusted.pub", 0o666, 0o644),
        (".", 0o777, 0o700),
    ] {
        folder.allow(name, mode);
        told.push(folder.prod().unwrap_err());
        folder.allow(name, usual);
    }

    assert!(folder.prod().is_ok());
    assert_eq!(
        told[0],
        "graylane.toml may be written by everybody: its mode is 646\nchmod o-w graylane.toml"
    );
    assert!(
        told[1].starts_with("trusted.pub may be written by everybody: its mode is 666"),
        "{}",
        told[1]
    );
    assert!(
        told[2].contains("may be written by everybody: its mode is 777"),
        "{}",
        told[2]
    );
}

#[test]
fn a_link_counts_as_what_it_leads_to() {
    let folder = Folder::new();
    fs::create_dir(folder.path("data")).unwrap();
    fs::rename(folder.path("graylane.toml"), folder.path("data/graylane.toml")).unwrap();
    symlink("data/graylane.toml", folder.path("graylane.toml")).unwrap();

    let right = folder.prod().map(|all| all.len());
    folder.allow("data", 0o777);
    let wrong = folder.prod().unwrap_err();
    folder.allow("data", 0o700);

    assert_eq!(right, Ok(1));
    assert!(wrong.contains("data may be written by everybody"), "{wrong}");
}

#[test]
fn a_flag_file_stands_beside_the_configuration_and_follows_the_same_rules() {
    let folder = Folder::new();
    fs::create_dir(folder.path("team")).unwrap();
    folder.signed("team/flags.json", "{}");
    fs::write(folder.path("flags.toml"), "").unwrap();

    let signed = flag_file(&folder.asked(Environment::Prod), "team/flags.json").unwrap();
    let unsigned = flag_file(&folder.asked(Environment::Prod), "flags.toml").unwrap_err();
    let in_dev = flag_file(&folder.asked(Environment::Dev), "flags.toml").unwrap();

    assert!(signed.signed.is_some() && signed.text == "{}");
    assert!(matches!(unsigned, LoadError::Unsigned { .. }), "{unsigned}");
    assert!(in_dev.signed.is_none());
}

#[test]
fn variables_come_in_the_order_of_their_names_and_before_assignments() {
    let folder = Folder::new();
    let mut asked = folder.asked(Environment::Dev);
    asked.variables = vec![
        ("GRAYLANE_LIMITS__HEAD".into(), "9".into()),
        ("GRAYLANE_LIMITS__BODY".into(), "8".into()),
    ];
    asked.variables.push(("PATH".into(), "x".into()));
    asked.assignments = vec!["limits.body=7".to_owned()];

    let layers = layers(&asked, &documents(&asked).unwrap());

    let names: Vec<&str> = layers.sources().iter().skip(1).map(Source::name).collect();
    assert_eq!(
        names,
        [
            "environment variable GRAYLANE_LIMITS__BODY",
            "environment variable GRAYLANE_LIMITS__HEAD",
            "--set limits.body"
        ]
    );
}

#[test]
fn a_file_without_end_is_refused() {
    let folder = Folder::new();
    let file = fs::File::create(folder.path("graylane.toml")).unwrap();
    file.set_len(MAX_FILE + 1).unwrap();

    let error = documents(&folder.asked(Environment::Dev)).unwrap_err();

    assert!(matches!(error, LoadError::TooLong { .. }), "{error}");
}

#[test]
fn a_text_that_could_not_be_read_again_is_not_taken_in_place_of_a_file() {
    let folder = Folder::new();
    let asked = folder.asked(Environment::Dev);
    let instead = Instead {
        path: asked.file.clone(),
        text: vec![b'#'; MAX_FILE as usize + 1],
        signature: None,
    };

    let error = Loader::new(&asked, Some(&instead))
        .unwrap()
        .documents()
        .unwrap_err();

    assert!(matches!(error, LoadError::TooLong { .. }), "{error}");
}

#[test]
fn a_signature_that_a_crash_kept_from_its_place_counts_but_no_other() {
    let folder = Folder::new();
    fs::rename(folder.path("graylane.toml.minisig"), folder.path("old")).unwrap();
    folder.signed("graylane.toml", "revision = 2\n");
    fs::rename(
        folder.path("graylane.toml.minisig"),
        folder.path("graylane.toml.minisig.new"),
    )
    .unwrap();
    fs::rename(folder.path("old"), folder.path("graylane.toml.minisig")).unwrap();

    let right = folder.prod().map(|all| all.len());
    fs::write(folder.path("graylane.toml"), "revision = 3\n").unwrap();
    let wrong = folder.prod().unwrap_err();

    assert_eq!(right, Ok(1));
    assert!(wrong.contains("does not fit"), "{wrong}");
}

#[test]
fn a_private_key_that_everybody_may_read_is_refused_in_prod_only() {
    let folder = Folder::new();
    fs::write(folder.path("shop.key"), "key").unwrap();
    folder.allow("shop.key", 0o644);
    let (dev, prod) = (folder.asked(Environment::Dev), folder.asked(Environment::Prod));
    let read = |asked: &Asked, secret| Loader::new(asked, None).unwrap().pem("shop.key", secret);

    let elsewhere = read(&dev, true);
    let as_certificate = read(&prod, false);
    let refused = read(&prod, true);
    folder.allow("shop.key", 0o640);
    let closed = read(&prod, true);
    folder.allow("shop.key", 0o642);
    let writable = read(&prod, true);

    assert!(elsewhere.is_ok() && as_certificate.is_ok());
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, LoadError::Readable { mode: 0o644, .. }),
        "{refused}"
    );
    assert!(refused.is_refusal() && refused.hint().starts_with("chmod o-r "));
    assert_eq!(closed.unwrap(), (folder.path("shop.key"), b"key".to_vec()));
    assert!(matches!(writable, Err(LoadError::Writable { .. })));
}

#[test]
fn a_file_of_certificates_without_end_is_refused() {
    let folder = Folder::new();
    let file = fs::File::create(folder.path("ca.pem")).unwrap();
    file.set_len(MAX_PEM + 1).unwrap();
    let asked = folder.asked(Environment::Dev);

    let error = Loader::new(&asked, None)
        .unwrap()
        .pem("ca.pem", false)
        .unwrap_err();

    assert!(matches!(error, LoadError::LongPem { .. }), "{error}");
}
