use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::{
    Attempt, Decision, Exchange, MetricsText, ModuleFile, Outcome, Reply, Rescue, Settings, SettingsError,
    Topology, TraceId,
};

/// The phases that a module hooks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phases(u8);

impl Phases {
    /// None: the module only has pages or metrics.
    pub const NONE: Self = Self(0);
    /// [`Instance::admit`] and [`Instance::settle`].
    pub const FORWARD: Self = Self(1);
    /// [`Instance::wants_head`] and [`Instance::observe`].
    pub const OBSERVE: Self = Self(2);
    /// [`Instance::rescues_status`] and [`Instance::rescue`].
    pub const ANSWER: Self = Self(4);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of the other set are in this one.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Why a module did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its section of the configuration is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Something outside was not as it must be.
    #[error("{what}")]
    Failed {
        /// What was tried.
        what: String,
        /// What came back.
        #[source]
        source: std::io::Error,
    },
}

/// An optional behaviour, as compiled in: what it is called and how to start it.
pub trait Module: Send + Sync + 'static {
    /// Its name, the same as that of its Cargo feature without `mod-`, and of its section `[modules.<name>]`.
    fn name(&self) -> &'static str;

    /// One line for people.
    fn summary(&self) -> &'static str;

    /// Reads the files that it takes besides the configuration, whose folder this is. They are read whenever the
    /// configuration is; [`Settings::files`] then has them wherever the module gets its section. A change of one is a
    /// change of the configuration.
    ///
    /// # Errors
    /// The section is wrong, or a file that it names cannot be read; the place is in the section.
    fn files(&self, _settings: Settings<'_>, _folder: &Path) -> Result<Vec<ModuleFile>, SettingsError> {
        Ok(Vec::new())
    }

    /// Checks its section and its files without starting anything, for `graylane check`.
    ///
    /// # Errors
    /// The section has an unknown key or a value out of range, or a file has a mistake.
    fn check(&self, settings: Settings<'_>) -> Result<(), SettingsError>;

    /// Starts it. May block for as long as the boot limit allows; runs on a thread of its own.
    ///
    /// # Errors
    /// The section is wrong, or a file or socket that it needs is not to be had.
    fn start(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError>;
}

/// How a running module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It does its work.
    Good,
    /// It works, but not as it should; the reason is shown in `/readyz`.
    Degraded(String),
}

/// What is asked of an admin page.
#[derive(Clone, Copy)]
pub struct PageRequest<'a> {
    /// The path, without the query: `/debug/dump`.
    pub path: &'a str,
    /// The query, without the question mark.
    pub query: &'a str,
    /// What the gateway itself adds for a page about the whole process, as JSON: version, revision, lanes, connections,
    /// exchanges in flight. It is made only when called, and nothing in it is of a client.
    pub gateway: &'a dyn Fn() -> String,
}

impl fmt::Debug for PageRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageRequest")
            .field("path", &self.path)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}

/// An admin page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The media type.
    pub content_type: &'static str,
    /// The content.
    pub body: String,
}

/// A module that was started. Every method may be called from any thread at any time.
///
/// An instance belongs to one configuration, whose numbers of lanes and endpoints it knows. For the next configuration it
/// is renewed; the exchanges that it admitted are settled by it and shown to it, also after that.
pub trait Instance: Send + Sync + 'static {
    /// The name of its module.
    fn name(&self) -> &'static str;

    /// The phases that it wants; asked once.
    fn phases(&self) -> Phases;

    /// *forward*: may this endpoint be asked now? A yes is followed by exactly one [`Instance::settle`].
    fn admit(&self, _attempt: &Attempt) -> bool {
        true
    }

    /// *forward*: how an admitted attempt ended. The attempt is the one that was admitted, its `started` unchanged:
    /// modules may tell attempts apart by it.
    fn settle(&self, _attempt: &Attempt, _outcome: Outcome) {}

    /// *answer*: may [`Instance::rescue`] replace an endpoint's answer with this status, 500 to 599? Asked for each such
    /// answer, so it must be cheap.
    fn rescues_status(&self, _status: u16) -> bool {
        false
    }

    /// *answer*: an answer in place of a fault, or of an endpoint's answer that failed. The first module in table order that
    /// gives one wins. Nothing else about the exchange changes: for [`Instance::settle`] the attempt failed as it did.
    fn rescue(&self, _rescue: &Rescue<'_>) -> Option<Reply> {
        None
    }

    /// *decide*: will [`Instance::observe`] need the request's head? A pure function of its arguments.
    fn wants_head(&self, _decision: &Decision, _trace: TraceId) -> bool {
        false
    }

    /// *observe*: an exchange ended.
    fn observe(&self, _exchange: &Exchange<'_>) {}

    /// How it is.
    fn health(&self) -> Health {
        Health::Good
    }

    /// Its own metrics, appended to `/metrics`.
    fn metrics(&self, _out: &mut MetricsText) {}

    /// The admin pages that it answers, as paths.
    fn pages(&self) -> &'static [&'static str] {
        &[]
    }

    /// One of its admin pages; `None` where it has none at that path.
    fn page(&self, _request: &PageRequest<'_>) -> Option<Page> {
        None
    }

    /// Makes the instance for the next configuration from this one, which goes on. What is known of lanes and endpoints
    /// goes along by their names, see [`Topology::earlier`]; what runs, such as a thread, is shared and not begun anew.
    ///
    /// Without side effects: the next configuration may still be refused, and then what was made is dropped.
    ///
    /// # Errors
    /// The section is wrong, or changes what cannot change while the process runs.
    fn renew(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError>;

    /// From now on the configuration of this instance, which was made by [`Instance::renew`], is the one in use. Called
    /// at most once, right before its first exchange.
    fn take_over(&self) {}

    /// What the next process may want to know when it takes over from this one; `None`: nothing. At most 1,000,000 bytes.
    fn offer(&self) -> Option<Vec<u8>> {
        None
    }

    /// Takes what the instance of the process before [offered](Instance::offer), before the first exchange. It may be of
    /// another version: what is not understood is ignored.
    fn adopt(&self, _offered: &[u8]) {}

    /// Stops: flushes and closes. Called once, on the instance in use at the end of the process, after the last exchange;
    /// may block within the boot limit.
    fn stop(&self) {}
}

impl fmt::Debug for dyn Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for dyn Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
