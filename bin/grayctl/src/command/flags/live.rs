//! A gateway that runs, over its admin port.

use std::str::FromStr;
use std::time::Duration;

use form_urlencoded::Serializer;
use serde_json::Value;
use ureq::Agent;

use crate::cli::flags::From;
use crate::exit::Failure;

/// The variable with the token.
const VARIABLE: &str = "GRAYLANE_TOKEN";
/// For a whole exchange: a gateway compiles a large set before it answers.
const TIME: Duration = Duration::from_secs(60);
/// Bytes of an answer: a list of flags is longer than their files.
const MOST: u64 = 256 << 20;

/// The address of an admin port, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url(String);

impl FromStr for Url {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(rest) = text.strip_prefix("http://") else {
            return Err(
                "an admin port is plain HTTP: http://127.0.0.1:9900; other arguments stand before --live",
            );
        };
        let host = rest.trim_end_matches('/');
        if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
            return Err("a host and a port, such as http://127.0.0.1:9900");
        }
        Ok(Self(format!("http://{host}")))
    }
}

/// Its client.
pub(super) struct Gateway {
    agent: Agent,
    url: Url,
    /// The value of the header. Neither shown nor part of an error.
    authorization: Option<String>,
}

impl Gateway {
    /// The gateway that is asked for; `None` where files are.
    pub(super) fn of(from: &From) -> Result<Option<Self>, Failure> {
        let Some(url) = &from.live else {
            return Ok(None);
        };
        let token = match &from.token_file {
            Some(path) => Some(super::source::text(path)?),
            None => std::env::var(VARIABLE).ok(),
        };
        let token = token.map(|token| token.trim().to_owned());
        if let Some(token) = &token
            && (token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Failure::Token);
        }
        // Neither a redirect nor a proxy may see the token.
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(TIME))
            .build();
        Ok(Some(Self {
            agent: config.into(),
            url: url.clone(),
            authorization: token.map(|token| format!("Bearer {token}")),
        }))
    }

    /// Whether there is a token at all.
    pub(super) fn has_token(&self) -> bool {
        self.authorization.is_some()
    }

    /// A page that is JSON.
    pub(super) fn get_json(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Failure> {
        let text = self.get(path, query)?;
        serde_json::from_str(&text).map_err(|_| Failure::NotAGateway(self.url.0.clone()))
    }

    /// A page.
    pub(super) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<String, Failure> {
        let mut request = self.agent.get(self.target(path, query));
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value);
        }
        self.answered(request.call())
    }

    /// Puts a text.
    pub(super) fn put(&self, path: &str, query: &[(&str, &str)], body: &str) -> Result<Value, Failure> {
        let mut request = self.agent.put(self.target(path, query));
        if let Some(value) = &self.authorization {
            request = request.header("authorization", value);
        }
        let text = self.answered(request.send(body))?;
        serde_json::from_str(&text).map_err(|_| Failure::NotAGateway(self.url.0.clone()))
    }

    fn target(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut target = format!("{}{path}", self.url.0);
        if !query.is_empty() {
            target.push('?');
            target.push_str(&Serializer::new(String::new()).extend_pairs(query).finish());
        }
        target
    }

    fn answered(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<String, Failure> {
        let unreachable = |source| Failure::Unreachable {
            url: self.url.0.clone(),
            source: Box::new(source),
        };
        let mut answer = answer.map_err(unreachable)?;
        let text = answer.body_mut().with_config().limit(MOST).read_to_string();
        let text = text.map_err(unreachable)?;
        match answer.status().as_u16() {
            200 => Ok(text),
            status => Err(refused(status, &text)),
        }
    }
}

/// What the gateway says of a request that it refuses.
fn refused(status: u16, text: &str) -> Failure {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    if value["outcome"] == "lossy" {
        return Failure::Lossy {
            revision: value["revision"].as_u64().unwrap_or_default(),
            cut: value["connections"]["cut"].as_u64().unwrap_or_default(),
        };
    }
    let errors = value["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text_of = |value: &Value, name: &str| value[name].as_str().map(str::to_owned);
    let message = |error: &Value| {
        let message = text_of(error, "message").or_else(|| text_of(error, "error"))?;
        let place = error["file"].as_str().zip(error["line"].as_u64());
        Some(place.map_or_else(
            || message.clone(),
            |(file, line)| format!("{file}:{line}: {message}"),
        ))
    };
    let told: Vec<String> = errors.iter().chain([&value]).filter_map(message).collect();
    Failure::Gateway {
        status,
        message: if told.is_empty() {
            "no reason given".to_owned()
        } else {
            told.join("; ")
        },
        hint: errors
            .iter()
            .chain([&value])
            .find_map(|error| text_of(error, "hint")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_that_is_in_use_and_has_cut_connections_is_not_a_refusal() {
        let lossy = r#"{"outcome":"lossy","revision":7,"connections":{"kept":3,"cut":2}}"#;
        let rejected = r#"{"outcome":"rejected","errors":[{"message":"no such lane"}]}"#;

        let (lossy, rejected) = (refused(500, lossy), refused(422, rejected));

        assert_eq!((lossy.code(), rejected.code()), (42, 41));
        assert_eq!(
            lossy.to_string(),
            "revision 7 is in use, but 2 connections were cut over it"
        );
        assert_eq!(rejected.to_string(), "the gateway refuses (422): no such lane");
    }
}
