//! Everything that can happen to files, again and again and in any order, while clients are served.
//!
//! It runs for 20 seconds, or for `GRAYLANE_E2E_SOAK` seconds. The order is drawn from a seed, which is printed;
//! `GRAYLANE_E2E_SEED` draws the same one again.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use graylane_testkit::{Client, Dice, Gateway, LIMIT, Recipe, Traffic, eventually, grayctl, replace, run};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A lane must never be told of a number that its flag does not have: both say the same one.
fn configuration(n: u64) -> String {
    Recipe::new()
        .server("state = \"state\"")
        .lane_lines("stable", &format!("respond = {{ body = \"stable {n}\" }}\n"))
        .lane_lines(
            "canary",
            &format!("flag = \"shop-v2\"\nrespond = {{ body = \"canary {n}\" }}\n"),
        )
        .with_token()
        .more(&format!(
            "[flags]\nfiles = [\"flags.toml\"]\n[ofrep]\naddress = \"127.0.0.1:0\"\n# {n}\n"
        ))
        .text()
}

fn flags(n: u64) -> String {
    let mut text = format!(
        "[flags.shop-v2]\nstate = \"gray-{}\"\n[flags.number]\nstate = \"enabled\"\ndefaultVariant = \"now\"\n\
         [flags.number.variants]\nnow = {n}\n",
        n % 101
    );
    // Some length, so that a reader may meet a part of it.
    for more in 0..200 {
        text += &format!("[flags.more-{more}]\nstate = \"gray-{}\"\n", (n + more) % 101);
    }
    text
}

/// A user is served by one of the lanes, with the right number of words.
fn visit(client: &mut Client, connection: (&str, &str)) -> Result<(), String> {
    let answer = client.try_request("GET", "/", &[("X-User-Id", "42"), connection], b"")?;
    let text = answer.text();
    let is_right = |lane: &str| {
        let number = text.strip_prefix(lane).and_then(|rest| rest.parse::<u64>().ok());
        number.is_some() && answer.header("x-gray-version") == Some(lane.trim())
    };
    (answer.status == 200 && (is_right("stable ") || is_right("canary ")))
        .then_some(())
        .ok_or_else(|| format!("{} {:?}: {text}", answer.status, answer.head))
}

/// The flag server knows the flag, and its value is a number.
fn evaluate(client: &mut Client, connection: (&str, &str)) -> Result<(), String> {
    let body = br#"{"context":{"targetingKey":"42"}}"#;
    let answer = client.try_request("POST", "/ofrep/v1/evaluate/flags/shop-v2", &[connection], body)?;
    (answer.status == 200 && answer.json()["value"].is_boolean())
        .then_some(())
        .ok_or_else(|| format!("{}: {}", answer.status, answer.text()))
}

/// One of the two files, and what it may have in it.
struct Watched {
    path: PathBuf,
    target: &'static str,
    content: fn(u64) -> String,
}

/// Does something to a file, and gives a word for it.
fn meddle(dice: &mut Dice, n: u64, file: &Watched, gateway: &Gateway, traffic: &Traffic) -> &'static str {
    let path = &*file.path;
    let good = (file.content)(n);
    match dice.below(13) {
        0 => {
            fs::write(path, good).unwrap();
            "rewrite"
        }
        1 => {
            replace(path, good);
            "replace"
        }
        2 => {
            let piece = 1 + dice.below(good.len() as u64) as usize;
            for end in (piece..=good.len() + piece).step_by(piece).take(6) {
                fs::write(path, &good[..end.min(good.len())]).unwrap();
                traffic.until_more(dice.below(300));
            }
            "write in pieces"
        }
        3 => {
            fs::write(path, "").unwrap();
            "empty"
        }
        4 => {
            // Within the first flag or before the lanes, so that what is left is not a whole file by chance.
            fs::write(path, &good[..dice.below(30) as usize]).unwrap();
            "truncate"
        }
        5 => {
            let mut bytes = good.into_bytes();
            for _ in 0..=dice.below(20) {
                let at = dice.below(bytes.len() as u64) as usize;
                // No text has this byte.
                bytes[at] = 0xff;
            }
            fs::write(path, bytes).unwrap();
            "corrupt"
        }
        6 => {
            let _ = fs::remove_file(path);
            "remove"
        }
        7 => {
            let aside = path.with_extension("aside");
            let _ = fs::rename(path, &aside);
            traffic.until_more(dice.below(2000));
            let _ = fs::rename(&aside, path);
            "move away and back"
        }
        8 => {
            let real = path.with_extension(format!("real{}", n % 3));
            let link = path.with_extension("link");
            fs::write(&real, good).unwrap();
            let _ = fs::remove_file(&link);
            symlink(&real, &link).unwrap();
            fs::rename(&link, path).unwrap();
            "link"
        }
        9 => {
            let _ = fs::remove_file(path);
            fs::create_dir_all(path.with_extension("folder")).unwrap();
            let _ = fs::rename(path.with_extension("folder"), path);
            traffic.until_more(dice.below(500));
            let _ = fs::remove_dir(path);
            "put a folder there"
        }
        10 => {
            gateway.order("PUT", file.target, good);
            "put"
        }
        11 => {
            gateway.order("PUT", file.target, "[ this is nothing");
            "put nonsense"
        }
        _ => {
            gateway.signal("HUP");
            "hang up"
        }
    }
}

