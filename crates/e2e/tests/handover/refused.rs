//! Nothing is taken over, and the process that serves goes on as if nobody had been there.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use graylane_handover::TakeError;
use graylane_testkit::{Gateway, LIMIT, Recipe, Upstream, binary, grayctl, replace, run};

use crate::stage::{failing, made_up, recipe, standing, switch, taker, until_back};

fn body(gateway: &Gateway) -> String {
    gateway.client().get("/", &[]).text()
}

/// A gateway that answers with this text itself.
fn answering(text: &str) -> Recipe {
    let recipe = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {text:?} }}\n"));
    crate::stage::probation(recipe, "300ms")
}

/// A copy of a binary in the gateway's folder, with this mode.
fn copy(gateway: &Gateway, of: &str, mode: u32) -> PathBuf {
    let path = gateway.folder().join(format!("binary-{mode:o}"));
    fs::copy(of, &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn what_is_no_binary_of_ours_is_never_started() {
    let upstream = Upstream::fixed("served");
    let gateway = recipe(upstream.address()).start();
    let own = binary().display().to_string();

    let stranger = switch(&gateway, &copy(&gateway, "/bin/true", 0o755));
    let nothing = switch(&gateway, &gateway.folder().join("none"));
    let locked = switch(&gateway, &copy(&gateway, &own, 0o644));
    let open = switch(&gateway, &copy(&gateway, &own, 0o757));

    assert_eq!((stranger.ran.code, nothing.ran.code), (11, 10), "{nothing:?}");
    assert_eq!((locked.ran.code, open.ran.code), (50, 50), "{locked:?} {open:?}");
    assert!(locked.ran.stderr.contains("is not executable"), "{locked:?}");
    assert!(open.ran.stderr.contains("everybody may write"), "{open:?}");
    assert_eq!(
        (&*body(&gateway), &standing(&gateway)["state"]),
        ("served", &"serving".into())
    );
}

#[test]
fn without_a_process_nothing_is_taken_over_unless_none_is_needed() {
    let upstream = Upstream::fixed("served");
    let setup = recipe(upstream.address()).setup();

    let refused = failing(&setup);
    let afresh = setup.argument("--take-over=if-running").start();
    let nowhere = failing(&Recipe::to(upstream.address()).setup());

    assert_eq!(refused.code, 20, "{refused:?}");
    assert!(refused.stderr.contains("--take-over=if-running"), "{refused:?}");
    assert_eq!(body(&afresh), "served");
    assert_eq!(nowhere.code, 20, "{nowhere:?}");
    assert!(nowhere.stderr.contains("handover.folder"), "{nowhere:?}");
}

#[test]
fn a_second_gateway_in_the_same_folder_is_told_who_is_there() {
    let upstream = Upstream::fixed("served");
    let setup = recipe(upstream.address()).setup();
    let gateway = setup.start();

    let second = setup.run(&["serve"]);

    assert_eq!(second.code, 22, "{second:?}");
    assert!(second.stderr.contains(&gateway.pid().to_string()), "{second:?}");
    assert_eq!(body(&gateway), "served");
}

#[test]
fn a_next_process_that_does_not_start_leaves_everything_as_it_was() {
    let gateway = answering("one").start();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let more = format!(
        "[listeners.more]\naddress = \"{}\"\n",
        taken.local_addr().unwrap()
    );

    replace(&gateway.file(), "[");
    let broken = switch(&gateway, &binary());
    replace(&gateway.file(), answering("two").more(&more).text());
    let in_use = switch(&gateway, &binary());
    let answer = gateway.order("PUT", "/config", answering("two").text());

    assert_eq!(
        (broken.ran.code, in_use.ran.code),
        (51, 51),
        "{broken:?} {in_use:?}"
    );
    assert!(broken.ran.stderr.contains("exit status: 11"), "{broken:?}");
    assert!(in_use.ran.stderr.contains("exit status: 12"), "{in_use:?}");
    assert!(in_use.ran.stderr.contains("does not start"), "{in_use:?}");
    assert_eq!(
        (answer.status, &*body(&gateway)),
        (200, "two"),
        "{}",
        answer.text()
    );
}

#[test]
fn of_two_that_would_take_over_the_second_is_told_who_the_first_is() {
    let upstream = Upstream::fixed("served");
    let setup = recipe(upstream.address()).setup();
    let gateway = setup.start();
    let first = made_up(&gateway);

    let second = failing(&setup);
    let third = switch(&gateway, &binary());
    drop(first);
    let reason = until_back(&gateway);

    let who = format!("process {} takes over already", std::process::id());
    assert_eq!(second.code, 20, "{second:?}");
    assert!(second.stderr.contains(&who), "{second:?}");
    assert_eq!(third.ran.code, 50, "{third:?}");
    assert!(reason.contains("hung up"), "{reason}");
    assert_eq!(body(&gateway), "served");
}

#[test]
fn what_is_wanted_while_another_process_gets_ready_is_refused_or_made_good_afterwards() {
    let gateway = answering("one").start();
    let next = made_up(&gateway);

    let put = gateway.order("PUT", "/config", answering("put").text());
    replace(&gateway.file(), answering("file").text());
    gateway.signal("HUP");
    let meanwhile = body(&gateway);
    next.1.give_up("a test");
    drop(next.0);
    gateway.until_revision(2);

    assert_eq!(put.status, 503, "{}", put.text());
    assert!(
        put.text().contains("another process is taking over"),
        "{}",
        put.text()
    );
    assert_eq!((&*meanwhile, &*body(&gateway)), ("one", "file"));
    assert!(until_back(&gateway).contains("a test"));
}

#[test]
fn strangers_at_the_door_change_nothing() {
    let upstream = Upstream::fixed("served");
    let gateway = recipe(upstream.address()).start();
    let knock = |bytes: &[u8]| {
        let mut stream = UnixStream::connect(gateway.folder().join("run/handover.sock")).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map(|_| answer)
    };
    let frame = |version: u16, length: u32, body: &str| {
        let mut bytes = b"GRLN".to_vec();
        bytes.extend(version.to_be_bytes());
        bytes.extend([0, 1, 0, 0, 0, 0]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(body.as_bytes());
        bytes
    };

    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        frame(0, 2, "{}"),
        frame(1, 1 << 30, ""),
        frame(1, 100, "{\"protocol\":1"),
        frame(1, 9, "{\"pid\":1}"),
        Vec::new(),
    ] {
        let _ = knock(&bytes);
    }
    let mut status = Command::new(grayctl());
    status
        .args(["switch", "status", "--folder"])
        .arg(gateway.folder().join("run"));
    let status = run(&mut status);

    assert_eq!(status.code, 0, "{status:?}");
    assert!(status.stdout.contains("serving"), "{status:?}");
    assert_eq!(body(&gateway), "served");
}

#[test]
fn a_process_on_its_way_out_hands_nothing_over() {
    let upstream = Upstream::start(|turn| turn.hang());
    let gateway = recipe(upstream.address()).drain("limit = \"20s\"").start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    upstream.until_request("the request arrived", |_| true);

    gateway.terminate();
    gateway.until_event("draining");
    client.set_limit(Duration::from_secs(1));
    let refused = taker(&gateway).map(drop).unwrap_err();

    assert!(
        matches!(
            refused,
            TakeError::Refused(_) | TakeError::NobodyThere | TakeError::Broken { .. }
        ),
        "{refused}"
    );
}
