//! The command line: what each command prints, and how it ends.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use graylane_testkit::{Build, Ran, binary, run};
use tempfile::TempDir;

const RIGHT: &str = "[listeners.web]\naddress = \"127.0.0.1:0\"\n[admin]\naddress = \"127.0.0.1:0\"\n\
                     [services.shop]\nbaseline = \"stable\"\n[lanes.shop.stable]\nrespond = { body = \"x\" }\n";

fn graylane(arguments: &[&str]) -> Ran {
    run(Command::new(binary()).args(arguments))
}

/// Runs a command on a file with this text.
fn on(command: &str, text: &str) -> Ran {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("gray.toml");
    fs::write(&file, text).expect("a writable temporary folder");
    run(Command::new(binary()).args([command, "-c"]).arg(file))
}

/// Fails unless the message has the place and a hint.
fn assert_message(ran: &Ran, code: i32, place: &str, words: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.stderr.contains(place), "no {place}: {}", ran.stderr);
    assert!(ran.stderr.contains("hint:"), "no hint: {}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "no {word}: {}", ran.stderr);
    }
}

#[test]
fn a_right_file_passes_the_check() {
    let ran = on("check", RIGHT);

    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
}

#[test]
fn a_check_lists_the_hosts_and_paths_of_each_service() {
    let hosts = "hosts = [\"a.test\", \"*.a.test\"]\npaths = [\"/cart\"]\nbaseline";

    let (any, some) = (on("check", RIGHT), on("check", &RIGHT.replace("baseline", hosts)));

    assert!(any.stdout.contains("shop: hosts *; paths /\n"), "{}", any.stdout);
    assert!(
        some.stdout
            .contains("shop: hosts a.test, *.a.test; paths /cart\n"),
        "{}",
        some.stdout
    );
}

#[test]
fn a_check_can_be_read_by_a_machine() {
    let folder = TempDir::new().unwrap();
    let check = |text: &str| {
        let file = folder.path().join("gray.toml");
        fs::write(&file, text).unwrap();
        run(Command::new(binary()).args(["check", "--json", "-c"]).arg(file))
    };

    let (right, wrong) = (check(RIGHT), check("wrong = 1\n"));

    assert_eq!((right.code, wrong.code), (0, 11));
    assert!(right.json().is_object() && wrong.json().is_object());
}

#[test]
fn a_file_that_cannot_be_read_ends_with_10() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing.toml");

    for command in ["serve", "check"] {
        for path in [missing.as_path(), folder.path()] {
            let ran = run(Command::new(binary()).args([command, "-c"]).arg(path));

            assert_message(&ran, 10, &path.display().to_string(), &[]);
        }
    }
}

#[test]
fn a_wrong_file_ends_with_11_and_says_where() {
    let replaced = |from: &str, to: &str| RIGHT.replacen(from, to, 1);
    let lane = |line: &str| format!("{RIGHT}[lanes.shop.canary]\nrespond = {{ body = \"y\" }}\n{line}\n");
    let wrong = [
        (2, replaced("127.0.0.1:0", "nowhere"), "nowhere"),
        (
            4,
            replaced(
                "[admin]\naddress = \"127.0.0.1:0\"",
                "[admin]\naddress = \"0.0.0.0:0\"",
            ),
            "0.0.0.0",
        ),
        (6, replaced("baseline", "baselime"), "baseline"),
        (6, replaced("\"stable\"", "\"blue\""), "blue"),
        (
            8,
            replaced("respond = { body = \"x\" }", "endpoints = [\"127.0.0.1:99999\"]"),
            "99999",
        ),
        (
            8,
            replaced("respond = { body = \"x\" }", "endpoints = []"),
            "endpoints",
        ),
        (9, format!("{RIGHT}[modules.no-such]\n"), "no-such"),
        (9, format!("{RIGHT}[servises.x]\n"), "services"),
        (9, format!("{RIGHT}a = = 1\n"), ""),
        (10, format!("{RIGHT}[limits]\nbody = \"big\"\n"), "big"),
        (10, format!("{RIGHT}[limits]\nhead = \"2MiB\"\n"), "head"),
        (10, format!("{RIGHT}[server]\nworkers = 0\n"), "workers"),
        (11, lane("weight = 5.00005"), "0.001"),
        (11, lane("weight = 101"), "100"),
        (11, lane("wieght = 5"), "weight"),
        (11, lane("flag = \"nowhere\""), "nowhere"),
    ];

    for (line, text, word) in &wrong {
        let place = format!("gray.toml:{line}:");
        for command in ["check", "serve"] {
            assert_message(&on(command, text), 11, &place, &[word]);
        }
    }
}

