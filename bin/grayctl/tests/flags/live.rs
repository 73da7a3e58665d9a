//! Against a made-up gateway that answers with what it is told to and remembers what it was asked; and, where the variable
//! `GRAYLANE_BIN` names one, against a real one.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;

/// Answers as many requests as there are answers; each request as it came: line, headers, body.
fn gateway(answers: Vec<(u16, String)>) -> (String, Receiver<(String, String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for (status, body) in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let (mut headers, mut length) = (String::new(), 0);
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                if header.trim().is_empty() {
                    break;
                }
                if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                headers.push_str(&header);
            }
            let mut asked = vec![0; length];
            reader.read_exact(&mut asked).unwrap();
            let asked = String::from_utf8(asked).unwrap();
            sender.send((line.trim().to_owned(), headers, asked)).unwrap();
            let head = format!(
                "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes()).unwrap();
        }
    });
    (url, receiver)
}

fn flags() -> String {
    let definition = r#"{"state":"ENABLED","variants":{"off":false,"on":true},"defaultVariant":"off","split":{"share":5000,"of":100000,"on":"on","off":"off"}}"#;
    format!(
        r#"{{"revision": 3, "files": ["a.toml", "b.toml"], "flags": [{{"key": "shop-v2", "origin": "/etc/b.toml:1", "variants": ["on", "off"], "definition": {definition}}}]}}"#
    )
}

#[test]
fn list_and_get_ask_the_gateway() {
    let folder = Folder::new();
    let (url, asked) = gateway(vec![(200, flags()), (200, flags())]);

    let (_, list, _) = folder.flags(&["list", "--live", &url]);
    let (_, get, _) = folder.flags(&["get", "shop-v2", "--live", &url]);

    assert_eq!(
        list,
        "flag     state   type     variants  default  rule  where\n\
         shop-v2  gray-5  boolean  on,off    off      no    /etc/b.toml:1\n"
    );
    assert!(
        get.contains("split          5 % on, else off, by the targeting key\n"),
        "{get}"
    );
    let (line, headers, _) = asked.recv().unwrap();
    assert_eq!(line, "GET /flags HTTP/1.1");
    assert!(
        !headers.to_ascii_lowercase().contains("authorization"),
        "{headers}"
    );
}

#[test]
fn explain_asks_with_the_whole_context() {
    let folder = Folder::new();
    let answer = r#"{"revision": 3, "origin": "b.toml:1", "file_revision": 8, "explanation": {"flag": "shop-v2",
        "answer": {"value": null, "variant": null, "reason": "DISABLED", "error": null}, "prerequisites": [], "rule": null, "split": null}}"#;
    let (url, asked) = gateway(vec![(200, answer.to_owned())]);

    let (_, out, _) = folder.flags(&[
        "explain",
        "shop-v2",
        "--live",
        &url,
        "--targeting-key",
        "a+b",
        "--field",
        "n=1",
        "--context",
        r#"{"m": {"x": [1]}}"#,
    ]);

    assert_eq!(
        out,
        "shop-v2: left to the default in the code, reason DISABLED\n\n\
         from b.toml:1, revision 8 of the file, revision 3 of the gateway\n"
    );
    assert_eq!(
        asked.recv().unwrap().0,
        "GET /flags/explain?key=shop-v2&context=%7B%22n%22%3A1%2C%22m%22%3A%7B%22x%22%3A%5B1%5D%7D%7D&targetingKey=a%2Bb HTTP/1.1"
    );
}

#[test]
fn set_fetches_the_files_and_puts_the_one_that_counts() {
    let folder = Folder::new();
    folder.write("token", "s3cret\n");
    let file = "revision = 1\n[flags.shop-v2]\nstate = \"gray-5\"\n";
    let (url, asked) = gateway(vec![
        (200, flags()),
        (200, "[flags.x]\nstate = 1\nvariants.a = 1\n".to_owned()),
        (200, file.to_owned()),
        (200, r#"{"outcome": "accepted", "revision": 4}"#.to_owned()),
    ]);

    let (code, out, err) = folder.flags(&[
        "set",
        "shop-v2",
        "gray-6",
        "--live",
        &url,
        "--token-file",
        "token",
    ]);

    assert_eq!(
        out,
        "b.toml:1: revision 1 -> 2\nb.toml:3: state \"gray-5\" -> \"gray-6\"\nthe gateway has revision 4\n"
    );
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let asked: Vec<_> = asked.iter().collect();
    let lines: Vec<&str> = asked.iter().map(|(line, _, _)| line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /flags HTTP/1.1",
            "GET /flags/file?file=a.toml HTTP/1.1",
            "GET /flags/file?file=b.toml HTTP/1.1",
            "PUT /flags?file=b.toml HTTP/1.1"
        ]
    );
    assert!(
        asked
            .iter()
            .all(|(_, headers, _)| headers.contains("authorization: Bearer s3cret"))
    );
    assert_eq!(asked[3].2, "revision = 2\n[flags.shop-v2]\nstate = \"gray-6\"\n");
}

