use graylane_core::{AllotError, Claim, Interval, Weight, allot};

use super::{gray, health, mirror, name_list, tls};
use crate::parse::{Faults, Field, Grow, LaneDraft, ServiceDraft};
use crate::units::show_percent;
use crate::{Endpoint, Health, Lane, LaneFlag, Protocol, Upstream, UpstreamTls};
use graylane_diagnostic::Diagnostic;
use graylane_diagnostic::{meant, quote};

/// The baseline where a service does not name another.
const BASELINE: &str = "stable";

/// The share of healthy endpoints below which all are asked, where a lane does not state another.
const PANIC: Weight = match Weight::from_steps(50_000) {
    Ok(half) => half,
    Err(_) => Weight::ZERO,
};

/// The most lanes of one service: the intervals cost the square of their number.
const MOST: usize = 64;

/// The lanes with their intervals, and the index of the baseline; `None` only where a mistake was noted.
pub(super) fn check(
    service: &ServiceDraft,
    mut drafts: Vec<LaneDraft>,
    faults: &mut Faults,
) -> Option<(usize, Vec<Lane>)> {
    if drafts.len() > MOST {
        let fault = Diagnostic::new(format!(
            "the service {} has {} lanes, more than {MOST}",
            quote(&service.key),
            drafts.len()
        ));
        faults.add(
            fault
                .hint("a lane is one version that runs; remove those that ended")
                .at(drafts[MOST].place.clone()),
        );
        return None;
    }
    let upstreams: Vec<Option<Upstream>> = drafts
        .iter()
        .map(|lane| upstream(service, lane, faults))
        .collect();
    let secured: Vec<Option<UpstreamTls>> = drafts
        .iter_mut()
        .map(|lane| tls::upstream(lane, faults))
        .collect();
    let checked: Vec<Option<Health>> = drafts
        .iter_mut()
        .map(|lane| health::check(lane, faults))
        .collect();
    let mirrors = mirror::check(service, &drafts, &upstreams, faults);
    let baseline = baseline(service, &drafts, faults)?;
    refuse_share(&drafts[baseline], faults);
    gray::tags(service, &drafts, faults);
    for lane in &drafts {
        refuse_flag_and_share(lane, faults);
    }
    let intervals = intervals(service, &drafts, baseline, faults)?;
    let taken: u32 = intervals.iter().flatten().map(|interval| interval.width()).sum();
    // `allot` keeps the sum within the whole, so the subtraction and the conversion cannot fail.
    let rest = Weight::from_steps(Weight::FULL.steps().saturating_sub(taken)).ok()?;
    let lanes = drafts
        .into_iter()
        .zip(upstreams)
        .zip(secured)
        .zip(checked.into_iter().zip(mirrors))
        .zip(intervals);
    let lanes: Option<Vec<Lane>> = lanes
        .map(|((((draft, upstream), tls), (health, mirror)), interval)| {
            Some(Lane {
                tag: gray::tag(&draft)?,
                name: draft.name?,
                weight: match (interval, draft.flag.is_absent()) {
                    (Some(_), _) => draft.weight.or(Weight::ZERO),
                    (None, true) => rest,
                    (None, false) => Weight::ZERO,
                },
                interval,
                flag: flag(draft.flag, &draft.variant),
                upstream: upstream?,
                protocol: draft.protocol.or(Protocol::default()),
                panic: draft.panic.or(PANIC),
                slow_start: draft.slow_start.map(Some).or(None),
                tls,
                health,
                mirror,
            })
        })
        .collect();
    Some((baseline, lanes?))
}

