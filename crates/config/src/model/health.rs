use std::ops::RangeInclusive;
use std::time::Duration;

/// `[lanes.<service>.<name>.health]`: how the endpoints of a lane are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is asked of an endpoint.
    pub question: HealthQuestion,
    /// The port that is asked; `None`: the endpoint's own.
    pub port: Option<u16>,
    /// From one check of an endpoint to the next; default 5 s, 100 ms to 1 h.
    pub interval: Duration,
    /// What a check may take, the look-up of a name and TLS included; default 1 s, 1 ms to 1 min.
    pub timeout: Duration,
    /// So many checks fail in a row before an endpoint is out; default 3, 1 to 100.
    pub fails: u32,
    /// So many checks pass in a row before it is back; default 2, 1 to 100.
    pub passes: u32,
}

/// What is asked of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HealthQuestion {
    /// `kind = "tcp"`: that it takes a connection, over TLS where the endpoint is asked over TLS.
    Tcp,
    /// `kind = "http"`: a GET, in the protocol of the lane.
    Http {
        /// The path, with the query where there is one; default `/`.
        path: Box<str>,
        /// The host that is asked for; `None`: the endpoint's.
        host: Option<Box<str>>,
        /// The statuses of an endpoint that is well; at least one; default 200 to 299.
        expect: Vec<RangeInclusive<u16>>,
    },
    /// `kind = "grpc"`: `grpc.health.v1.Health/Check`, over HTTP/2.
    Grpc {
        /// The service that is asked for; default empty: the server as a whole.
        service: Box<str>,
    },
}

impl Health {
    pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
    pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
    pub(crate) const FAILS: u32 = 3;
    pub(crate) const PASSES: u32 = 2;
}
