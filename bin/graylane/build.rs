//! Embeds the commit, asks the linker for a build id, and stops a build that is meant to ship but has other channel
//! features than its own.
//!
//! - `GRAYLANE_COMMIT`: the commit to embed. Without it the checkout is asked; without a checkout it is `unknown`.
//! - `GRAYLANE_SHIP`: the channel that this build is to be. `ci/channel` sets it. Without it any set of channel features
//!   builds, so that editors and documentation tools may turn on all of them.

use std::env;
use std::path::Path;
use std::process::Command;

const CHANNELS: [&str; 4] = ["dev", "prod", "staging", "canary"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=GRAYLANE_COMMIT");
    println!("cargo::rerun-if-env-changed=GRAYLANE_SHIP");
    refuse_other_channels();
    let commit = env::var("GRAYLANE_COMMIT")
        .ok()
        .filter(|commit| !commit.is_empty())
        .or_else(checkout);
    println!(
        "cargo::rustc-env=GRAYLANE_BUILT_FROM={}",
        commit.as_deref().unwrap_or("unknown")
    );
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        // The build id ties the stripped file to its debug file. Some toolchains leave it out unless asked.
        println!("cargo::rustc-link-arg-bins=-Wl,--build-id=sha1");
    }
}

fn refuse_other_channels() {
    let Some(ship) = env::var("GRAYLANE_SHIP").ok().filter(|ship| !ship.is_empty()) else {
        return;
    };
    let on: Vec<_> = CHANNELS
        .into_iter()
        .filter(|channel| env::var_os(format!("CARGO_FEATURE_{}", channel.to_uppercase())).is_some())
        .collect();
    if on != [ship.as_str()] {
        println!(
            "cargo::error=GRAYLANE_SHIP asks for channel `{ship}`, but the channel features that are on are {on:?}: \
             build it with `ci/channel {ship}`"
        );
    }
}

/// The commit of the checkout that this package is tracked in.
fn checkout() -> Option<String> {
    // A source archive that was unpacked inside somebody else's checkout must not take that one's commit.
    git(&["ls-files", "--error-unmatch", "build.rs"])?;
    let commit = git(&["rev-parse", "HEAD"])?;
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_default();
    for name in ["HEAD", "packed-refs", &branch] {
        let watched = git(&["rev-parse", "--git-path", name]);
        // A path that does not exist would make cargo run this script at every build.
        if let Some(path) = watched.filter(|path| Path::new(path).is_file()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    Some(commit)
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
