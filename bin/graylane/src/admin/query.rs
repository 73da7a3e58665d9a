//! The query of `/explain`.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use graylane_proxy::Shared;
use graylane_route::Explanation;

use crate::command::{Described, Undecided};

/// Why there is no answer, with the status that says so.
pub(super) struct Refused {
    pub(super) status: http::StatusCode,
    pub(super) message: String,
    pub(super) hint: &'static str,
}

/// Explains the request that a query describes, by the snapshot in use.
pub(super) fn explain(shared: &Shared, query: &str) -> Result<Explanation, Refused> {
    let (mut host, mut path, mut headers) = (None, Cow::Borrowed("/"), Vec::new());
    let mut peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "host" => host = Some(value),
            "path" => path = value,
            "header" => headers.push(value),
            "peer" => {
                peer = value
                    .parse()
                    .map_err(|_| bad(format!("`{value}` is no address")))?;
            }
            other => return Err(bad(format!("unknown parameter `{other}`"))),
        }
    }
    let host = host.ok_or_else(|| bad("the parameter `host` is missing".to_owned()))?;
    let described = Described {
        host: &host,
        target: &path,
        headers: headers.iter().map(|line| &**line).collect(),
        peer,
    };
    let generation = shared.current();
    described
        .explain(|peer, head| generation.explain(peer, head))
        .map_err(|error| Refused {
            status: match &error {
                Undecided::NoRequest(_) | Undecided::Refused(_) => http::StatusCode::BAD_REQUEST,
                Undecided::NoService { .. } => http::StatusCode::NOT_FOUND,
            },
            message: error.to_string(),
            hint: error.hint(),
        })
}

fn bad(message: String) -> Refused {
    let hint = "/explain?host=shop.example&path=/cart&header=X-User-Id:42&peer=192.0.2.1";
    Refused {
        status: http::StatusCode::BAD_REQUEST,
        message,
        hint,
    }
}