#[test]
fn a_change_needs_a_token_that_is_never_shown() {
    let folder = Folder::new();
    let (url, _asked) = gateway(vec![(
        401,
        r#"{"error": "this is no token", "hint": "send one"}"#.to_owned(),
    )]);
    let set = ["set", "shop-v2", "on", "--live", &url];

    let (none, _, message) = folder.flags(&set);
    let (odd, _, shown) = folder.flags_with(&set, &[("GRAYLANE_TOKEN", "s3 cret")]);
    let (refused, _, why) = folder.flags_with(&set, &[("GRAYLANE_TOKEN", "s3cret")]);

    assert!(
        message.starts_with("error: a change needs a token\n"),
        "{message}"
    );
    assert!(!shown.contains("cret"), "{shown}");
    assert_eq!(
        why,
        "error: the gateway refuses (401): this is no token\nhint: send one\n"
    );
    assert_eq!((none, odd, refused), (Some(2), Some(2), Some(41)));
}

#[test]
fn a_gateway_that_wants_signatures_says_how_to_go_on() {
    let folder = Folder::new();
    let rejected =
        r#"{"outcome": "rejected", "errors": [{"message": "b.toml has no signature", "hint": "sign it"}]}"#;
    let (url, _asked) = gateway(vec![
        (200, flags().replace("\"a.toml\", ", "")),
        (200, "[flags.shop-v2]\nstate = \"gray-5\"\n".to_owned()),
        (422, rejected.to_owned()),
    ]);

    let (code, out, err) = folder.flags_with(
        &["set", "shop-v2", "gray-6", "--live", &url],
        &[("GRAYLANE_TOKEN", "x")],
    );

    assert_eq!((code, out.as_str()), (Some(41), ""));
    assert!(
        err.starts_with("error: the gateway refuses (422): b.toml has no signature\nhint: this gateway takes signed files only: "),
        "{err}"
    );
}

#[test]
fn a_redirect_is_not_followed_and_what_is_no_gateway_is_said_so() {
    let folder = Folder::new();
    let (url, _asked) = gateway(vec![(302, String::new()), (200, "<html>".to_owned())]);

    let (redirected, _, _) = folder.flags(&["list", "--live", &url]);
    let (page, _, err) = folder.flags(&["list", "--live", &url]);
    let (tls, _, _) = folder.flags(&["list", "--live", "https://127.0.0.1:1"]);
    let (nobody, _, _) = folder.flags(&["list", "--live", "http://127.0.0.1:1"]);

    assert!(
        err.starts_with("error: what answers at http://127.0.0.1:"),
        "{err}"
    );
    assert_eq!(
        (redirected, page, tls, nobody),
        (Some(41), Some(40), Some(2), Some(40))
    );
}

#[test]
fn a_real_gateway_lists_explains_and_takes_a_change() {
    if std::env::var_os("GRAYLANE_BIN").is_none() {
        eprintln!("SKIPPED: GRAYLANE_BIN names no gateway");
        return;
    }
    let folder = Folder::new();
    let file = |name: &str| folder.path(name).display().to_string();
    let (toml, json) = (file("flags.toml"), file("team.json"));
    // The token is `test`.
    let gateway = graylane_testkit::Gateway::start(&format!(
        "[listeners.web]\naddress = \"127.0.0.1:0\"\n[admin]\naddress = \"127.0.0.1:0\"\n[services.shop]\n\
         [lanes.shop.stable]\nrespond = {{ status = 200 }}\n[flags]\nfiles = [\"{toml}\", \"{json}\"]\n\
         [admin.tokens.ops]\nsha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\n"
    ));
    let url = format!("http://{}", gateway.admin());
    let offline = |arguments: &[&str]| {
        folder
            .flags(&[arguments, &["flags.toml", "team.json"]].concat())
            .1
    };
    let live = |arguments: &[&str]| folder.flags(&[arguments, &["--live", &url]].concat()).1;
    let places_aside = |text: String| text.replace(&file(""), "");

    assert_eq!(places_aside(live(&["list"])), offline(&["list"]));
    assert_eq!(
        places_aside(live(&["get", "shop-v2"])),
        offline(&["get", "shop-v2"])
    );
    let explained = live(&["explain", "theme", "--context", r#"{"targetingKey": "42"}"#]);
    assert!(
        explained.contains("flagd-v2: hash 0x2c9f709f, bucket 17 of 100\n    > 0 to 29: dark\n"),
        "{explained}"
    );

    let (code, out, err) = folder.flags_with(
        &["set", "limit", "off", "--default", "high", "--live", &url],
        &[("GRAYLANE_TOKEN", "test")],
    );

    assert!(out.ends_with("\nthe gateway has revision 2\n"), "{out}{err}");
    assert_eq!(code, Some(0));
    assert!(folder.text("team.json").contains("\"defaultVariant\": \"high\""));
    assert!(live(&["list"]).contains("limit    disabled  number   low,high    high"));
    let (refused, _, _) = folder.flags_with(
        &["set", "limit", "on", "--live", &url],
        &[("GRAYLANE_TOKEN", "other")],
    );
    assert_eq!(refused, Some(41));
    assert_eq!(gateway.ask("/flags/file?file=flags.toml").status, 401);
}
