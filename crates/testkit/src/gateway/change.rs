//! Changes of what runs: ordering them, and waiting for them.

use std::net::SocketAddr;

use serde_json::Value;

use super::Gateway;
use crate::client::{Client, Response};
use crate::recipe::TOKEN;
use crate::wait::{LIMIT, eventually};

impl Gateway {
    /// The address of the flag server.
    ///
    /// # Panics
    /// When there is none.
    pub fn ofrep(&self) -> SocketAddr {
        let ready = self.until_event("ready");
        let address = ready["ofrep"].as_str().and_then(|text| text.parse().ok());
        address.unwrap_or_else(|| panic!("no flag server: {ready}"))
    }

    /// Sends a change to the admin port, as the holder of [`TOKEN`].
    pub fn order(&self, method: &str, target: &str, body: impl AsRef<[u8]>) -> Response {
        self.order_as(&format!("Bearer {TOKEN}"), method, target, body)
    }

    /// The same with any `Authorization`; none where that is empty.
    pub fn order_as(
        &self,
        authorization: &str,
        method: &str,
        target: &str,
        body: impl AsRef<[u8]>,
    ) -> Response {
        let fields = [("Connection", "close"), ("Authorization", authorization)];
        let fields = if authorization.is_empty() {
            &fields[..1]
        } else {
            &fields
        };
        Client::connect(self.admin()).request(method, target, fields, body.as_ref())
    }

    /// What `/readyz` says now.
    pub fn readiness(&self) -> Value {
        self.ask("/readyz").json()
    }

    /// The revision in use.
    ///
    /// # Panics
    /// When there is none.
    pub fn revision(&self) -> u64 {
        let readiness = self.readiness();
        readiness["revision"]
            .as_u64()
            .unwrap_or_else(|| panic!("no revision: {readiness}"))
    }

    /// Waits until this revision is in use.
    ///
    /// # Panics
    /// When it does not come, or a later one does.
    pub fn until_revision(&self, revision: u64) {
        let what = format!("revision {revision} is in use");
        let mut found = 0;
        eventually(LIMIT, &what, || {
            found = self.revision();
            found >= revision
        });
        assert_eq!(found, revision, "{}", self.stderr());
    }

    /// Waits until the last change is one that was refused for a reason with these words, and gives the reason.
    ///
    /// # Panics
    /// When none is.
    pub fn until_rejected(&self, words: &str) -> String {
        let mut reason = String::new();
        eventually(LIMIT, &format!("a change is refused for: {words}"), || {
            let readiness = self.readiness();
            let rejected = readiness["configuration"]["rejected"]["reason"].as_str();
            rejected.unwrap_or_default().clone_into(&mut reason);
            reason.contains(words) && !reason.is_empty()
        });
        reason
    }

    /// Waits until no refused change is the last one.
    ///
    /// # Panics
    /// When one stays it.
    pub fn until_nothing_is_rejected(&self) {
        eventually(LIMIT, "nothing is rejected", || {
            self.readiness()["configuration"]["rejected"].is_null()
        });
    }

    /// How many changes came from there (`signal`, `file`, `admin`) and ended so (`accepted`, `unchanged`, `rejected`).
    pub fn changes(&self, by: &str, result: &str) -> u64 {
        let metrics = self.metrics();
        let count = metrics.sum("graylane_config_changes_total", &[("by", by), ("result", result)]);
        count as u64
    }
}
