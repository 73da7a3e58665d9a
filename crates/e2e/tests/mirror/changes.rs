//! A mirror that comes, changes and goes while traffic flows.

use graylane_testkit::{Gate, LIMIT, Recipe, Upstream, eventually};

use super::{copied, mirrored, until_copied};

#[test]
fn a_change_holds_for_the_next_request_and_what_goes_on_counts_on() {
    let (stable, next) = (Upstream::echo(), Upstream::echo());
    let recipe = |lines| mirrored(stable.address(), next.address(), lines).with_token();
    let gateway = recipe("share = 100").start();
    let mut client = gateway.client();

    client.get("/first", &[]);
    until_copied(&gateway, 1);
    let stopped = gateway.order("PUT", "/config", recipe("share = 0").text());
    client.get("/none", &[]);
    let resumed = gateway.order(
        "PUT",
        "/config",
        recipe("share = 100\nmethods = [\"GET\"]").text(),
    );
    client.get("/second", &[]);
    client.post("/posted", b"x");

    assert_eq!((stopped.status, resumed.status), (200, 200));
    until_copied(&gateway, 2);
    let targets: Vec<_> = next
        .requests()
        .iter()
        .map(|one| one.head.target().to_owned())
        .collect();
    assert_eq!(targets, ["/first", "/second"]);
}

#[test]
fn a_copy_under_way_ends_by_what_it_began_with() {
    let gate = Gate::new();
    let (stable, other) = (Upstream::echo(), Upstream::echo());
    let next = Upstream::start({
        let gate = gate.clone();
        move |turn| {
            turn.read_body();
            gate.pass();
            turn.fixed(200, "late")
        }
    });
    let recipe = mirrored(stable.address(), next.address(), "share = 100").with_token();
    let gateway = recipe.start();

    gateway.client().post("/under-way", b"hello");
    next.until_request("the copy arrived", |seen| seen.complete);
    // Neither the mirror nor its lane is there any more.
    let without = Recipe::to(stable.address()).server("workers = 1").with_token();
    let removed = gateway.order("PUT", "/config", without.text());
    let silent = gateway.ask("/metrics").text();
    gate.open();
    eventually(LIMIT, "its connection is not kept for nobody", || {
        next.open() == 0
    });
    let elsewhere = mirrored(stable.address(), other.address(), "share = 100").with_token();
    let added = gateway.order("PUT", "/config", elsewhere.text());
    gateway.client().get("/anew", &[]);

    assert_eq!((removed.status, added.status), (200, 200));
    assert!(!silent.contains("mirror"));
    let metrics = until_copied(&gateway, 1);
    assert_eq!(
        (copied(&metrics), other.only_request().head.target()),
        (1, "/anew")
    );
    assert_eq!(next.requests().len(), 1);
}