#[test]
fn the_place_of_a_mistake_is_file_line_and_column() {
    let misspelt = on("check", &RIGHT.replace("baseline", "baselime"));
    let out_of_range = on("check", &format!("{RIGHT}[limits]\n  headers = 1001\n"));

    assert_message(&misspelt, 11, "gray.toml:6:1", &["baselime", "baseline"]);
    assert_message(&out_of_range, 11, "gray.toml:10:13", &["headers", "1000"]);
}

#[test]
fn lanes_that_take_more_than_everything_are_refused() {
    let lane = |name: &str, weight: &str| {
        format!("[lanes.shop.{name}]\nweight = {weight}\nrespond = {{ body = \"{name}\" }}\n")
    };

    let ran = on(
        "check",
        &format!("{RIGHT}{}{}", lane("one", "60"), lane("two", "40.001")),
    );
    let full = on(
        "check",
        &format!("{RIGHT}{}{}", lane("one", "60"), lane("two", "40")),
    );

    assert_message(&ran, 11, "gray.toml:", &["100"]);
    assert_eq!(full.code, 0, "{full:?}");
}

#[test]
fn an_address_in_use_ends_with_12_and_says_where_it_stands() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let listener = on("serve", &RIGHT.replacen("127.0.0.1:0", &address, 1));
    let admin = on(
        "serve",
        &RIGHT.replacen(
            "[admin]\naddress = \"127.0.0.1:0\"",
            &format!("[admin]\naddress = \"{address}\""),
            1,
        ),
    );

    assert_message(&listener, 12, "gray.toml:2:", &[&address]);
    assert_message(&admin, 12, "gray.toml:4:", &[&address]);
}

#[test]
fn a_privileged_port_without_the_right_ends_with_13() {
    let first_free: u16 = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start")
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    if first_free < 2 {
        eprintln!("left out: this system lets everybody use every port");
        return;
    }
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gray.toml");
    fs::write(&file, RIGHT.replacen("127.0.0.1:0", "127.0.0.1:1", 1)).unwrap();
    // Port 1 is free everywhere. A root user keeps everything but the right to use it; another user has no such right,
    // and neither the permission to drop it.
    let root =
        fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
    let mut command = if root {
        Command::new("setpriv")
    } else {
        Command::new(binary())
    };
    if root {
        command
            .args([
                "--bounding-set",
                "-net_bind_service",
                "--inh-caps",
                "-net_bind_service",
            ])
            .arg(binary());
    }

    let ran = run(command.args(["serve", "-c"]).arg(&file));
    let checked = run(Command::new(binary()).args(["check", "-c"]).arg(&file));

    assert_message(&ran, 13, "gray.toml:2:", &["127.0.0.1:1"]);
    // A check may run elsewhere, with other rights than the gateway will have.
    assert_eq!(checked.code, 0, "{checked:?}");
}

#[test]
fn an_address_of_another_machine_ends_with_14() {
    // RFC 5737: 192.0.2.0/24 is for documentation, and no machine has it.
    let ran = on("serve", &RIGHT.replacen("127.0.0.1:0", "192.0.2.1:8080", 1));

    assert_message(&ran, 14, "gray.toml:2:", &["192.0.2.1"]);
}

