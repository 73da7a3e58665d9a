/// A rule that a head breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// RFC 9112, section 2.2: a line ends with CR LF. A reader may take LF alone; this one does not, since others do not.
    #[error("line feed without carriage return")]
    BareLineFeed,
    /// RFC 9112, section 2.2: a CR that no LF follows is invalid.
    #[error("carriage return without line feed")]
    BareReturn,
    /// RFC 9110, section 5.5: NUL and other controls are invalid in a field; nowhere else in a head are they valid.
    #[error("control character")]
    Control,
    /// RFC 9112, section 2.2: one empty line before a request is read over, as it asks. More have no sense.
    #[error("empty lines before the request")]
    EmptyLines,
    /// RFC 9110, section 9.1: a method is a token.
    #[error("invalid method")]
    Method,
    /// RFC 9110, section 9.3.6: a gateway is no tunnel.
    #[error("CONNECT is not served")]
    Connect,
    /// RFC 9112, section 3.2: not one of the forms of a target, or bytes in it that must be escaped.
    #[error("invalid target")]
    Target,
    /// RFC 3986, section 2.1: an escape in a path is `%` and two hexadecimal digits, and here not that of NUL.
    #[error("invalid escape in the path")]
    Escape,
    /// RFC 9112, section 3.2.4: only OPTIONS asks about the server as a whole.
    #[error("target * with a method other than OPTIONS")]
    Asterisk,
    /// RFC 9110, section 4.2.4: a name or password in a target is an error.
    #[error("user information in the target")]
    UserInformation,
    /// RFC 9112, section 3.2: where the target has an authority, Host is identical to it.
    #[error("target and Host disagree")]
    Authority,
    /// RFC 9110, section 15.5.15: the request line alone is larger than a head may be.
    #[error("target too long")]
    TargetTooLong,
    /// RFC 9112, section 2.3: `HTTP/`, a digit, a point, a digit.
    #[error("invalid version")]
    Version,
    /// RFC 9110, section 15.6.6: neither HTTP/1.0 nor HTTP/1.1.
    #[error("version not served")]
    VersionNotServed,
    /// RFC 9112, section 4: a status is three digits, the first of them not 0.
    #[error("invalid status")]
    Status,
    /// RFC 9112, section 4: a space between status and reason.
    #[error("invalid reason")]
    Reason,
    /// RFC 9110, section 5.1: a field's name is a token.
    #[error("invalid field name")]
    FieldName,
    /// RFC 9112, section 5: a field line has a colon.
    #[error("field line without a colon")]
    Colon,
    /// RFC 9112, section 5.1: no whitespace between name and colon.
    #[error("whitespace before the colon")]
    SpaceBeforeColon,
    /// RFC 9112, sections 2.2 and 5.2: a line that begins with whitespace is a folded one, or an attempt at confusion.
    #[error("folded line")]
    FoldedLine,
    /// RFC 6585, section 5: larger than a head may be.
    #[error("head too large")]
    HeadTooLarge,
    /// RFC 6585, section 5: more fields than a head may have.
    #[error("too many fields")]
    TooManyFields,
    /// RFC 9112, section 3.2: a request has a Host. Here also one in HTTP/1.0: without it there is no service to choose.
    #[error("no Host")]
    HostMissing,
    /// RFC 9112, section 3.2: a request has one Host.
    #[error("more than one Host")]
    HostTwice,
    /// RFC 9110, section 7.2: `uri-host [ ":" port ]`.
    #[error("invalid Host")]
    Host,
    /// RFC 9110, section 8.6: a length is digits; here without leading zeros, and below 2^63.
    #[error("invalid Content-Length")]
    Length,
    /// RFC 9110, section 8.6: a repeated length may be refused, also where all say the same.
    #[error("more than one Content-Length")]
    LengthTwice,
    /// RFC 9112, section 6.1: with a length and a coding both, two readers find two ends.
    #[error("both Content-Length and Transfer-Encoding")]
    LengthAndCoding,
    /// RFC 9112, section 6.1: any coding but `chunked`, once and alone, has more than one reading.
    #[error("invalid Transfer-Encoding")]
    Coding,
    /// RFC 9112, section 6.1: in HTTP/1.0 there are no transfer codings, so the framing is faulty.
    #[error("Transfer-Encoding in HTTP/1.0")]
    CodingInOldVersion,
    /// RFC 9112, section 6.1, and RFC 9110, section 8.6: an interim answer has neither a length nor a coding.
    #[error("interim answer with a body")]
    InterimBody,
    /// RFC 9110, section 10.1.1: an expectation other than 100-continue cannot be met.
    #[error("expectation that cannot be met")]
    Expectation,
    /// RFC 9112, section 7.1.2: a trailer section ends with an empty line, and with nothing behind it.
    #[error("trailer section without its end")]
    TrailerEnd,
}

impl Refusal {
    /// The status that tells a client of it.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::HeadTooLarge | Self::TooManyFields => 431,
            Self::Connect => 501,
            Self::VersionNotServed => 505,
            _ => 400,
        }
    }
}
