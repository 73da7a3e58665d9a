use std::os::unix::fs::symlink;

use super::*;

const MOCK: &str = "[[mock]]\npath = \"/\"\n";

fn names(stage: &Stage) -> Vec<String> {
    stage
        .read(|settings| {
            Ok(settings
                .files()
                .iter()
                .map(|file| file.name.to_string())
                .collect())
        })
        .unwrap()
}

#[test]
fn mocks_and_the_bodies_that_they_name_are_read_and_nothing_else() {
    let stage = Stage::with("[[mock]]\npath = \"/\"\nbody_file = \"body.json\"\n")
        .file("body.json", "{}")
        .file("b/c/d.toml", "[[mock]]\npath = \"/d\"\nbody_file = \"e/f.txt\"\n")
        .file("b/c/e/f.txt", "f")
        .file("other.json", b"\xff")
        .file("notes.toml~", "what?")
        .file(".hidden/x.toml", "what?")
        .file(".x.toml", "what?");

    assert_eq!(
        names(&stage),
        ["a.toml", "b/c/d.toml", "body.json", "b/c/e/f.txt"]
    );
    assert_eq!(body(get("/d").on(&stage.start())), "f");
}

#[test]
fn a_folder_as_kubernetes_mounts_it_is_read_once() {
    let stage = Stage::new(SECTION).file("..2026/a.toml", MOCK);
    symlink("..2026", stage.path("..data")).unwrap();
    symlink("..data/a.toml", stage.path("a.toml")).unwrap();

    assert_eq!(names(&stage), ["a.toml"]);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    let stage = Stage::with(&format!("\u{feff}{MOCK}status = 9\n"));

    let mistake = stage.mistake();

    assert_eq!(mistake.at, "9");
}

#[test]
fn nothing_is_read_that_lies_elsewhere_or_is_no_file() {
    let outside = Stage::with("");
    symlink("/etc/passwd", outside.path("b.toml")).unwrap();
    let folder = Stage::with("");
    symlink("/etc", folder.path("b")).unwrap();
    let circle = Stage::with("");
    symlink(".", circle.path("b")).unwrap();
    let body = Stage::with("[[mock]]\npath = \"/\"\nbody_file = \"b\"\n");
    symlink("/etc/passwd", body.path("b")).unwrap();
    let binary = Stage::with("").file("b.toml", b"# \xff");
    let dangling = Stage::with("");
    symlink("nowhere", dangling.path("b.toml")).unwrap();
    let body_folder = Stage::with("[[mock]]\npath = \"/\"\nbody_file = \"b\"\n").file("b/x", "");

    for (stage, words) in [
        (outside, "leads out of the folder"),
        (folder, "leads out of the folder"),
        (circle, "leads back to a folder"),
        (body, "leads out of the folder"),
        (binary, "is not UTF-8 at byte 2"),
        (dangling, "cannot read"),
        (body_folder, "is no file"),
        (Stage::new("folder = \"elsewhere\""), "cannot read"),
    ] {
        let mistake = stage.mistake();

        assert!(mistake.message.contains(words), "{mistake:?}");
        assert!(mistake.at.starts_with('"'), "{mistake:?}");
    }
}

#[test]
fn a_pipe_among_the_mocks_does_not_stop_the_start_for_ever() {
    let stage = Stage::with("");
    let made = std::process::Command::new("mkfifo")
        .arg(stage.path("b.toml"))
        .status()
        .unwrap();

    let mistake = stage.mistake();

    assert!(
        made.success() && mistake.message.ends_with("is no file"),
        "{mistake:?}"
    );
}

#[test]
fn everything_about_files_is_bounded() {
    let long = Stage::with(&"#".repeat(folder::MAX_FILE + 1));
    let deep = Stage::with("").file("1/2/3/4/5/a.toml", "");
    let mut many = Stage::with("");
    for number in 0..500 {
        many = many.file(&format!("{number}.toml"), "");
    }
    let mut large = Stage::with("");
    for number in 0..33 {
        large = large.file(&format!("{number}.toml"), "#".repeat(folder::MAX_FILE));
    }

    for (stage, words) in [
        (long, "is longer than 256 KiB"),
        (deep, "lies more than 4 folders deep"),
        (many, "are too many: more than 500 files"),
        (large, "are too many: more than 8 MiB"),
    ] {
        let mistake = stage.mistake();

        assert!(mistake.message.contains(words), "{}", mistake.message);
    }
}
