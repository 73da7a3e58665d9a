//! How the endpoints of a service are asked, as one generation has it.

use std::time::Duration;

use graylane_config::{Limits, Retries, Service};

use crate::clock::Ticks;

/// Of one service.
#[derive(Debug)]
pub(crate) struct Rules {
    /// To connect to an endpoint.
    pub(crate) connect: Duration,
    /// From the sent request to the head of the answer.
    pub(crate) response: Ticks,
    /// From the head of the request to the head of the answer, whatever was tried.
    pub(crate) exchange: Option<Duration>,
    /// When what an endpoint may have seen is asked of another one.
    pub(crate) retries: Retries,
}

impl Rules {
    pub(crate) fn of(service: &Service, limits: &Limits) -> Self {
        let times = &service.timeouts;
        Self {
            connect: times.connect.unwrap_or(limits.connect_time),
            response: Ticks::at_least(times.attempt.unwrap_or(limits.response_time)),
            exchange: times.exchange,
            retries: service.retries.clone(),
        }
    }
}