/// Exactly one of `endpoints` and `respond`.
fn upstream(service: &ServiceDraft, lane: &LaneDraft, faults: &mut Faults) -> Option<Upstream> {
    match (&lane.endpoints, &lane.respond) {
        (Field::Absent, Field::Absent) => {
            let fault = Diagnostic::new(format!("nobody answers in {}", called(service, lane)));
            let hint = "add endpoints = [\"http://127.0.0.1:3000\"] or respond = { body = \"hello\" }";
            faults.add(fault.hint(hint).at(lane.place.clone()));
            None
        }
        (Field::Absent, Field::Given(respond)) => Some(Upstream::Respond(respond.get_ref().clone())),
        (Field::Given(endpoints), Field::Absent) => {
            if endpoints.get_ref().is_empty() {
                let fault = Diagnostic::new(format!("there is no endpoint in {}", called(service, lane)));
                faults.add(
                    fault
                        .hint("such as endpoints = [\"http://127.0.0.1:3000\"]")
                        .at(endpoints.span()),
                );
            }
            for (i, endpoint) in endpoints.get_ref().iter().enumerate() {
                let same =
                    |other: &Endpoint, one: &Endpoint| (&other.host, other.port) == (&one.host, one.port);
                if endpoints.get_ref()[..i]
                    .iter()
                    .any(|other| same(other.get_ref(), endpoint.get_ref()))
                {
                    let fault = Diagnostic::new("the same endpoint stands twice in a lane");
                    faults.add(
                        fault
                            .hint("remove one; an endpoint takes more with { url = \"…\", weight = 2 }")
                            .at(endpoint.span()),
                    );
                }
            }
            Some(Upstream::Endpoints(
                endpoints
                    .get_ref()
                    .iter()
                    .map(|one| one.get_ref().clone())
                    .collect(),
            ))
        }
        (Field::Given(_) | Field::Bad, Field::Given(respond)) => {
            let fault = Diagnostic::new(format!(
                "both `endpoints` and `respond` would answer in {}",
                called(service, lane)
            ));
            faults.add(fault.hint("keep one of them").at(respond.span()));
            None
        }
        (_, Field::Bad) | (Field::Bad, _) => None,
    }
}

/// "the lane `canary` of the service `shop`"
pub(super) fn called(service: &ServiceDraft, lane: &LaneDraft) -> String {
    let name = lane
        .name
        .as_ref()
        .map_or_else(|| "?".to_owned(), ToString::to_string);
    format!("the lane `{name}` of the service {}", quote(&service.key))
}

/// The index of the baseline.
fn baseline(service: &ServiceDraft, lanes: &[LaneDraft], faults: &mut Faults) -> Option<usize> {
    let name = match &service.baseline {
        Field::Given(name) => name.get_ref().as_str(),
        Field::Absent => BASELINE,
        Field::Bad => return None,
    };
    let names = || lanes.iter().filter_map(|lane| lane.name.as_ref());
    let found = lanes
        .iter()
        .position(|lane| lane.name.as_ref().is_some_and(|other| other.as_str() == name));
    // A lane whose name was refused may be the one that is missing.
    if found.is_some() || lanes.iter().any(|lane| lane.name.is_none()) {
        return found;
    }
    let key = graylane_diagnostic::cut(&service.key);
    let hint = if lanes.is_empty() {
        format!("it has no lanes: add [lanes.{key}.{BASELINE}]")
    } else if let Some(other) =
        meant(name, names().map(|name| name.as_str())).filter(|_| service.baseline.given().is_some())
    {
        format!("did you mean `{other}`?")
    } else {
        format!(
            "it has {}: name one in [services.{key}] as baseline = \"…\"",
            name_list(names())
        )
    };
    let place = service
        .baseline
        .given()
        .map_or(service.place.clone(), toml::Spanned::span);
    let fault = Diagnostic::new(format!(
        "the baseline {} of the service `{key}` is none of its lanes",
        quote(name)
    ));
    faults.add(fault.hint(hint).at(place));
    None
}

/// The baseline has no share of its own.
fn refuse_share(lane: &LaneDraft, faults: &mut Faults) {
    let places = [
        ("weight", lane.weight.given().map(toml::Spanned::span)),
        ("grow", lane.grow.given().map(toml::Spanned::span)),
        ("reserve", lane.reserve.given().map(toml::Spanned::span)),
        ("flag", lane.flag.given().map(toml::Spanned::span)),
    ];
    for (key, place) in places {
        if let Some(place) = place {
            let fault = Diagnostic::new(format!(
                "the baseline has no `{key}`: it takes what the other lanes leave"
            ));
            faults.add(
                fault
                    .hint(format!(
                        "remove `{key}` here, and give the other lanes their weights"
                    ))
                    .at(place),
            );
        }
    }
}

