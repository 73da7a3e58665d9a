//! What the system says about this process.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

/// Figures of this process; null where the system does not tell.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Process {
    /// Its id.
    pid: u32,
    /// Bytes of memory in use.
    resident_bytes: Option<u64>,
    /// Most bytes of memory ever in use.
    resident_peak_bytes: Option<u64>,
    /// Its threads.
    threads: Option<u64>,
    /// Its open file descriptors.
    open_descriptors: Option<usize>,
    /// Seconds since the module started, which it does with the process. The start time of the process in `/proc` is in
    /// ticks of a length that only the C library tells.
    uptime_seconds: u64,
}

impl Process {
    /// Reads a folder such as `/proc/self` (proc(5)).
    pub(crate) fn read(folder: &Path, uptime: Duration) -> Self {
        let status = fs::read_to_string(folder.join("status")).unwrap_or_default();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let kib = |name| figure(name).map(|kib| kib * 1024);
        Self {
            pid: std::process::id(),
            resident_bytes: kib("VmRSS:"),
            resident_peak_bytes: kib("VmHWM:"),
            threads: figure("Threads:"),
            open_descriptors: descriptors(folder),
            uptime_seconds: uptime.as_secs(),
        }
    }
}

/// Reading the folder of one's own descriptors opens one more, which is not counted.
fn descriptors(folder: &Path) -> Option<usize> {
    let all = fs::read_dir(folder.join("fd")).ok()?;
    Some(all.count().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_the_documented_lines() {
        let folder = tempfile::tempdir().unwrap();
        let status = "Name:\tgraylane\nVmHWM:\t    9012 kB\nVmRSS:\t    5678 kB\nThreads:\t3\n";
        fs::write(folder.path().join("status"), status).unwrap();
        fs::create_dir(folder.path().join("fd")).unwrap();
        for descriptor in 0..4 {
            fs::write(folder.path().join("fd").join(descriptor.to_string()), "").unwrap();
        }

        let process = Process::read(folder.path(), Duration::from_millis(2_900));

        assert_eq!(
            process,
            Process {
                pid: std::process::id(),
                resident_bytes: Some(5678 * 1024),
                resident_peak_bytes: Some(9012 * 1024),
                threads: Some(3),
                open_descriptors: Some(3),
                uptime_seconds: 2,
            }
        );
    }

    #[test]
    fn what_the_system_does_not_tell_is_left_open() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("status"), "VmRSS:\nThreads:\tmany\n").unwrap();

        let process = Process::read(folder.path(), Duration::ZERO);

        assert_eq!((process.resident_bytes, process.threads), (None, None));
        assert_eq!(process.open_descriptors, None);
    }
}
