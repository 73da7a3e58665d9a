use std::time::Duration;

/// What a server is told. It may be replaced while the server runs ([`crate::Server::replace`]).
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Who may ask; nobody listed: everybody may.
    pub keys: Vec<Key>,
    /// The pages in a browser that may ask.
    pub cors: Origins,
    /// The limits. Those of a connection hold for connections that begin afterwards.
    pub limits: Limits,
}

/// A bearer token or API key, known by its digest alone.
#[derive(Clone)]
pub struct Key {
    /// What people call it.
    pub name: Box<str>,
    /// The SHA-256 of the key.
    pub sha256: [u8; 32],
}

/// Origins of pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origins {
    /// These alone, compared as they are written: `https://app.example`.
    Listed(Vec<Box<str>>),
    /// Any.
    Any,
    /// None: nothing about CORS is answered.
    #[default]
    None,
}

/// What a stranger may use up.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request's head.
    pub head: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// From the first byte of a request to the end of its head.
    pub header_time: Duration,
    /// For the body to come.
    pub body_time: Duration,
    /// For an answer to be taken. An event stream whose reader takes nothing for so long is closed.
    pub answer_time: Duration,
    /// Between two requests of a connection.
    pub idle_time: Duration,
    /// Connections at the same time, event streams included.
    pub connections: usize,
    /// Event streams at the same time.
    pub streams: usize,
    /// Between two signs of life on an event stream.
    pub heartbeat: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 16 * 1024,
            body: 1024 * 1024,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            answer_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(75),
            connections: 4096,
            streams: 2048,
            heartbeat: Duration::from_secs(15),
        }
    }
}

impl std::fmt::Debug for Key {
    // A digest of a weak key could be searched for, so it stays out of logs as well.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
