use graylane_config::{Config, Environment, Layers, Modules};
use graylane_diagnostic::Source;
use graylane_pipeline::{EndpointId, Hooks};
use graylane_route::Snapshot;
use graylane_testkit::{Client, LIMIT, Upstream, eventually};

use super::*;
use crate::{Gateway, Generation, Shared};

const LANES: &str = "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.a]\npaths = [\"/a\"]\n[services.b]\n\
                     [lanes.a.stable]\nendpoints = [\"a:1\"]\n[lanes.b.stable]\nendpoints = [\"a:2\"]\n\
                     [lanes.b.next]\nendpoints = [\"a:3\"]\n[lanes.b.last]\nendpoints = [\"a:4\"]\nweight = 1\n";

fn config(more: &str) -> Config {
    parsed(format!("{LANES}{more}"))
}

fn parsed(text: String) -> Config {
    let layers = Layers::new(Source::new("graylane.toml", text));
    graylane_config::parse(&layers, Environment::Dev, Modules::Any)
        .unwrap_or_else(|all| panic!("{}", all.render(layers.sources())))
        .config
}

fn mirror(from: &str, to: &str) -> String {
    format!("[lanes.b.{from}.mirror]\nto = \"{to}\"\nshare = 5\n")
}

#[test]
fn a_lane_of_a_later_service_leads_to_the_right_one() {
    let mirrors = Mirrors::new(&config(&mirror("next", "last")), 1, None);

    let targets: Vec<_> = (0..5)
        .map(|lane| mirrors.of(LaneId(lane)).map(|mirror| mirror.target))
        .collect();

    assert_eq!(targets, [None, None, Some(LaneId(3)), None, None]);
}

#[test]
fn without_mirrors_there_is_no_list() {
    let mirrors = Mirrors::new(&config(""), 1, None);

    assert!(mirrors.by_lane.is_empty() && mirrors.of(LaneId(0)).is_none());
}

#[test]
fn a_mirror_counts_on_for_as_long_as_it_leads_from_one_lane_to_the_same() {
    let first = Mirrors::new(&config(&mirror("stable", "next")), 2, None);
    let again = Mirrors::new(
        &config(&mirror("stable", "next").replace("share = 5", "share = 6")),
        2,
        Some(&first),
    );
    let elsewhere = Mirrors::new(&config(&mirror("stable", "last")), 2, Some(&again));

    let shards = |mirrors: &Mirrors| Arc::clone(&mirrors.of(LaneId(1)).unwrap().shards);
    assert!(Arc::ptr_eq(&shards(&first), &shards(&again)));
    assert!(!Arc::ptr_eq(&shards(&first), &shards(&elsewhere)));
}

#[test]
fn an_endpoint_that_is_not_healthy_gets_no_copies() {
    let (stable, sick, well) = (Upstream::echo(), Upstream::echo(), Upstream::echo());
    let text = format!(
        "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n[lanes.shop.stable]\nendpoints = [\"{}\"]\n\
         [lanes.shop.next]\nendpoints = [\"{}\", \"{}\"]\n[lanes.shop.stable.mirror]\nto = \"next\"\nshare = 100\n",
        stable.address(),
        sick.address(),
        well.address(),
    );
    let config = parsed(text);
    let snapshot = Snapshot::compile(&config, 1);
    let hooks = Hooks::new(Vec::new());
    let shared = Shared::new(Generation::first(&config, snapshot, hooks, Arc::default(), 1));
    let listener = crate::bind(&config.listeners[0]).unwrap();
    let mut client = Client::connect(listener.local_addr().unwrap());
    let gateway = Gateway::start(&shared, vec![listener]).unwrap();
    let generation = shared.current();
    let mirror = generation.mirrors().of(LaneId(0)).unwrap();
    let mut ask = |times: u64| {
        let before = mirror.shards.sum(|shard| &shard.mirrored);
        (0..times).for_each(|_| assert_eq!(client.get("/", &[]).status, 200));
        eventually(LIMIT, "the copies have ended", || {
            let under_way = mirror.shards.sum(|shard| &shard.in_flight);
            mirror.shards.sum(|shard| &shard.mirrored) == before + times && under_way == 0
        });
        [&sick, &well].map(|upstream| upstream.requests().len())
    };

    generation.roster().endpoint(EndpointId(1)).standing.found(false);
    let without_one = ask(20);
    generation.roster().endpoint(EndpointId(2)).standing.found(false);
    let without_any = ask(20);

    let failed = mirror
        .shards
        .sum(|shard| &shard.failed[counters::Failure::NoEndpoint as usize]);
    assert_eq!((without_one, without_any, failed), ([0, 20], [0, 20], 20));
    gateway.stop();
}