fn verified(folder: &Path) -> String {
    let ran = run(Command::new(grayctl())
        .args(["audit", "verify"])
        .arg(folder.join("state")));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.stdout.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn whatever_happens_to_the_files_nobody_is_failed_and_the_last_good_ones_come_into_use() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seed = number("GRAYLANE_E2E_SEED").unwrap_or(now.as_secs());
    let limit = Duration::from_secs(number("GRAYLANE_E2E_SOAK").unwrap_or(20));
    eprintln!("GRAYLANE_E2E_SEED={seed}");
    let mut dice = Dice::new(seed);
    let setup = graylane_testkit::Setup::new(&configuration(0))
        .file("flags.toml", flags(0))
        .argument("--grayscale-on");
    let gateway = setup.start();
    let files = [
        Watched {
            path: setup.path("graylane.toml"),
            target: "/config",
            content: configuration,
        },
        Watched {
            path: setup.path("flags.toml"),
            target: "/flags",
            content: flags,
        },
    ];
    let visitors = Traffic::start(gateway.address(), 1, visit);
    let evaluations = Traffic::start(gateway.ofrep(), 1, evaluate);
    visitors.until_more(100);
    let memory = gateway.resident_memory();

    let (end, mut n, mut done) = (Instant::now() + limit, 0, Vec::new());
    while Instant::now() < end {
        n += 1;
        let file = &files[dice.below(2) as usize];
        done.push(meddle(&mut dice, n, file, &gateway, &visitors));
        // Sometimes at once, sometimes after the watch has had its time.
        visitors.until_more([0, 10, 300, 1500][dice.below(4) as usize]);
        let readiness = gateway.readiness();
        assert_eq!(readiness["ready"], true, "{readiness}");
    }
    for file in &files {
        let _ = fs::remove_file(&file.path);
        fs::write(&file.path, (file.content)(n)).unwrap();
    }

    eventually(LIMIT, "the last files are in use", || {
        let text = gateway.client().get("/", &[("X-User-Id", "42")]).text();
        let body = br#"{"context":{"targetingKey":"42"}}"#;
        let mut client = Client::connect(gateway.ofrep());
        let number = client.post("/ofrep/v1/evaluate/flags/number", body).json();
        text.ends_with(&format!(" {n}")) && number["value"] == n
    });
    gateway.until_nothing_is_rejected();
    let answers = visitors.end() + evaluations.end();
    let growth = gateway.resident_memory().saturating_sub(memory);
    let (accepted, rejected) = ["file", "signal", "admin"]
        .iter()
        .fold((0, 0), |(good, bad), by| {
            (
                good + gateway.changes(by, "accepted"),
                bad + gateway.changes(by, "rejected"),
            )
        });
    eprintln!(
        "{} deeds, {accepted} changes accepted, {rejected} refused, {answers} answers, none failed; memory grew by {} KiB; {}",
        done.len(),
        growth >> 10,
        verified(setup.folder())
    );
    assert!(accepted > 0 && rejected > 0, "{done:?}");
    assert!(growth < 64 << 20, "memory grew by {growth} bytes");
    assert_eq!(
        gateway.order("POST", "/reload", "").json()["outcome"],
        "unchanged"
    );
}
