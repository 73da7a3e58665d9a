//! What goes on in the next process: connections, revisions, the audit log, the other ports; and what does not.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use graylane_testkit::{
    Authority, Build, Client, DeadEnd, LIMIT, Recipe, Setup, Upstream, binary, eventually, grayctl,
    on_its_own, replace, run,
};
use serde_json::Value;

use crate::stage::{next, probation, recipe, signal, standing, switch, until_alone};

/// The audit log must be whole; gives its actions.
pub(crate) fn verify(folder: &Path) -> Vec<String> {
    let mut command = Command::new(grayctl());
    let verified = run(command.args(["audit", "verify"]).arg(folder.join("state")));
    assert_eq!(verified.code, 0, "{verified:?}");
    let log = fs::read_to_string(folder.join("state/audit.jsonl")).unwrap();
    let entries = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries
        .filter(|entry| entry["key"] != "env")
        .map(|entry| entry["action"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A gateway that keeps what it is told, and answers with this text itself.
pub(crate) fn kept(body: &str) -> Recipe {
    let recipe = Recipe::new().lane_lines("stable", &format!("respond = {{ body = {body:?} }}\n"));
    probation(recipe.server("state = \"state\""), "100ms")
}

#[test]
fn an_idle_connection_moves_and_its_next_request_is_answered_by_the_next_process() {
    let upstream = Upstream::fixed("served");
    let mut gateway = recipe(upstream.address()).start();
    let mut clients: Vec<Client> = (0..8).map(|_| gateway.client()).collect();
    clients.iter_mut().for_each(|client| {
        client.get("/", &[]);
    });

    let switched = switch(&gateway, &binary());
    let code = gateway.wait(LIMIT);
    let answers: Vec<u16> = clients
        .iter_mut()
        .map(|client| client.get("/", &[]).status)
        .collect();

    assert_eq!((switched.ran.code, code), (0, 0), "{switched:?}");
    assert_eq!((switched.count("handed_over"), switched.count("cut")), (8, 0));
    assert_eq!(answers, [200; 8]);
}

#[test]
fn an_exchange_and_a_tunnel_under_way_end_where_they_began() {
    let upstream = Upstream::start(|turn| turn.upgrade_and_echo("test", "bye"));
    let setup = recipe(upstream.address()).setup();
    let mut gateway = setup.start();
    let mut client = gateway.client();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n");
    client.response_head().unwrap();

    let next = next(&setup);
    gateway.until_event("draining");
    until_alone(&next);
    let still_there = standing(&next)["still_draining"].clone();
    client.send("still talking, ");
    client.finish();

    assert_eq!(client.until_closed(), b"still talking, bye");
    assert_eq!(gateway.wait(LIMIT), 0, "{}", gateway.stderr());
    assert_eq!(still_there, gateway.pid());
    eventually(LIMIT, "the process before is gone", || {
        standing(&next)["still_draining"].is_null()
    });
}

#[test]
fn a_listener_that_nobody_wants_is_closed_and_named_and_a_new_one_is_bound() {
    let two = |second: &str| {
        let listener = format!("[listeners.{second}]\naddress = \"127.0.0.1:0\"\n");
        kept("served").more(&listener)
    };
    let setup = two("extra").setup();
    let gateway = setup.start();
    let extra = gateway.listener("extra");
    let mut there = Client::connect(extra);
    there.get("/", &[]);
    replace(&gateway.file(), two("more").text());

    let next = next(&setup);
    gateway.until_event("draining");
    let last = there.get("/", &[]);
    gateway.until_event("stopped");

    assert!(
        gateway.stderr().contains("listener:extra"),
        "{}",
        gateway.stderr()
    );
    assert!(Client::try_connect(extra).is_err());
    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
    let more = Client::connect(next.listener("more")).get("/", &[]);
    assert_eq!((more.status, next.address()), (200, gateway.address()));
}

#[test]
fn a_listener_that_the_next_process_does_not_want_is_served_for_as_long_as_it_may_be_sent_back() {
    let with = |listener: &str, flags: &str| {
        let another = format!("[listeners.{listener}]\naddress = \"127.0.0.1:0\"\n{flags}");
        let recipe = Recipe::new().lane_lines("stable", "respond = { body = \"served\" }\n");
        probation(recipe, "60s").more(&another)
    };
    let setup = with("extra", "[ofrep]\naddress = \"127.0.0.1:0\"\n").setup();
    let gateway = setup.start();
    replace(&gateway.file(), with("more", "").text());

    let next = next(&setup);
    let extra = Client::connect(gateway.listener("extra")).get("/", &[]);
    let flags = Client::connect(gateway.ofrep()).post("/ofrep/v1/evaluate/flags", b"{}");
    let state = standing(&next)["state"].clone();

    assert_eq!((extra.status, flags.status), (200, 200));
    assert_eq!(state, "on-probation");
}

#[test]
fn a_connection_that_the_next_process_cannot_go_on_with_stays_and_is_told_to_close() {
    let issued = Authority::new().give(&["shop.example"]);
    let setup = kept("served").setup();
    let setup = setup
        .file("shop.pem", &issued.certificate)
        .file("shop.key", &issued.key);
    let gateway = setup.start();
    let mut client = gateway.client();
    client.get("/", &[]);
    let secured = kept("served")
        .more("[listeners.web.tls]\ncertificates = [{ certificate = \"shop.pem\", key = \"shop.key\" }]\n");
    replace(&gateway.file(), secured.text());

    let next = next(&setup);
    eventually(LIMIT, "the next process was offered it", || {
        next.stderr().contains("idle connections stay")
    });
    let last = client.get("/", &[]);
    gateway.until_event("stopped");

    assert_eq!((last.status, last.header("connection")), (200, Some("close")));
}

#[test]
fn revisions_and_the_audit_log_go_on_over_three_processes() {
    let setup = kept("one").setup();
    let first = setup.start();
    first.order("PUT", "/config", kept("two").text());

    let second = next(&setup);
    first.until_event("stopped");
    let taken = second.revision();
    let changed = second.order("PUT", "/config", kept("three").text());
    let third = next(&setup);
    second.until_event("stopped");

    assert_eq!((taken, third.revision()), (2, 3), "{}", changed.text());
    assert_eq!(third.client().get("/", &[]).text(), "three");
    assert_eq!(standing(&third)["generation"], 3);
    assert_eq!(
        verify(setup.folder()),
        ["start", "accept", "change", "start", "accept", "change", "start"]
    );
}

#[test]
fn the_admin_port_and_the_flag_server_go_on_at_their_addresses() {
    let ofrep = "[ofrep]\naddress = \"127.0.0.1:0\"\n";
    let setup = kept("served").more(ofrep).setup();
    let gateway = setup.start();
    let (admin, flags) = (gateway.admin(), gateway.ofrep());

    let next = next(&setup);
    gateway.until_event("stopped");
    let answer = Client::connect(flags).post("/ofrep/v1/evaluate/flags", b"{}");

    assert_eq!((next.admin(), next.ofrep()), (admin, flags));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(standing(&gateway)["pid"], next.pid());
}

#[test]
fn when_the_process_before_is_killed_on_probation_the_next_one_goes_on_alone() {
    let upstream = Upstream::fixed("served");
    let setup = probation(Recipe::to(upstream.address()), "60s").setup();
    let gateway = setup.start();
    let second = next(&setup);

    signal(gateway.pid().into(), "KILL");
    until_alone(&second);
    let third = next(&setup);

    assert_eq!(third.client().get("/", &[]).status, 200);
    assert_eq!(standing(&third)["taken_over_from"], second.pid());
}

#[test]
fn when_the_process_before_is_killed_as_soon_as_it_is_asked_somebody_serves() {
    let upstream = Upstream::fixed("served");
    let setup = probation(Recipe::to(upstream.address()), "60s").setup();
    let gateway = setup.start();
    let old = u64::from(gateway.pid());
    let killer = std::thread::spawn(move || {
        eventually(LIMIT, "the next process asks", || {
            gateway.stderr().contains("it has the listeners")
        });
        signal(old, "KILL");
        gateway
    });

    let second = next(&setup);
    let gateway = killer.join().unwrap();
    until_alone(&second);

    assert_eq!(Client::connect(gateway.address()).get("/", &[]).status, 200);
}

#[test]
fn sockets_of_systemd_are_used_where_the_configuration_has_them_and_closed_where_not() {
    let upstream = Upstream::fixed("served");
    let setup: Setup = recipe(upstream.address()).setup();
    let (web, other) = (listener(), listener());
    let at = [&web, &other].map(|one| one.local_addr().unwrap());

    let mut child = socket_activated(&setup, [web, other]).spawn().unwrap();
    let mut status = 0;
    eventually(LIMIT, "the inherited socket is served", || {
        let client = Client::try_connect(at[0]).ok();
        status = client.map_or(0, |mut client| client.get("/", &[]).status);
        status == 200
    });
    eventually(LIMIT, "the other one is closed", || {
        Client::try_connect(at[1]).is_err()
    });
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(status, 200);
}

#[test]
fn sockets_of_systemd_are_closed_where_those_of_the_process_before_count() {
    let upstream = Upstream::fixed("served");
    let setup = recipe(upstream.address()).setup();
    let gateway = setup.start();
    let (web, other) = (listener(), listener());
    let at = [&web, &other].map(|one| one.local_addr().unwrap());

    let mut child = socket_activated(&setup, [web, other])
        .arg("--take-over")
        .spawn()
        .unwrap();
    eventually(LIMIT, "the next process serves", || {
        let now = Client::try_connect(gateway.admin())
            .map(|mut one| one.get("/handover", &[("Connection", "close")]).json());
        now.is_ok_and(|now| now["state"] == "serving" && now["pid"] == child.id())
    });
    let closed = at.map(|one| Client::try_connect(one).is_err());
    let status = Client::connect(gateway.address()).get("/", &[]).status;
    child.kill().unwrap();
    child.wait().unwrap();

    assert_eq!(closed, [true, true]);
    assert_eq!(status, 200);
}

/// The next process as systemd starts it, with these sockets as `web` and `other`.
fn socket_activated(setup: &Setup, sockets: [std::net::TcpListener; 2]) -> Command {
    let script = "exec 3<&0 4>&1 1>&2 5>&- 0</dev/null; \
                  LISTEN_FDS=2 LISTEN_FDNAMES=web:other LISTEN_PID=$$ exec \"$@\"";
    let [web, other] = sockets.map(std::os::fd::OwnedFd::from);
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh"])
        .arg(binary())
        .args(["serve", "-c"])
        .arg(setup.path("graylane.toml"))
        .env("GRAYLANE_ENV", "dev")
        .stdin(std::process::Stdio::from(web))
        .stdout(std::process::Stdio::from(other));
    on_its_own(&mut command);
    command
}

fn listener() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}

/// A setup whose processes tell everything to that socket.
fn under_systemd(recipe: &Recipe) -> (Setup, UnixDatagram) {
    let setup = recipe.setup();
    let path = setup.path("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    (
        setup.variable("NOTIFY_SOCKET", &path.display().to_string()),
        socket,
    )
}

fn hear(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 8192];
    let length = socket.recv(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[test]
fn systemd_is_told_which_process_is_the_main_one() {
    let upstream = Upstream::fixed("served");
    let (setup, socket) = under_systemd(&recipe(upstream.address()));

    let _gateway = setup.start();
    let first = hear(&socket);
    let next = next(&setup);
    let second = hear(&socket);
    until_alone(&next);
    next.terminate();
    let third = hear(&socket);

    assert!(first.contains("READY=1"), "{first}");
    assert!(second.contains(&format!("MAINPID={}", next.pid())), "{second}");
    assert!(third.contains("STOPPING=1"), "{third}");
}

#[test]
fn systemd_is_told_when_a_reload_begins_and_how_it_ended() {
    let upstream = Upstream::fixed("served");
    let (setup, socket) = under_systemd(&recipe(upstream.address()));
    let gateway = setup.start();
    let _ready = hear(&socket);
    let text = fs::read_to_string(gateway.file()).unwrap();

    replace(&gateway.file(), format!("{text}\n[limits]\nheaders = 50\n"));
    gateway.signal("HUP");
    let (begun, ended) = (hear(&socket), hear(&socket) + &hear(&socket));
    replace(&gateway.file(), "no configuration");
    gateway.signal("HUP");
    let (begun_again, refused) = (hear(&socket), hear(&socket) + &hear(&socket));

    for text in [&begun, &begun_again] {
        assert!(text.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{text}");
    }
    assert_eq!(ended, "STATUS=revision 2 is in use\nREADY=1\n");
    assert!(refused.starts_with("STATUS=a reload was refused: "), "{refused}");
    assert!(refused.ends_with("\nREADY=1\n"), "{refused}");
}

#[test]
fn what_the_breaker_found_out_is_known_to_the_next_process() {
    if !Build::under_test().has("breaker") {
        return;
    }
    let (dead, upstream) = (DeadEnd::new(), Upstream::fixed("served"));
    let rules = "[modules.breaker]\nconsecutive_failures = 1\nopen_for = \"10m\"\nmax_open_for = \"10m\"\n";
    let lanes = Recipe::new().lane("stable", &[dead.address(), upstream.address()]);
    let setup = probation(lanes, "100ms").more(rules).setup();
    let gateway = setup.start();
    let endpoint = dead.address().to_string();
    let labels = [("endpoint", &*endpoint)];
    eventually(LIMIT, "the endpoint is open", || {
        gateway.client().get("/", &[]);
        gateway.metrics().sum("graylane_breaker_state", &labels) == 2.0
    });

    let next = next(&setup);
    gateway.until_event("stopped");

    assert_eq!(next.metrics().sum("graylane_breaker_state", &labels), 2.0);
}
