use super::{Fallback, Key, Kind, TABLES, Table};
use crate::units::{show_size, show_time};

const INTRODUCTION: &str = "\
# Configuration

Layers of TOML, of which the last one that sets a key wins: the file, the one of the environment beside it
(`graylane.staging.toml` beside `graylane.toml`, with `--env staging`), environment variables, `--set KEY=VALUE`. Tables
merge key by key; everything else, arrays too, is replaced. `GRAYLANE_LANES__SHOP__CANARY__WEIGHT=5` is the same as
`--set lanes.shop.canary.weight=5`: two underscores part the parts of a key, case does not count, and `-` and `.` are
written `_`. A variable sets keys of what is there; a new lane takes a file or `--set`. A name with a dot stands in quotes
in `--set`. `GRAYLANE_ENV`, `GRAYLANE_CONFIG`, `GRAYLANE_LOG` and `GRAYLANE_TRUST` stand for options and are no keys.
`graylane check --origin` prints where each value comes from.

A key that is not listed here is an error, and so is a value out of its range; `graylane check -c FILE`
shows every mistake with its place. Sizes are strings such as `\"16KiB\"` (1024 bytes each) or `\"10MB\"` (1,000,000 bytes
each), or a number of bytes; durations are strings such as `\"500ms\"`, `\"5s\"` or `\"1m 30s\"`; a percentage is a number or a
string such as `\"0.5%\"`, in steps of 0.001. Names of listeners, services and lanes have 1 to 63 of `a-z`, `0-9`, `-`, `_` and
`.`, and start with a letter or a digit. The text may have 1 MiB.

*guard* says who may set a key and who may see it. Environment variables and `--set` may set an `open` key in dev, staging
and canary, a `sensitive` or `secret` one in dev only, and in prod none. A `secret` one is shown as a digest, wherever it is
shown. *change* says when a change takes effect: `live` with the next reload, `restart` with the next start; a reload that
changes such a key is refused.

This page is made from the table of keys in `crates/config/src/keys/table.rs`.
";

const MODULES: &str = "
## `[modules.<name>]`

The settings of an optional module. Each module declares its own keys ([docs/operations.md](../operations.md#modules));
`graylane modules` lists the modules of a binary. A module that does not exist is an error. The section of one that exists,
but not in this binary, is accepted and has no effect: all channels can share one file. `check` and `serve` note it.
";

/// The reference page of the configuration, as Markdown.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for table in TABLES {
        page.push_str(&section(table));
    }
    page.push_str(MODULES);
    page
}

fn section(table: &Table) -> String {
    let rows: String = table.keys.iter().map(row).collect();
    format!(
        "\n## {}\n\n{}\n\n| key | takes | default | example | guard | change | meaning |\n|---|---|---|---|---|---|---|\n{rows}",
        heading(table),
        table.summary,
    )
}

fn heading(table: &Table) -> String {
    match table.path {
        "" => "Top level".to_owned(),
        path => format!("`[{path}]`"),
    }
}

fn row(key: &Key) -> String {
    let default = match key.default {
        Fallback::Required => "required".to_owned(),
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Words(words) => words.to_owned(),
    };
    format!(
        "| `{}` | {} | {default} | `{}` | {} | {} | {} |\n",
        key.name,
        takes(key.kind),
        key.example,
        key.guard.as_str(),
        key.effect.as_str(),
        key.meaning,
    )
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Switch => "`true` or `false`".to_owned(),
        Kind::Count { min, max } => format!("number, {min} to {max}"),
        // The largest size is where TOML's integers end: not a limit that anybody chose.
        Kind::Size { min, max } if max == i64::MAX as u64 => format!("size, at least {}", show_size(min)),
        Kind::Size { min, max } => format!("size, {} to {}", show_size(min), show_size(max)),
        Kind::Time { min, max } => format!("duration, {} to {}", show_time(min), show_time(max)),
        Kind::Percent => "percentage, 0 to 100".to_owned(),
        Kind::Text(words) => format!("string: {words}"),
        Kind::List(words, most) => format!("array of at most {most} strings: {words}"),
        Kind::Entries(words, most) => format!("array of at most {most} strings or tables: {words}"),
        Kind::Range => "array of two percentages, the first the smaller".to_owned(),
        Kind::Table => "table, see below".to_owned(),
        Kind::Tables(most) => format!("array of 1 to {most} tables, see below"),
    }
}
