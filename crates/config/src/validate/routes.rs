use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use toml::Spanned;

use crate::HostPattern;
use crate::parse::{Faults, Field, HostWord, ServiceDraft};
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::quote;

/// What a service serves.
pub(super) struct Rules {
    pub(super) hosts: Vec<HostPattern>,
    pub(super) paths: Vec<Box<str>>,
}

/// The rules, with the defaults filled in.
pub(super) fn rules(hosts: Field<Vec<Spanned<HostWord>>>, paths: Field<Vec<Spanned<Box<str>>>>) -> Rules {
    let pattern = |word: Spanned<HostWord>| match word.into_inner() {
        HostWord::Any => None,
        HostWord::Pattern(pattern) => Some(pattern),
    };
    Rules {
        hosts: hosts.or(Vec::new()).into_iter().filter_map(pattern).collect(),
        paths: paths
            .map(|all| all.into_iter().map(Spanned::into_inner).collect())
            .or(vec!["/".into()]),
    }
}

/// The most pairs of a host and a path in one configuration: each is a rule that the gateway holds.
const MOST: usize = 50_000;

/// No list is empty or says a thing twice, and no two services serve the same host and path.
pub(super) fn check(services: &[ServiceDraft], faults: &mut Faults) {
    let mut owners: BTreeMap<(String, &str), &ServiceDraft> = BTreeMap::new();
    let mut rules = 0;
    for service in services {
        let hosts = hosts_of(service, faults);
        let paths = paths_of(service, faults);
        rules += hosts.len() * paths.len();
        if rules > MOST {
            let fault = Diagnostic::new(format!("more than {MOST} pairs of a host and a path are served"));
            let hint = "write `*.example.org` for many hosts, or a shorter prefix for many paths";
            faults.add(fault.hint(hint).at(service.place.clone()));
            return;
        }
        let mut told = false;
        for (host, host_place) in &hosts {
            for (path, path_place) in &paths {
                match owners.entry((host.clone(), *path)) {
                    Entry::Vacant(free) => {
                        free.insert(service);
                    }
                    Entry::Occupied(owner) if !told => {
                        told = true;
                        let place = path_place
                            .clone()
                            .or_else(|| host_place.clone())
                            .unwrap_or_else(|| service.place.clone());
                        faults.add(conflict(owner.get(), host, path).at(place));
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
    }
}

fn conflict(owner: &ServiceDraft, host: &str, path: &str) -> Diagnostic {
    let host = if host == "*" {
        "any host".to_owned()
    } else {
        format!("the host {}", quote(host))
    };
    Diagnostic::new(format!(
        "the service {} already serves {host} with the path {}",
        quote(&owner.key),
        quote(path)
    ))
    .hint("give one of the two other hosts or paths")
}

type Placed<T> = Vec<(T, Option<Range<usize>>)>;

/// Each host once; none where the list was refused.
fn hosts_of(service: &ServiceDraft, faults: &mut Faults) -> Placed<String> {
    let given = match &service.hosts {
        Field::Absent => return vec![("*".to_owned(), None)],
        Field::Bad => return Vec::new(),
        Field::Given(given) => given,
    };
    if given.get_ref().is_empty() {
        let fault = Diagnostic::new("a service with no host serves nothing");
        faults.add(
            fault
                .hint("for any host write hosts = [\"*\"], or leave the key out")
                .at(given.span()),
        );
    }
    let any = given
        .get_ref()
        .iter()
        .find(|host| *host.get_ref() == HostWord::Any);
    if let Some(any) = any.filter(|_| given.get_ref().len() > 1) {
        let fault = Diagnostic::new("`*` stands for every host, so the others beside it mean nothing");
        faults.add(fault.hint("remove `*`, or the others").at(any.span()));
    }
    let word = |host: &HostWord| match host {
        HostWord::Any => "*".to_owned(),
        HostWord::Pattern(HostPattern::Exact(name)) => name.to_string(),
        HostWord::Pattern(HostPattern::Below(suffix)) => format!("*{suffix}"),
    };
    let all = given
        .get_ref()
        .iter()
        .map(|host| (word(host.get_ref()), Some(host.span())))
        .collect();
    once(all, faults)
}

/// Each path once; none where the list was refused.
fn paths_of<'s>(service: &'s ServiceDraft, faults: &mut Faults) -> Placed<&'s str> {
    let given = match &service.paths {
        Field::Absent => return vec![("/", None)],
        Field::Bad => return Vec::new(),
        Field::Given(given) => given,
    };
    if given.get_ref().is_empty() {
        let fault = Diagnostic::new("a service with no path serves nothing");
        faults.add(
            fault
                .hint("for any path write paths = [\"/\"], or leave the key out")
                .at(given.span()),
        );
    }
    once(
        given
            .get_ref()
            .iter()
            .map(|path| (&**path.get_ref(), Some(path.span())))
            .collect(),
        faults,
    )
}

/// Notes and drops what stands twice.
fn once<T: AsRef<str> + Ord + Clone>(all: Placed<T>, faults: &mut Faults) -> Placed<T> {
    let mut seen = std::collections::BTreeSet::new();
    let mut kept = Vec::new();
    for (word, place) in all {
        if seen.insert(word.clone()) {
            kept.push((word, place));
            continue;
        }
        let mut fault = Diagnostic::new(format!("{} stands twice", quote(word.as_ref())));
        fault.span = place;
        faults.add(fault.hint("remove one"));
    }
    kept
}
