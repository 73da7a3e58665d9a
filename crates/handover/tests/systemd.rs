//! Sockets that another program opened for this one, as systemd does.

use std::env;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use graylane_handover::systemd;

#[test]
fn a_program_finds_the_sockets_that_were_opened_for_it() {
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = web.local_addr().unwrap().to_string();

    // The shell makes what is its standard input number 3, and stays the same process.
    let output = Command::new("sh")
        .args([
            "-c",
            r#"exec 3<&0 </dev/null; export LISTEN_PID=$$; exec "$0" "$@""#,
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "the_program", "--ignored", "--nocapture"])
        .env("LISTEN_FDS", "1")
        .env("LISTEN_FDNAMES", "web")
        .env("EXPECTED_ADDRESS", &address)
        .stdin(Stdio::from(OwnedFd::from(web)))
        .output()
        .unwrap();

    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(&format!("web at {address}, then 0\n")), "{told}");
}

#[test]
#[ignore = "the program of the test above, started by it"]
fn the_program() {
    if env::var_os("EXPECTED_ADDRESS").is_none() {
        return;
    }
    let mut first = systemd::listeners().unwrap();
    let second = systemd::listeners().unwrap();
    let web = first.remove(0);
    let flags = rustix::io::fcntl_getfd(&web.socket).unwrap();
    assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    let address = TcpListener::from(web.socket).local_addr().unwrap();
    println!("{} at {address}, then {}", web.name, second.len());
}
