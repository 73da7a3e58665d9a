//! The files of an audit log, the full one and the current one. A line that begins with `~` is sealed first: it gets the
//! hash of the entry before for an `@`, and its own hash, which no fuzzer could find.
#![no_main]

use std::fmt::Write as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use graylane_audit::{Entry, Filter, Log, Options, Reader, last, verify_at_rest as verify};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Seals the lines that ask for it. `before` is the hash that the first one follows.
fn sealed(input: &[u8], before: &mut String) -> Vec<u8> {
    let mut out = Vec::new();
    for line in input.split_inclusive(|byte| *byte == b'\n') {
        let Some(body) = line.strip_prefix(b"~").and_then(|line| line.strip_suffix(b"}\n")) else {
            out.extend_from_slice(line);
            continue;
        };
        let at = body.iter().rposition(|byte| *byte == b'@');
        let body = match at {
            Some(at) => [&body[..at], before.as_bytes(), &body[at + 1..]].concat(),
            None => body.to_vec(),
        };
        *before = hex(&[&body, &b"}"[..]].concat());
        out.extend_from_slice(&body);
        out.extend_from_slice(format!(",\"hash\":\"{before}\"}}\n").as_bytes());
    }
    out
}

fn read(folder: &Path, file: &Path) {
    for path in [folder, file] {
        let lines = Reader::open(path)
            .expect("files")
            .map(|item| item.expect("readable"));
        let all: Vec<_> = lines.collect();
        let found = last(path, 3, &Filter::default()).expect("readable");
        assert!(found.len() <= 3 && all.ends_with(&found));
        let some = Filter {
            key: Some("a".to_owned()),
            since: Some(UNIX_EPOCH),
            ..Filter::default()
        };
        last(path, 1, &some).expect("readable");
        let _ = verify(path, None).map_err(|error| error.to_string());
    }
}

fuzz_target!(|input: &[u8]| {
    // In memory where there is such a folder: what is synced there costs nothing.
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = tempfile::tempdir_in(place).expect("a temporary folder");
    let file = folder.path().join("audit.jsonl");
    let mut before = "0".repeat(64);
    let parts = input.windows(6).position(|bytes| bytes == b"=====\n");
    let current = match parts {
        Some(at) => {
            let full = sealed(&input[..at], &mut before);
            std::fs::write(folder.path().join("audit.1.jsonl"), full).expect("room");
            &input[at + 6..]
        }
        None => input,
    };
    std::fs::write(&file, sealed(current, &mut before)).expect("room");
    read(folder.path(), &file);

    let Ok(mut log) = Log::open(&file, Options { file_limit: 4096 }) else {
        return;
    };
    let entries = [Entry::new(UNIX_EPOCH, "a"), Entry::new(UNIX_EPOCH, "b")];
    let head = log.append(&entries).expect("what was opened can be written");

    read(folder.path(), &file);
    // Of the full file only the end is looked at before the log is written on.
    let verified = verify(folder.path(), Some(head)).map_err(|error| error.to_string());
    assert!(verified.is_ok() || parts.is_some(), "{verified:?}");
});
