//! The examples of `docs/flags.md`.

use super::*;

/// The blocks of one language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    let mark = format!("```{language}\n");
    let blocks = text.split(&mark).skip(1);
    blocks.map(|block| block.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_works() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flags.md")).unwrap();
    let (toml, json) = (blocks(&text, "toml"), blocks(&text, "json"));
    let folder = Folder::new();
    folder.write("flags.toml", toml[0]);
    folder.write("new.toml", &toml[0].replace("revision = 1", "revision = 2"));
    folder.write("team.json", "{\"flags\": {}}");
    folder.write("users.txt", "1\n2\n");
    folder.write("more.toml", toml[1]);
    folder.write("more.json", json[0]);

    let files = [&["flags.toml"], &["more.toml"], &["more.json"]];
    let lints = files.map(|file| folder.flags(&[&["lint", "--strict"], &file[..]].concat()));
    let commands = blocks(&text, "sh");
    let lines: Vec<&str> = commands.iter().flat_map(|block| block.lines()).collect();
    let codes: Vec<_> = lines
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.strip_prefix("grayctl flags ").unwrap().split(' ').collect();
            (*line, folder.flags(&words))
        })
        .collect();

    assert!(lints.iter().all(|(code, _, _)| *code == Some(0)), "{lints:?}");
    assert_eq!((toml.len(), json.len(), lines.len()), (2, 1, 7));
    for (line, (code, _, err)) in codes {
        assert_eq!((code, err.as_str()), (Some(0), ""), "{line}");
    }
    let same = |file: &str| folder.json(&["get", "--json", "shop-v2", file])["targeting"].clone();
    assert_eq!(same("flags.toml"), same("more.json"));
}
