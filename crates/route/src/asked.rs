use graylane_wire::Fields;

/// What a decision depends on: the parts of a request that routing may look at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host asked for, without port; case does not matter.
    pub host: &'a str,
    /// The path, as received.
    pub path: &'a str,
    /// The query, without the question mark; empty where there is none.
    pub query: &'a str,
    /// The header fields.
    pub headers: Fields<'a>,
    /// The address of the client, as text in canonical form: the targeting key of last resort.
    pub client: &'a str,
    /// The lane that was asked for by name.
    pub forced: Forced<'a>,
    /// Now, in whole seconds since 1970; called only where the rule of a flag wants it.
    pub unix_seconds: fn() -> u64,
}

/// A lane asked for by its name or tag. A stranger's wish never gets this far: colouring drops it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced<'a> {
    /// Nobody asked.
    No,
    /// Somebody who is believed asked for this lane.
    By(&'a [u8]),
}