/// A lane has a flag or a share, and a variant only with a flag.
fn refuse_flag_and_share(lane: &LaneDraft, faults: &mut Faults) {
    let Some(flag) = lane.flag.given() else {
        if let Some(variant) = lane.variant.given().filter(|_| lane.flag.is_absent()) {
            let fault = Diagnostic::new("a `variant` without a `flag`");
            faults.add(
                fault
                    .hint("add the flag whose variant it is: flag = \"…\"")
                    .at(variant.span()),
            );
        }
        return;
    };
    let places = [
        ("weight", lane.weight.given().map(toml::Spanned::span)),
        ("grow", lane.grow.given().map(toml::Spanned::span)),
        ("reserve", lane.reserve.given().map(toml::Spanned::span)),
    ];
    for (key, place) in places {
        if let Some(place) = place {
            let fault = Diagnostic::new(format!(
                "`{key}` beside `flag`: the flag {} decides who gets the lane",
                quote(flag.get_ref())
            ));
            faults.add(
                fault
                    .hint("keep one of the two; a share stands in the flag")
                    .at(place),
            );
        }
    }
}

fn flag(key: Field<Box<str>>, variant: &Field<Box<str>>) -> Option<LaneFlag> {
    let Field::Given(key) = key else { return None };
    Some(LaneFlag {
        span: key.span(),
        key: key.into_inner(),
        variant: variant.given().map(|variant| variant.get_ref().clone()),
    })
}

/// The interval of each lane, `None` for the baseline and for a lane with a flag.
fn intervals(
    service: &ServiceDraft,
    lanes: &[LaneDraft],
    baseline: usize,
    faults: &mut Faults,
) -> Option<Vec<Option<Interval>>> {
    let has_share = |(i, lane): &(usize, &LaneDraft)| *i != baseline && lane.flag.is_absent();
    let movers: Vec<(usize, &LaneDraft)> = lanes.iter().enumerate().filter(has_share).collect();
    if movers
        .iter()
        .any(|(_, lane)| lane.weight.is_bad() || lane.grow.is_bad() || lane.reserve.is_bad())
    {
        return None;
    }
    let reserved = movers.len() > 2 || movers.iter().any(|(_, lane)| lane.reserve.given().is_some());
    let drafts: Vec<&LaneDraft> = movers.iter().map(|(_, lane)| *lane).collect();
    let allotted = if reserved {
        in_reserves(service, &drafts, faults)?
    } else {
        from_the_ends(service, &drafts, faults)?
    };
    let mut all = vec![None; lanes.len()];
    for ((i, _), interval) in movers.iter().zip(allotted) {
        all[*i] = Some(interval);
    }
    Some(all)
}

fn weight(lane: &LaneDraft) -> Weight {
    lane.weight
        .given()
        .map_or(Weight::ZERO, |weight| *weight.get_ref())
}

/// At most two lanes, each from its end of the line.
fn from_the_ends(service: &ServiceDraft, lanes: &[&LaneDraft], faults: &mut Faults) -> Option<Vec<Interval>> {
    let stated: Vec<Option<Grow>> = lanes
        .iter()
        .map(|lane| lane.grow.given().map(|grow| *grow.get_ref()))
        .collect();
    let ends: Vec<Grow> = match stated[..] {
        [first] => vec![first.unwrap_or(Grow::Low)],
        [Some(first), Some(second)] if first == second => {
            let fault = Diagnostic::new(format!(
                "both lanes beside the baseline of {} grow from one end",
                quote(&service.key)
            ));
            let place = lanes[1]
                .grow
                .given()
                .map_or(lanes[1].place.clone(), toml::Spanned::span);
            faults.add(
                fault
                    .hint("give one of them `low` and the other `high`")
                    .at(place),
            );
            return None;
        }
        [first, second] => {
            let first = first.or(second.map(Grow::other)).unwrap_or(Grow::Low);
            vec![first, first.other()]
        }
        // None at all: three or more have reserves.
        _ => Vec::new(),
    };
    let none = Claim {
        weight: Weight::ZERO,
        reserve: None,
    };
    // `allot` lets the first claim grow from the low end and the second from the high end.
    let slot = |end: Grow| usize::from(end == Grow::High);
    let mut claims = [none; 2];
    for (lane, end) in lanes.iter().zip(&ends) {
        claims[slot(*end)].weight = weight(lane);
    }
    match allot(&claims) {
        Ok(intervals) => Some(ends.iter().map(|end| intervals[slot(*end)]).collect()),
        Err(_) => {
            let total: u64 = lanes.iter().map(|lane| u64::from(weight(lane).steps())).sum();
            let last = lanes.last()?;
            let place = last
                .weight
                .given()
                .map_or(last.place.clone(), toml::Spanned::span);
            let total = show_percent(total);
            let fault = Diagnostic::new(format!(
                "the lanes of service {} together take {total}, more than 100 %",
                quote(&service.key)
            ));
            faults.add(
                fault
                    .hint("lower a weight; baseline takes what is left")
                    .at(place),
            );
            None
        }
    }
}