#[test]
fn a_host_that_no_service_has_ends_explain_with_17() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gray.toml");
    fs::write(&file, RIGHT.replace("baseline", "hosts = [\"a.test\"]\nbaseline")).unwrap();

    let ran = run(Command::new(binary())
        .args(["explain", "--host", "b.test", "--path", "/", "-c"])
        .arg(file));

    assert_eq!(ran.code, 17, "{ran:?}");
    assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
}

#[test]
fn what_is_no_command_ends_with_2() {
    for arguments in [
        &["sreve"][..],
        &["serve", "--no-such"],
        &["explain", "-c"],
        &["--no-such"],
    ] {
        let ran = graylane(arguments);

        assert_eq!(ran.code, 2, "{arguments:?}: {ran:?}");
        assert!(!ran.stderr.is_empty() && ran.stdout.is_empty(), "{arguments:?}");
    }
    assert!(graylane(&["sreve"]).stderr.contains("serve"));
}

#[test]
fn the_version_names_the_channel_and_the_build() {
    let ran = graylane(&["--version"]);

    assert_eq!(ran.code, 0);
    let words: Vec<_> = ran
        .stdout
        .split(|c: char| c.is_whitespace() || "(),".contains(c))
        .collect();
    assert!(words.contains(&Build::under_test().channel), "{}", ran.stdout);
    assert!(
        words[0] == "graylane" && words[1].starts_with(|c: char| c.is_ascii_digit()),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_description_that_is_no_request_ends_explain_with_2() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("gray.toml");
    fs::write(&file, RIGHT).unwrap();
    let explain = |more: [&str; 2]| {
        run(Command::new(binary())
            .args(["explain", "--host", "a.test", "-c"])
            .arg(&file)
            .args(more))
    };

    let answers = [["--path", "no-slash"], ["-H", "no colon"], ["-H", "no name: x"]].map(explain);

    for ran in answers {
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    }
}

#[test]
fn the_help_names_every_command_and_each_command_has_its_own() {
    let ran = graylane(&["--help"]);

    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    for word in [
        "serve",
        "check",
        "modules",
        "explain",
        "completion",
        "graylane serve --env dev -c",
        "--version",
    ] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/exit-codes.md");
    let page = fs::read_to_string(page).unwrap();
    let of_graylane = page.split("## `grayctl`").next().unwrap_or_default();
    let rows = of_graylane
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let codes: Vec<u8> = rows.filter_map(|code| code.parse().ok()).collect();
    assert!(codes.len() > 9, "{page}");
    for code in codes {
        assert!(
            ran.stdout.contains(&format!("\n  {code:2}  ")),
            "{code}: {}",
            ran.stdout
        );
    }
    for command in ["serve", "check", "modules", "explain", "completion"] {
        let ran = graylane(&[command, "--help"]);

        assert!(
            ran.code == 0 && ran.stdout.contains("Usage"),
            "{command}: {ran:?}"
        );
    }
}

#[test]
fn a_shell_gets_its_completion() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = graylane(&["completion", shell]);

        assert!(
            ran.code == 0 && ran.stdout.contains("explain"),
            "{shell}: {ran:?}"
        );
    }
}

#[test]
fn a_completion_that_nobody_reads_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);

    let ended = Command::new(binary())
        .args(["completion", "bash"])
        .stdout(writer)
        .output()
        .unwrap();

    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}

#[test]
fn a_gateway_that_does_not_start_never_says_that_it_is_ready() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = TempDir::new().unwrap();
    let file: PathBuf = folder.path().join("gray.toml");
    fs::write(
        &file,
        RIGHT.replacen("127.0.0.1:0", &taken.local_addr().unwrap().to_string(), 1),
    )
    .unwrap();

    let ran = run(Command::new(binary()).args(["serve", "--json", "-c"]).arg(file));

    assert!(
        ran.code == 12 && !ran.stdout.contains(r#""event":"ready""#),
        "{ran:?}"
    );
}
