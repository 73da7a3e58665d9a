//! Host and path -> service.
//!
//! An exact host goes before the longest `*.suffix`, that before any host; within a host the longest path prefix wins.
//! A host whose paths do not match falls through to the next less specific one.

use graylane_config::HostPattern;

/// The longest host name that DNS allows (RFC 1035, section 2.3.4).
const MAX_HOST: usize = 255;

/// The hosts and paths of all services.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// Sorted by host.
    exact: Vec<(Box<str>, Paths)>,
    /// `.example.org`, longest first.
    below: Vec<(Box<str>, Paths)>,
    any: Paths,
}

/// Prefixes without a trailing slash, longest first: `/` is the empty one.
#[derive(Debug, Default)]
struct Paths(Vec<(Box<str>, u32)>);

impl Hosts {
    /// Of each rule the host (`None`: any), the path prefix and the number of the service.
    pub(crate) fn compile(rules: Vec<(Option<HostPattern>, Box<str>, u32)>) -> Self {
        let mut hosts = Self {
            exact: Vec::new(),
            below: Vec::new(),
            any: Paths::default(),
        };
        for (host, path, service) in rules {
            let paths = match host {
                None => &mut hosts.any,
                Some(HostPattern::Exact(name)) => entry(&mut hosts.exact, name),
                Some(HostPattern::Below(suffix)) => entry(&mut hosts.below, suffix),
            };
            paths.0.push((path.trim_end_matches('/').into(), service));
        }
        hosts.exact.sort_by(|a, b| a.0.cmp(&b.0));
        hosts
            .below
            .sort_by_key(|(suffix, _)| std::cmp::Reverse(suffix.len()));
        let all = hosts
            .exact
            .iter_mut()
            .chain(&mut hosts.below)
            .map(|(_, paths)| paths);
        for paths in all.chain([&mut hosts.any]) {
            paths.0.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        }
        hosts
    }

    /// The service of the rule that matches.
    #[inline]
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<u32> {
        self.find_rule(host, path).map(|(_, _, service)| service)
    }

    /// The host of the rule that matches, its path prefix (empty for `/`) and its service.
    #[inline]
    pub(crate) fn find_rule(&self, host: &str, path: &str) -> Option<(HostWord<'_>, &str, u32)> {
        if self.exact.is_empty() && self.below.is_empty() {
            return self
                .any
                .find(path)
                .map(|(prefix, service)| (HostWord::Any, prefix, service));
        }
        let mut buffer = [0; MAX_HOST];
        let host = lower(host, &mut buffer);
        if let Ok(at) = self.exact.binary_search_by(|(name, _)| (**name).cmp(host)) {
            let (name, paths) = &self.exact[at];
            if let Some((prefix, service)) = paths.find(path) {
                return Some((HostWord::Exact(name), prefix, service));
            }
        }
        for (suffix, paths) in &self.below {
            if host.len() > suffix.len()
                && host.ends_with(&**suffix)
                && let Some((prefix, service)) = paths.find(path)
            {
                return Some((HostWord::Below(suffix), prefix, service));
            }
        }
        self.any
            .find(path)
            .map(|(prefix, service)| (HostWord::Any, prefix, service))
    }
}

/// The host part of the rule that matched.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HostWord<'a> {
    Any,
    Exact(&'a str),
    Below(&'a str),
}

impl Paths {
    #[inline]
    fn find(&self, path: &str) -> Option<(&str, u32)> {
        self.0
            .iter()
            .find(|(prefix, _)| match path.strip_prefix(&**prefix) {
                // A prefix ends at a segment: `/shop` is no prefix of `/shopping`.
                Some(rest) => rest.is_empty() || rest.starts_with('/') || prefix.is_empty(),
                None => false,
            })
            .map(|(prefix, service)| (&**prefix, *service))
    }
}

fn entry(list: &mut Vec<(Box<str>, Paths)>, name: Box<str>) -> &mut Paths {
    let at = match list.iter().position(|(known, _)| *known == name) {
        Some(at) => at,
        None => {
            list.push((name, Paths::default()));
            list.len() - 1
        }
    };
    &mut list[at].1
}

/// The host in lower case, without the dot that a fully qualified name may end in. A host longer than any DNS name
/// keeps its case: it can be no exact host of a rule, and is not worth a longer buffer.
#[inline]
fn lower<'a>(host: &'a str, buffer: &'a mut [u8; MAX_HOST]) -> &'a str {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.len() > MAX_HOST || !host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return host;
    }
    let copy = &mut buffer[..host.len()];
    copy.copy_from_slice(host.as_bytes());
    copy.make_ascii_lowercase();
    // Lowering ASCII letters keeps UTF-8 valid, so the fallback is never taken.
    std::str::from_utf8(copy).unwrap_or("")
}
