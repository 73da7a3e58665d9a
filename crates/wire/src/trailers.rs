use crate::body::MAX_TRAILERS;
use crate::fields::Fields;
use crate::head::{Stop, fields};
use crate::refusal::Refusal;
use crate::table::Table;

/// Fields of a trailer section. Who sends any sends a few.
const MAX_FIELDS: usize = 128;

/// Parses a trailer section (RFC 9112, section 7.1.2): field lines as in a head, and the empty line. What
/// [`Step::Trailers`](crate::Step::Trailers) says is one.
///
/// # Errors
/// It breaks a rule.
pub fn parse_trailers<'a>(input: &'a [u8], table: &'a mut Table) -> Result<Fields<'a>, Refusal> {
    if input.len() > MAX_TRAILERS {
        return Err(Refusal::HeadTooLarge);
    }
    table.clear();
    match fields(input, 0, MAX_FIELDS, table) {
        Ok(end) if end == input.len() => Ok(Fields { bytes: input, table }),
        Ok(_) | Err(Stop::More) => Err(Refusal::TrailerEnd),
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

#[cfg(test)]
mod tests;
