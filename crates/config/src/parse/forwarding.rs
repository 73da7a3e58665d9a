//! The tables that say how endpoints are asked.

use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::section::{Faults, Field, Section};
use super::{values, words};
use crate::{Endpoint, Retries, RetryOn, Timeouts};
use graylane_diagnostic::Diagnostic;

/// `[services.<name>.timeouts]`
pub(super) fn timeouts<'t>(
    value: &'t Spanned<DeValue<'t>>,
    service: &str,
    faults: &mut Faults,
) -> Field<Timeouts> {
    let name = format!("{service}.timeouts");
    let Some(section) = Section::open(value, "services.<name>.timeouts", &name, faults) else {
        return Field::Bad;
    };
    let time = |key, faults: &mut Faults| section.value(key, faults, values::duration);
    let (connect, attempt, exchange) = (
        time("connect", faults),
        time("try", faults),
        time("exchange", faults),
    );
    for (key, one) in [("connect", &connect), ("try", &attempt)] {
        if let (Some(one), Some(all)) = (one.given(), exchange.given())
            && one.get_ref() > all.get_ref()
        {
            let fault = Diagnostic::new(format!("`{key}` is longer than the whole `exchange` may take"));
            faults.add(
                fault
                    .hint("shorten it, or leave more to `exchange`")
                    .at(one.span()),
            );
        }
    }
    let timeouts = Timeouts {
        connect: connect.map(Some).or(None),
        attempt: attempt.map(Some).or(None),
        exchange: exchange.map(Some).or(None),
    };
    Field::Given(Spanned::new(value.span(), timeouts))
}

/// `[services.<name>.retries]`
pub(super) fn retries<'t>(
    value: &'t Spanned<DeValue<'t>>,
    service: &str,
    faults: &mut Faults,
) -> Field<Retries> {
    let name = format!("{service}.retries");
    let Some(section) = Section::open(value, "services.<name>.retries", &name, faults) else {
        return Field::Bad;
    };
    let usual = Retries::default();
    let (backoff, max_backoff) = waits(
        section.value("backoff", faults, values::duration),
        section.value("max_backoff", faults, values::duration),
        faults,
    );
    let retries = Retries {
        // The declared range ends far below the type's.
        times: section
            .value("times", faults, values::count)
            .map(|times| times as u8)
            .or(usual.times),
        budget: section.value("budget", faults, values::percent).or(usual.budget),
        on: section
            .list("on", faults, words::retry_on)
            .map(|all| {
                let all = all.iter().map(Spanned::get_ref);
                all.fold(RetryOn::NOTHING, |set, one| set.and(*one))
            })
            .or(usual.on),
        backoff,
        max_backoff,
    };
    Field::Given(Spanned::new(value.span(), retries))
}

/// The first wait and the longest. One that is given bends the default of the other.
fn waits(first: Field<Duration>, longest: Field<Duration>, faults: &mut Faults) -> (Duration, Duration) {
    let usual = Retries::default();
    if let (Some(one), Some(most)) = (first.given(), longest.given())
        && one.get_ref() > most.get_ref()
    {
        let fault = Diagnostic::new("`backoff` is longer than `max_backoff`");
        let hint = "raise `max_backoff`, or lower `backoff`";
        faults.add(fault.hint(hint).at(one.span()));
    }
    let given = first.given().map(|first| *first.get_ref());
    let longest = longest.or(usual.max_backoff.max(given.unwrap_or_default()));
    (first.or(usual.backoff.min(longest)), longest)
}

/// An entry of `endpoints`: its address, or a table with its address and its weight.
pub(super) fn endpoint<'t>(
    value: &'t Spanned<DeValue<'t>>,
    lane: &str,
    faults: &mut Faults,
) -> Option<Spanned<Endpoint>> {
    let name = format!("{lane}.endpoints");
    match value.get_ref() {
        DeValue::String(text) => {
            let endpoint = faults.keep(words::endpoint(text), value.span())?;
            Some(Spanned::new(value.span(), endpoint))
        }
        DeValue::Table(_) => {
            let section = Section::open(value, "lanes.<service>.<name>.endpoints[]", &name, faults)?;
            let weight = section.value("weight", faults, values::count);
            let (place, endpoint) = match section.text("url", faults, words::endpoint) {
                Field::Given(url) => (url.span(), url.into_inner()),
                Field::Bad => return None,
                Field::Absent => {
                    let fault = Diagnostic::new(format!("an endpoint of `{name}` has no `url`"));
                    let hint = "such as { url = \"http://10.0.0.7:8080\", weight = 3 }";
                    faults.add(fault.hint(hint).at(value.span()));
                    return None;
                }
            };
            if weight.is_bad() {
                return None;
            }
            // The declared range ends far below the type's.
            let weight = weight.map(|weight| weight as u16).or(endpoint.weight);
            Some(Spanned::new(place, Endpoint { weight, ..endpoint }))
        }
        other => {
            let fault = Diagnostic::new(format!(
                "`endpoints` takes strings and tables, not {}",
                values::kind_of(other)
            ));
            let hint = "such as endpoints = [\"http://10.0.0.7:8080\"]";
            faults.add(fault.hint(hint).at(value.span()));
            None
        }
    }
}
