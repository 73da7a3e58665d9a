use super::*;
use crate::upstream::Upstream;

/// A stand-in for the gateway: a shell script that says it is ready at these addresses and then waits for SIGTERM.
fn stand_in(folder: &TempDir, web: SocketAddr, end: &str) -> PathBuf {
    let file = folder.path().join("stand-in");
    let ready =
        format!(r#"{{"event":"ready","pid":1,"admin":"{web}","listeners":{{"web":"{web}"}},"revision":1}}"#);
    let script = format!(
        "#!/bin/sh\ntrap 'echo \"{{\\\"event\\\":\\\"stopped\\\"}}\"; kill $!; exit 5' TERM\n\
         for last; do :; done; echo \"reading $last\" >&2\n{end}\necho '{ready}'\nsleep 30 >/dev/null 2>&1 &\nwait\n"
    );
    // Written by another process: while a thread of this one has a program open for writing, a process forked at that
    // moment by another test holds it open too, and starting it fails.
    let write = "printf '%s' \"$2\" > \"$1\" && chmod 755 \"$1\"";
    let written = Command::new("sh")
        .args(["-c", write, "write"])
        .arg(&file)
        .arg(script)
        .status()
        .unwrap();
    assert!(written.success());
    file
}

#[test]
fn a_gateway_is_started_asked_told_to_end_and_waited_for() {
    let folder = TempDir::new().unwrap();
    let upstream = Upstream::fixed("hello");
    let mut gateway = Gateway::start_binary(&stand_in(&folder, upstream.address(), ""), "a = 1\n");

    let response = gateway.client().get("/", &[]);
    gateway.terminate();

    assert_eq!(response.text(), "hello");
    assert_eq!(gateway.wait(LIMIT), 5);
    gateway.until_event("stopped");
    assert_eq!(
        gateway.stderr(),
        format!("reading {}\n", gateway.file().display())
    );
    assert_eq!(fs::read_to_string(gateway.file()).unwrap(), "a = 1\n");
}

#[test]
#[should_panic(expected = "the gateway ended before it was ready")]
fn a_gateway_that_does_not_become_ready_fails_the_test_at_once() {
    let folder = TempDir::new().unwrap();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));

    Gateway::start_binary(&stand_in(&folder, nowhere, "exit 11"), "");
}

#[test]
fn the_process_ends_with_the_value() {
    let folder = TempDir::new().unwrap();
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 9));
    let gateway = Gateway::start_binary(&stand_in(&folder, nowhere, ""), "");
    let process = PathBuf::from(format!("/proc/{}", gateway.pid()));
    let (lived, memory) = (process.exists(), gateway.resident_memory());

    drop(gateway);

    assert!(lived && memory > 0 && !process.exists());
}
