use std::fmt::Write as _;
use std::io::Write;

use graylane_inspect::{Module, Report};

use crate::cli::Inspect;
use crate::exit::Failure;

/// Reads one binary and prints its report.
pub(crate) fn run(asked: &Inspect, out: &mut impl Write) -> Result<(), Failure> {
    let path = &asked.file;
    let report = graylane_inspect::inspect(path).map_err(|why| Failure::Inspect {
        path: path.clone(),
        why,
    })?;
    if asked.json {
        return super::json(&report, out);
    }
    out.write_all(table(&report).as_bytes()).map_err(Failure::Output)
}

fn table(report: &Report) -> String {
    let mut text = String::new();
    let size = |size: Option<u64>| {
        size.map_or("unknown: no section headers".to_owned(), |size| {
            format!("{size} bytes")
        })
    };
    let lines = [
        ("channel", report.channels.join(", ")),
        ("version", report.version.clone()),
        ("commit", report.commit.clone()),
        (
            "build id",
            report.build_id.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        ("size", format!("{} bytes", report.size)),
        (".text", size(report.text)),
        (".rodata", size(report.rodata)),
        (
            "modules",
            report.modules.iter().map(module).collect::<Vec<_>>().join(", "),
        ),
        ("statements", report.statements.join(", ")),
    ];
    for (name, value) in lines {
        let value = if value.is_empty() { "none" } else { &value };
        _ = writeln!(text, "{name:<11} {value}");
    }
    if report.channels.len() > 1 {
        text.push_str("warning: built with several channels at once; such a binary must not be shipped\n");
    }
    text
}

fn module(module: &Module) -> String {
    let remark = match (module.linked, module.emitted) {
        (true, false) => " (linked, its code not emitted)",
        (false, true) => " (emitted without its crate)",
        _ => "",
    };
    format!("{}{remark}", module.name)
}
