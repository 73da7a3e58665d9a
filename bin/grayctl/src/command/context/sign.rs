use std::io::Write;

use serde_json::json;

use super::{now, read_key, show};
use crate::cli::context::Sign;
use crate::exit::Failure;

/// Signs a lane.
pub(crate) fn run(asked: &Sign, out: &mut impl Write) -> Result<(), Failure> {
    let key = read_key(&asked.key_file)?;
    let expires = now() + asked.holds.as_secs();
    let signature = graylane_context::sign((&asked.key_name, &key), &asked.host, &asked.lane, expires);
    if asked.json {
        let made = json!({
            "header": "X-Gray-Signature",
            "signature": signature.to_string(),
            "lane": asked.lane.as_str(),
            "host": asked.host,
            "expires": show(expires),
        });
        return crate::command::json(&made, out);
    }
    writeln!(out, "X-Gray-Signature: {signature}").map_err(Failure::Output)
}
