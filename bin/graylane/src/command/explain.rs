use std::net::IpAddr;

use graylane_pipeline::Fault;
use graylane_route::{Explanation, Snapshot};

use crate::cli;
use crate::exit::{self, Failure, NO_MATCH, USAGE};
use crate::generation;
use crate::load::Loaded;
use crate::output;

/// `graylane explain`
pub(crate) fn explain(args: &cli::Explain) -> Result<u8, Failure> {
    let loaded = Loaded::read(&args.file.wanted(), None)?;
    let snapshot = generation::with_files(Snapshot::compile(&loaded.config, 1), &loaded)?;
    let described = Described {
        host: &args.host,
        target: &args.path,
        headers: args.headers.iter().map(String::as_str).collect(),
        peer: args.peer,
    };
    let trusted = &loaded.config.server.trusted_peers;
    let explanation = described
        .explain(|peer, head| graylane_proxy::explain(&snapshot, trusted, peer, head))
        .map_err(|error| Failure::new(error.code(), &error, error.hint()))?;
    if args.file.json {
        output::line(&serde_json::to_value(&explanation).unwrap_or_default());
    } else {
        output::text(&format!("{explanation}\n"));
    }
    Ok(exit::OK)
}

/// A request in words: on the command line, or in the query of the admin page.
#[derive(Debug)]
pub(crate) struct Described<'a> {
    pub(crate) host: &'a str,
    /// The path, with the query if there is one.
    pub(crate) target: &'a str,
    /// `Name: value` each.
    pub(crate) headers: Vec<&'a str>,
    pub(crate) peer: IpAddr,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Undecided {
    /// What was described is no request.
    #[error("{0}")]
    NoRequest(String),
    /// No service has its host and path.
    #[error("no service has host `{host}` and path `{path}`: the request would be answered with 404")]
    NoService { host: String, path: String },
    /// The gateway would refuse it.
    #[error("the request would be answered with {} ({})", .0.status(), .0.as_str())]
    Refused(Fault),
}

impl Undecided {
    const fn code(&self) -> u8 {
        match self {
            Self::NoRequest(_) => USAGE,
            Self::NoService { .. } | Self::Refused(_) => NO_MATCH,
        }
    }

    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::NoRequest(_) => "a header is `Name: value`, a path begins with `/`",
            Self::NoService { .. } => "compare hosts and paths of [services]; `graylane check` lists them",
            Self::Refused(_) => "a host is a name or an address with an optional port",
        }
    }
}

impl Described<'_> {
    /// The decision that this makes of the peer and the head: by the same code that serves requests.
    pub(crate) fn explain(
        &self,
        decide: impl FnOnce(IpAddr, &str) -> Result<Explanation, Fault>,
    ) -> Result<Explanation, Undecided> {
        let head = self.head().map_err(Undecided::NoRequest)?;
        decide(self.peer, &head).map_err(|fault| match fault {
            Fault::NoService => Undecided::NoService {
                host: self.host.to_owned(),
                path: self.target.split('?').next().unwrap_or_default().to_owned(),
            },
            other => Undecided::Refused(other),
        })
    }

    /// The request as it would stand on the wire.
    fn head(&self) -> Result<String, String> {
        // A line's end would make two lines of one.
        let is_line = |text: &str| !text.contains(|c: char| c.is_control() && c != '\t');
        if !self.target.starts_with('/') || !is_line(self.target) || self.target.contains(' ') {
            return Err(format!("`{}` is no path", self.target));
        }
        if !is_line(self.host) {
            return Err(format!("`{}` is no host", self.host));
        }
        let mut head = format!("GET {} HTTP/1.1\r\nhost: {}\r\n", self.target, self.host);
        for line in &self.headers {
            let (name, value) = line
                .split_once(':')
                .ok_or_else(|| format!("`{line}` is no header"))?;
            let (name, value) = (name.trim(), value.trim());
            if !is_token(name) {
                return Err(format!("`{name}` is no header name"));
            }
            if !is_line(value) {
                return Err(format!("`{line}` has no valid value"));
            }
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.push_str("\r\n");
        Ok(head)
    }
}

/// RFC 9110, section 5.6.2.
fn is_token(name: &str) -> bool {
    let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(is_tchar)
}
