//! Heads of HTTP/2 as the text of HTTP/1.1, and back.
//!
//! The engine knows heads as text only. What a client's HTTP/2 says is written as that text and then goes through the same
//! parser as everybody's HTTP/1.1, so there is one grammar for what may reach an endpoint, whichever way it came. Nothing
//! that is written here can break a line: methods, targets, authorities, names and values come in types that hold no line's
//! end, no control and, but for values, no space. What those types let pass and HTTP/2 does not is refused here.
//!
//! The two rules of RFC 9113 for a malformed request (section 8.1.1) are a stream error, or an answer before it. What the
//! `h2` crate finds itself it resets, without an answer. What is found here or by the parser is answered with 400: then the
//! client learns why, and the fault is counted like everybody's. Other streams go on in both cases: the frames of one say
//! nothing about those of another.

mod fields;
mod names;
mod request;
mod response;

pub(crate) use fields::{read_trailers, write_trailers};
pub(crate) use request::{Unsayable, read_request, write_request};
pub(crate) use response::{read_response, write_response};

/// Room for fields that a map is made with: one that grows puts every field into its place anew.
const USUAL_FIELDS: usize = 16;

/// What the types of a message let pass, and RFC 9113 does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// Section 8.3.1: every request but CONNECT has a path, and it is not empty.
    #[error("there is no `:path`")]
    NoPath,
    /// Section 8.3.1 leaves other schemes to translators; this gateway speaks HTTP to its endpoints.
    #[error("the `:scheme` is neither http nor https")]
    Scheme,
    /// Section 8.3.1: a host that differs from the authority is malformed, and so are two hosts.
    #[error("`:authority` and `host` disagree")]
    Authority,
    /// Section 8.2.2.
    #[error("a field is about one connection of HTTP/1.1")]
    ConnectionField,
    /// Section 8.2.1: no space or tab before or behind a value.
    #[error("a value begins or ends with whitespace")]
    Whitespace,
}