/// Each lane inside its reserve.
fn in_reserves(service: &ServiceDraft, lanes: &[&LaneDraft], faults: &mut Faults) -> Option<Vec<Interval>> {
    let mut whole = true;
    let mut kept: Vec<(&LaneDraft, Claim)> = Vec::new();
    for lane in lanes {
        if let Some(grow) = lane.grow.given() {
            let fault = Diagnostic::new(
                "`grow` says nothing where lanes have reserves: each grows from the low end of its own",
            );
            faults.add(fault.hint("remove `grow`").at(grow.span()));
            whole = false;
        }
        let Some(reserve) = lane.reserve.given() else {
            let fault = Diagnostic::new(format!("{} needs a `reserve`", called(service, lane)));
            let hint = "with three or more lanes beside the baseline, or where another has one, each states the part of the \
                        line that it may grow into, such as reserve = [0, 10]";
            faults.add(fault.hint(hint).at(lane.place.clone()));
            whole = false;
            continue;
        };
        let reserve = Some(*reserve.get_ref());
        kept.push((
            lane,
            Claim {
                weight: weight(lane),
                reserve,
            },
        ));
    }
    loop {
        let claims: Vec<Claim> = kept.iter().map(|(_, claim)| *claim).collect();
        let culprit = match allot(&claims) {
            Ok(intervals) => return whole.then_some(intervals),
            Err(AllotError::Overlap(first, second)) => {
                faults.add(overlap(kept[first].0, kept[second].0));
                second
            }
            Err(AllotError::OutgrowsReserve(lane)) => {
                faults.add(outgrown(kept[lane].0, &kept[lane].1));
                lane
            }
            // Every claim here has a reserve, and the whole is bounded by reserves that do not overlap.
            Err(AllotError::OverFull | AllotError::NeedsReserve(_)) => return None,
        };
        // The others may have mistakes of their own.
        kept.remove(culprit);
        whole = false;
    }
}

fn overlap(first: &LaneDraft, second: &LaneDraft) -> Diagnostic {
    let name = |lane: &LaneDraft| {
        lane.name
            .as_ref()
            .map_or_else(|| "?".to_owned(), ToString::to_string)
    };
    let mut fault = Diagnostic::new(format!(
        "the reserves of `{}` and `{}` overlap",
        name(first),
        name(second)
    ));
    if let Some(reserve) = first.reserve.given() {
        let (from, to) = (
            u64::from(reserve.get_ref().start()),
            u64::from(reserve.get_ref().end()),
        );
        fault = fault.hint(format!(
            "`{}` has {} to {}",
            name(first),
            show_percent(from),
            show_percent(to)
        ));
    }
    fault.span = second.reserve.given().map(toml::Spanned::span);
    fault
}

fn outgrown(lane: &LaneDraft, claim: &Claim) -> Diagnostic {
    let width = claim.reserve.map_or(0, |reserve| u64::from(reserve.width()));
    let fault = Diagnostic::new(format!(
        "the weight of {} is larger than the lane's reserve of {}",
        claim.weight,
        show_percent(width)
    ));
    let place = lane
        .weight
        .given()
        .map_or(lane.place.clone(), toml::Spanned::span);
    fault
        .hint("lower the weight, or widen the reserve where the next lane leaves room")
        .at(place)
}
