//! Who gets copies of a lane's requests.

use super::*;

const LANES: &str = "[listeners.web]\naddress = \"127.0.0.1:8080\"\n[services.shop]\n\
                     [lanes.shop.stable]\nendpoints = [\"a:1\"]\n[lanes.shop.next]\nendpoints = [\"a:2\"]\n\
                     [lanes.shop.old]\nweight = 1\nrespond = {}\n";

/// What is said about a mirror of the lane, and the line that it is said of, counted from the mirror's header.
fn said(lane: &str, lines: &str) -> Vec<(usize, String)> {
    let text = format!("{LANES}[lanes.shop.{lane}.mirror]\n{lines}\n");
    let layers = Layers::new(Source::new("graylane.toml", text));
    let Err(all) = parse(&layers, Environment::Dev, Modules::These(&[])) else {
        return Vec::new();
    };
    let reports = all.reports(layers.sources());
    let line = |line: Option<usize>| line.map_or(0, |line| line - LANES.lines().count());
    reports
        .iter()
        .map(|one| (line(one.line), one.message.clone()))
        .collect()
}

#[test]
fn a_mirror_names_its_lane_and_has_its_bounds() {
    let config = read(&format!(
        "{LANES}[lanes.shop.stable.mirror]\nto = \"next\"\nshare = \"12.5%\"\n"
    ));

    let mirrors: Vec<_> = config.services[0].lanes.iter().map(|lane| &lane.mirror).collect();
    let mirror = mirrors[0].as_ref().unwrap();
    assert_eq!((mirrors[1], mirrors[2]), (&None, &None));
    assert_eq!((mirror.to, mirror.share.steps()), (1, 12_500));
    assert_eq!(
        (mirror.body, mirror.in_flight, mirror.methods.is_empty()),
        (65_536, 100, true)
    );
}

#[test]
fn a_mirror_that_leads_nowhere_is_refused_at_its_place() {
    for (lane, lines, place, words) in [
        ("stable", "share = 1", 1, "needs `to`"),
        ("stable", "to = \"next\"", 1, "needs `share`"),
        ("stable", "share = 1\nto = \"stable\"", 3, "mirror itself"),
        ("stable", "share = 1\nto = \"nxt\"", 3, "no such lane"),
        (
            "stable",
            "share = 1\nto = \"old\"",
            3,
            "nobody would get the copies",
        ),
        ("old", "share = 1\nto = \"next\"", 1, "no request that goes on"),
        ("stable", "to = \"next\"\nshare = 101", 3, "out of range"),
        (
            "stable",
            "to = \"next\"\nshare = 1\nmethods = [\"get\"]",
            4,
            "no method",
        ),
        (
            "stable",
            "to = \"next\"\nshare = 1\nmethods = [\"G T\"]",
            4,
            "not a method",
        ),
        (
            "stable",
            "to = \"next\"\nshare = 1\nmethods = []",
            4,
            "copies nothing",
        ),
    ] {
        let said = said(lane, lines);

        assert_eq!(said.len(), 1, "{lines}: {said:?}");
        assert!(
            said[0].0 == place && said[0].1.contains(words),
            "{lines}: {said:?}"
        );
    }
}
