//! Layers of TOML -> one typed configuration, with the place of every mistake: pure.

mod model;

pub use model::{
    Admin, Config, Drain, Endpoint, HostPattern, KeySource, Lane, Limits, Listener, ModuleSection, Respond,
    Server, Service, Upstream,
};
