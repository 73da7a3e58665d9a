use graylane_core::Channel;
use graylane_note::Notes;
use serde_json::{Value, json};

use crate::channel::CHANNEL;
use crate::exit::{self, Failure};
use crate::modules::TABLE;
use crate::{cli, output, start};

/// `graylane modules`
pub(crate) fn modules(args: &cli::Modules, notes: &Notes) -> Result<u8, Failure> {
    if args.graph {
        output::text(&start::graph()?);
    } else if args.json {
        output::line(&list(notes));
    } else {
        output::text(&table(notes));
    }
    Ok(exit::OK)
}

/// The modules as JSON, for the command and the admin page. `marked` is what the running binary's own notes say.
pub(crate) fn list(notes: &Notes) -> Value {
    let modules: Vec<Value> = TABLE
        .iter()
        .map(|row| {
            json!({
                "name": row.name,
                "present": row.module.is_some(),
                "marked": notes.linked.contains(row.name),
                "channels": row.channels.iter().map(|channel| channel.as_str()).collect::<Vec<_>>(),
                "summary": row.module.map(|module| module().summary()),
            })
        })
        .collect();
    json!({ "channel": CHANNEL.as_str(), "modules": modules })
}

fn table(notes: &Notes) -> String {
    let mut text = format!(
        "this build is of channel {CHANNEL}\n\n{:16} {:9}",
        "module", "here"
    );
    for channel in Channel::ALL {
        text += &format!(" {channel:8}");
    }
    text += " what it does\n";
    for row in TABLE {
        // The table says what was compiled in, the note what the linker kept: they can only differ by a mistake.
        let here = match (row.module.is_some(), notes.linked.contains(row.name)) {
            (true, true) => "yes",
            (false, false) => "no",
            _ => "MISMATCH",
        };
        text += &format!("{:16} {here:9}", row.name);
        for channel in Channel::ALL {
            text += &format!(" {:8}", if row.channels.contains(&channel) { "x" } else { "" });
        }
        text += &format!(
            " {}\n",
            row.module
                .map_or("(not in this build)", |module| module().summary())
        );
    }
    text
}
