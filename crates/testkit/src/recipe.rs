use std::fmt::Write;
use std::net::SocketAddr;

use crate::gateway::Gateway;
use crate::setup::Setup;

/// The token that [`Recipe::with_token`] admits.
pub const TOKEN: &str = "test";
const TOKEN_SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// The configuration of a gateway for a test: one listener `web`, one service `shop`, every port chosen by the system.
///
/// The targeting key is `header:X-User-Id`, the baseline lane is `stable`, and the response tells the lane.
#[derive(Debug, Clone, Default)]
pub struct Recipe {
    server: String,
    limits: String,
    drain: String,
    service: String,
    key: Option<String>,
    lanes: String,
    more: String,
}

impl Recipe {
    /// Without a lane.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the one lane `stable` at this address.
    pub fn to(address: SocketAddr) -> Self {
        Self::new().lane("stable", &[address])
    }

    /// Adds a lane without weight: the baseline `stable`, or one that can only be forced.
    #[must_use]
    pub fn lane(self, name: &str, endpoints: &[SocketAddr]) -> Self {
        let endpoints: Vec<_> = endpoints.iter().map(SocketAddr::to_string).collect();
        self.lane_lines(name, &format!("endpoints = {endpoints:?}\n"))
    }

    /// Adds a lane with a weight in percent.
    #[must_use]
    pub fn weighted(self, name: &str, weight: f64, endpoints: &[SocketAddr]) -> Self {
        let mut recipe = self.lane(name, endpoints);
        let _infallible = writeln!(recipe.lanes, "weight = {weight}");
        recipe
    }

    /// Adds a lane with these lines.
    #[must_use]
    pub fn lane_lines(mut self, name: &str, lines: &str) -> Self {
        let _infallible = write!(self.lanes, "\n[lanes.shop.{name}]\n{lines}");
        self
    }

    /// Where the targeting key is looked for, as TOML strings in a list.
    #[must_use]
    pub fn key(mut self, list: &str) -> Self {
        self.key = Some(list.to_owned());
        self
    }

    /// Believes the peer 127.0.0.1.
    #[must_use]
    pub fn trusting(self) -> Self {
        self.server(r#"trusted_peers = ["127.0.0.1/32"]"#)
    }

    /// Adds a line to `[server]`.
    #[must_use]
    pub fn server(mut self, line: &str) -> Self {
        self.server.push_str(line);
        self.server.push('\n');
        self
    }

    /// Adds a line to `[limits]`.
    #[must_use]
    pub fn limit(mut self, line: &str) -> Self {
        self.limits.push_str(line);
        self.limits.push('\n');
        self
    }

    /// Adds a line to `[drain]`.
    #[must_use]
    pub fn drain(mut self, line: &str) -> Self {
        self.drain.push_str(line);
        self.drain.push('\n');
        self
    }

    /// Adds a line to `[services.shop]`.
    #[must_use]
    pub fn service(mut self, line: &str) -> Self {
        self.service.push_str(line);
        self.service.push('\n');
        self
    }

    /// Adds further sections.
    #[must_use]
    pub fn more(mut self, sections: &str) -> Self {
        self.more.push('\n');
        self.more.push_str(sections);
        self
    }

    /// The configuration as text.
    pub fn text(&self) -> String {
        let key = self.key.as_deref().unwrap_or(r#"["header:X-User-Id"]"#);
        let mut text = String::from(
            "[listeners.web]\naddress = \"127.0.0.1:0\"\n\n[admin]\naddress = \"127.0.0.1:0\"\n",
        );
        for (section, lines) in [
            ("server", &self.server),
            ("limits", &self.limits),
            ("drain", &self.drain),
        ] {
            if !lines.is_empty() {
                let _infallible = write!(text, "\n[{section}]\n{lines}");
            }
        }
        let _infallible = write!(
            text,
            "\n[services.shop]\nkey = {key}\nbaseline = \"stable\"\nshow_lane = true\n{}",
            self.service
        );
        text + &self.lanes + &self.more
    }

    /// A folder with it, for more than one start or for other files beside it.
    pub fn setup(&self) -> Setup {
        Setup::new(&self.text())
    }

    /// Lets the holder of [`TOKEN`] change what runs, as `ops`.
    #[must_use]
    pub fn with_token(self) -> Self {
        self.more(&format!("[admin.tokens.ops]\nsha256 = \"{TOKEN_SHA256}\"\n"))
    }

    /// Starts a gateway with it.
    pub fn start(&self) -> Gateway {
        Gateway::start(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_writes_each_section_once_and_lanes_after_their_service() {
        let address = SocketAddr::from(([127, 0, 0, 1], 81));

        let text = Recipe::to(address)
            .weighted("canary", 0.5, &[address])
            .limit("body = 5")
            .trusting()
            .text();

        assert_eq!(
            text,
            "[listeners.web]\naddress = \"127.0.0.1:0\"\n\n[admin]\naddress = \"127.0.0.1:0\"\n\n\
             [server]\ntrusted_peers = [\"127.0.0.1/32\"]\n\n[limits]\nbody = 5\n\n\
             [services.shop]\nkey = [\"header:X-User-Id\"]\nbaseline = \"stable\"\nshow_lane = true\n\n\
             [lanes.shop.stable]\nendpoints = [\"127.0.0.1:81\"]\n\n\
             [lanes.shop.canary]\nendpoints = [\"127.0.0.1:81\"]\nweight = 0.5\n"
        );
    }
}
