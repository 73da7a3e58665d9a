use graylane_config::Environment;

use super::*;

fn wanted(file: &str) -> Wanted {
    Wanted {
        asked: Asked {
            file: PathBuf::from(file),
            environment: Environment::Dev,
            variables: Vec::new(),
            assignments: Vec::new(),
            trust: PathBuf::new(),
        },
        quarantine: false,
        gray_on: false,
    }
}

#[test]
fn a_file_keeps_its_name_however_the_configuration_is_named() {
    let named = ["graylane.toml", "./graylane.toml", "/etc/x/graylane.toml"].map(wanted);

    let names = named.map(|wanted| {
        [
            "flags.toml",
            "./flags.toml",
            "team/../flags.toml",
            "team/flags.toml",
            "../flags.toml",
            "/srv/flags.toml",
        ]
        .map(|file| wanted.name_of(&wanted.folder().join(file)))
    });

    for names in names {
        assert_eq!(
            names,
            [
                "flags.toml",
                "flags.toml",
                "flags.toml",
                "team/flags.toml",
                "../flags.toml",
                "/srv/flags.toml"
            ]
        );
    }
}

#[test]
fn a_revision_is_kept_under_the_name_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graylane.toml");
    std::fs::write(
        &file,
        "revision = 7\nlisteners.web.address = \"127.0.0.1:0\"\nlanes.shop.stable.respond = {}\nservices.shop = {}\n\
         [flags]\nfiles = [\"./flags.toml\"]\n",
    )
    .unwrap();
    std::fs::write(folder.path().join("flags.toml"), "revision = 3\nflags = {}\n").unwrap();

    let loaded = Loaded::read(&wanted(&file.display().to_string()), None).unwrap();

    let expected = [("flags.toml".to_owned(), 3), ("graylane.toml".to_owned(), 7)];
    assert_eq!(loaded.revisions, BTreeMap::from(expected));
}
