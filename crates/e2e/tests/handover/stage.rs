//! What the tests of a handover need.

mod asking;
mod following;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use graylane_handover::{
    Caller, Death, Folder, Hello, Inherited, Patience, Switching, Taker, Trust, Wanted, WarmingUp,
};
use graylane_testkit::{
    Client, Gateway, LIMIT, Ran, Recipe, Round, Setup, Traffic, Upstream, binary, eventually,
};
use serde_json::Value;

pub(crate) use asking::Asking;
pub(crate) use following::{Following, Told};

/// A gateway that can be taken over from, with a probation that a test can wait for.
pub(crate) fn recipe(upstream: SocketAddr) -> Recipe {
    probation(Recipe::to(upstream), "300ms")
}

/// One whose probation no test sees the end of.
pub(crate) fn long(upstream: &Upstream) -> Recipe {
    probation(Recipe::to(upstream.address()), "60s")
}

/// The same with another probation.
pub(crate) fn probation(recipe: Recipe, time: &str) -> Recipe {
    let handover = format!("[handover]\nfolder = \"run\"\nbeat = \"20ms\"\nprobation = \"{time}\"\n");
    recipe.with_token().more(&handover)
}

/// Starts the next process and waits until it serves.
pub(crate) fn next(setup: &Setup) -> Gateway {
    setup.clone().argument("--take-over").start()
}

/// Runs the next process, which is to fail.
pub(crate) fn failing(setup: &Setup) -> Ran {
    setup.clone().argument("--take-over").run(&["serve"])
}

/// `grayctl switch` to that binary.
pub(crate) fn switch(gateway: &Gateway, binary: &Path) -> Switched {
    let mut following = follow(gateway, binary);
    Switched {
        ran: following.told(),
        following,
    }
}

/// The same, followed step by step.
pub(crate) fn follow(gateway: &Gateway, binary: &Path) -> Following {
    Following::start(gateway, binary)
}

/// One switch after the other while these clients ask, who notice nothing, and each of whom leaves in order.
pub(crate) fn switched_twice(gateway: &mut Gateway, clients: Vec<Round>) {
    let connections = clients.len() as u64;
    let traffic = Traffic::of(clients);
    traffic.until_more(200);

    let switches = [(); 2].map(|()| {
        let switched = switch(gateway, &binary());
        traffic.until_more(200);
        switched
    });
    traffic.end();

    for one in &switches {
        assert_eq!((one.ran.code, one.count("cut")), (0, 0), "{one:?}");
        assert_eq!(one.count("drained"), connections, "{one:?}");
    }
    assert_eq!(gateway.wait(LIMIT), 0);
}

/// Asks for a switch to that file, as `grayctl` does, but for any: `grayctl` refuses what is no binary of ours.
pub(crate) fn ask_for(gateway: &Gateway, file: &Path) -> Switching {
    let folder = Folder::open(&gateway.folder().join("run")).unwrap();
    let caller = Caller::connect(&folder, Trust::own(), Patience::default()).unwrap();
    let wanted = Wanted {
        binary: file.display().to_string(),
        probation_millis: None,
    };
    caller.switch(&wanted).unwrap()
}

/// How a switch went, and the process that it left behind, which ends with this value.
#[derive(Debug)]
pub(crate) struct Switched {
    pub(crate) ran: Told,
    following: Following,
}

impl Switched {
    /// The words of its events.
    pub(crate) fn steps(&self) -> Vec<&str> {
        self.following.steps()
    }

    /// The last event.
    pub(crate) fn outcome(&self) -> &Value {
        &self.ran.outcome
    }

    /// The process that serves now.
    pub(crate) fn pid(&self) -> u64 {
        self.outcome()["new"].as_u64().unwrap()
    }

    /// How many connections ended so.
    pub(crate) fn count(&self, fate: &str) -> u64 {
        self.outcome()["ledger"][fate].as_u64().unwrap()
    }
}

/// Ends a process of that folder: it may have ended, and its number be another's.
pub(crate) fn end(pid: u64, folder: &Path) {
    let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    if String::from_utf8_lossy(&words).contains(&*folder.to_string_lossy()) {
        signal(pid, "KILL");
    }
}

/// Sends a signal to a process that may be gone.
pub(crate) fn signal(pid: u64, name: &str) {
    let words = [
        "-c",
        "kill -s \"$1\" \"$2\" 2>/dev/null",
        "kill",
        name,
        &pid.to_string(),
    ];
    let _ = Command::new("sh").args(words).status();
}

/// Sends a signal that stops a process, and waits until each of its threads stands still.
pub(crate) fn stop(pid: u64) {
    signal(pid, "STOP");
    eventually(LIMIT, "every thread of it is stopped", || {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        threads.flatten().all(|thread| {
            let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
            // The state stands behind the name, which may have anything in it.
            stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T"))
        })
    });
}

/// What `/handover` says.
pub(crate) fn standing(gateway: &Gateway) -> Value {
    Client::connect(gateway.admin())
        .get("/handover", &[("Connection", "close")])
        .json()
}

/// Waits until that process serves alone.
pub(crate) fn until_alone(gateway: &Gateway) {
    eventually(LIMIT, "the process serves alone", || {
        let now = standing(gateway);
        now["state"] == "serving" && now["pid"] == gateway.pid()
    });
}

/// Waits until this gateway, which had stopped, accepts again and says why.
pub(crate) fn until_back(gateway: &Gateway) -> String {
    let mut reason = String::new();
    eventually(LIMIT, "the process before serves again", || {
        // One look: the next may be answered by the process that is sent back, which accepts for a moment still.
        let now = standing(gateway);
        now["last"]["reason"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut reason);
        now["state"] == "serving" && now["pid"] == gateway.pid() && !now["last"].is_null()
    });
    reason
}

/// Clients that keep on asking, and forgive nothing. One that is told to close takes a new connection.
pub(crate) fn traffic(to: SocketAddr) -> Traffic {
    Traffic::start(to, 4, move |client, connection| {
        let response = client.try_request("GET", "/", &[connection], b"")?;
        if response.status != 200 {
            return Err(format!("{} {}", response.status, response.fault()));
        }
        if connection.1 == "keep-alive" && response.header("connection") == Some("close") {
            *client = Client::try_connect(to).map_err(|error| format!("no new connection: {error}"))?;
        }
        Ok(())
    })
}

/// A next process that is made up: it has the listeners, and has not said that it is ready.
pub(crate) fn made_up(gateway: &Gateway) -> (Inherited, WarmingUp) {
    taker(gateway).unwrap().receive().unwrap()
}

/// One that has just said who it is.
pub(crate) fn taker(gateway: &Gateway) -> Result<Taker, graylane_handover::TakeError> {
    let folder = Folder::open(&gateway.folder().join("run")).unwrap();
    let hello = Hello::of_this_process("none", "0.0.0", "dev", "none");
    let patience = Patience {
        answer: LIMIT,
        ..Patience::default()
    };
    Taker::connect(&folder, &hello, Trust::own(), patience, Death::EndOfConnection)
}
