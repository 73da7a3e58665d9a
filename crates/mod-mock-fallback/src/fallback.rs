//! The hooks.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use graylane_pipeline::{
    Health, Instance, MetricsText, Page, PageRequest, Phases, Reply, Rescue, Settings, SettingsError,
    StartError, Topology,
};

use crate::book::Book;
use crate::entry::Text;
use crate::path::decoded;
use crate::reason::{Reason, Reasons};
use crate::report;
use crate::settings::Plan;
use crate::tally::Tally;
use crate::template::Placeholder;

/// The running module.
#[derive(Debug)]
pub(crate) struct Fallback {
    pub(crate) topology: Arc<Topology>,
    pub(crate) on: Reasons,
    /// `None`: all.
    services: Option<Vec<String>>,
    pub(crate) book: Book,
    /// One for all configurations of the process.
    pub(crate) tally: Arc<Tally>,
}

impl Fallback {
    pub(crate) fn start(settings: Settings<'_>, topology: &Arc<Topology>) -> Result<Self, SettingsError> {
        let plan = Plan::read(settings)?;
        let book = Book::read(settings.files())?;
        let is_known = |name: &str| topology.lanes.iter().any(|lane| lane.service.as_str() == name);
        for service in plan.services.iter().flatten() {
            if !is_known(service.get_ref()) {
                return Err(SettingsError::at(
                    service.span(),
                    format!(
                        "there is no service {}",
                        graylane_diagnostic::quote(service.get_ref())
                    ),
                    "name a service of this configuration",
                ));
            }
        }
        for mock in book.iter() {
            if let Some(service) = mock.service.as_deref().filter(|name| !is_known(name))
                && let Some(file) = settings.files().iter().find(|file| file.name == mock.place.0)
            {
                return Err(Text(file).wrong(
                    mock.span.clone(),
                    format!("there is no service {}", graylane_diagnostic::quote(service)),
                    "name a service of this configuration, or leave `service` out",
                ));
            }
        }
        let services = plan.services.map(|all| {
            let names = all.into_iter().map(|service| service.into_inner());
            names.collect()
        });
        Ok(Self {
            topology: Arc::clone(topology),
            on: plan.on,
            services,
            book,
            tally: Arc::new(Tally::new()),
        })
    }

    fn is_for(&self, service: &str) -> bool {
        let services = self.services.as_ref();
        services.is_none_or(|all| all.iter().any(|name| name == service))
    }
}

impl Instance for Fallback {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    /// None where there is no mock: then a failure costs nothing either.
    fn phases(&self) -> Phases {
        match self.book.iter().next() {
            Some(_) => Phases::ANSWER,
            None => Phases::NONE,
        }
    }

    fn rescues_status(&self, status: u16) -> bool {
        self.on.has_status(status)
    }

    fn rescue(&self, rescue: &Rescue<'_>) -> Option<Reply> {
        graylane_note::emitted!("mock-fallback");
        let reason = Reason::of(rescue.trouble).filter(|reason| self.on.contains(*reason))?;
        let lane = self.topology.lane(rescue.decision.lane);
        if !self.is_for(lane.service.as_str()) {
            return None;
        }
        let Some((mock, path)) = self.book.find(lane.service.as_str(), rescue.method, rescue.path) else {
            self.tally.missed.add(reason);
            return None;
        };
        mock.served.add(reason);
        self.tally.served(Instant::now());
        let body = mock.body.render(|placeholder, _| match placeholder {
            Placeholder::Path(number) => decoded(path[*number]),
            Placeholder::Query(name) => query(rescue.query.unwrap_or_default(), name),
            Placeholder::Header(name) => String::from_utf8_lossy((rescue.header)(name).unwrap_or_default()),
            Placeholder::Trace => rescue.trace.to_string().into(),
            Placeholder::Service => lane.service.as_str().into(),
            Placeholder::Lane => lane.lane.as_str().into(),
            Placeholder::Fault => reason.word(),
            Placeholder::Method => rescue.method.into(),
        });
        Some(Reply {
            status: mock.status,
            fields: mock.fields.clone(),
            body: body.into_bytes(),
        })
    }

    fn health(&self) -> Health {
        report::health(self, Instant::now())
    }

    fn metrics(&self, out: &mut MetricsText) {
        report::metrics(self, out);
    }

    fn pages(&self) -> &'static [&'static str] {
        &[report::PAGE]
    }

    fn page(&self, request: &PageRequest<'_>) -> Option<Page> {
        (request.path == report::PAGE).then(|| report::page(self))
    }

    fn renew(
        &self,
        settings: Settings<'_>,
        topology: &Arc<Topology>,
    ) -> Result<Arc<dyn Instance>, StartError> {
        let mut next = Self::start(settings, topology)?;
        next.book.keep_counts(&self.book);
        next.tally = Arc::clone(&self.tally);
        Ok(Arc::new(next))
    }
}

/// The first parameter of a name, empty where there is none.
fn query<'q>(query: &'q str, name: &str) -> Cow<'q, str> {
    let mut all = form_urlencoded::parse(query.as_bytes());
    let found = all.find(|(known, _)| known == name);
    found.map_or(Cow::Borrowed(""), |(_, value)| value)
}
