//! Which service takes a request: by host, then by the longest path prefix.

use graylane_testkit::{Gateway, Recipe};

/// Services that answer with their own name.
fn services(services: &[(&str, &str)]) -> Gateway {
    let mut text =
        String::from("[listeners.web]\naddress = \"127.0.0.1:0\"\n[admin]\naddress = \"127.0.0.1:0\"\n");
    for (name, matching) in services {
        text.push_str(&format!(
            "[services.{name}]\nbaseline = \"only\"\n{matching}\n[lanes.{name}.only]\nrespond = {{ body = \"{name}\" }}\n"
        ));
    }
    Gateway::start(&text)
}

fn nested() -> Gateway {
    services(&[
        ("rest", ""),
        ("rest-shop", "paths = [\"/shop\"]"),
        ("exact", "hosts = [\"a.test\"]"),
        (
            "exact-shop",
            "hosts = [\"a.test\"]\npaths = [\"/shop\", \"/store\"]",
        ),
        ("exact-cart", "hosts = [\"a.test\"]\npaths = [\"/shop/cart\"]"),
        ("below", "hosts = [\"*.a.test\"]"),
        ("deeper", "hosts = [\"*.b.a.test\"]"),
        ("named", "hosts = [\"x.b.a.test\", \"other.test\"]"),
    ])
}

#[test]
fn the_most_exact_host_wins_and_then_the_longest_prefix() {
    let gateway = nested();
    let mut client = gateway.client();

    for (host, path, service) in [
        ("nobody.test", "/", "rest"),
        ("nobody.test", "/shop", "rest-shop"),
        ("a.test", "/", "exact"),
        ("a.test", "/shop", "exact-shop"),
        ("a.test", "/shop/", "exact-shop"),
        ("a.test", "/shop?x=/shop/cart", "exact-shop"),
        ("a.test", "/store/1", "exact-shop"),
        ("a.test", "/shop/cart", "exact-cart"),
        ("a.test", "/shop/cart/1", "exact-cart"),
        ("x.a.test", "/shop", "below"),
        ("y.x.a.test", "/", "below"),
        ("y.b.a.test", "/", "deeper"),
        ("x.b.a.test", "/", "named"),
        ("other.test", "/", "named"),
        ("other.test", "/any", "named"),
    ] {
        assert_eq!(
            client.get(path, &[("Host", host)]).text(),
            service,
            "{host} {path}"
        );
    }
}

#[test]
fn a_prefix_ends_at_a_segment_and_minds_its_case() {
    let gateway = nested();
    let mut client = gateway.client();

    for path in ["/shopping", "/shop.html", "/Shop", "/sho", "/x/shop"] {
        assert_eq!(client.get(path, &[("Host", "a.test")]).text(), "exact", "{path}");
    }
    assert_eq!(
        client.get("/shop/cartload", &[("Host", "a.test")]).text(),
        "exact-shop"
    );
}

#[test]
fn a_host_is_matched_without_its_port_and_in_any_case() {
    let gateway = nested();
    let mut client = gateway.client();

    assert_eq!(client.get("/", &[("Host", "A.TEST:8080")]).text(), "exact");
    assert_eq!(client.get("/", &[("Host", "Other.Test")]).text(), "named");
    assert_eq!(client.get("/", &[("Host", "Q.A.test:1")]).text(), "below");
}

#[test]
fn a_wildcard_covers_what_is_below_and_not_the_host_itself() {
    let gateway = services(&[("below", "hosts = [\"*.a.test\"]")]);
    let mut client = gateway.client();

    assert_eq!(client.get("/", &[("Host", "x.a.test")]).status, 200);
    for host in ["a.test", "xa.test", "a.test.evil", ".a.test"] {
        let response = client.get("/", &[("Host", host)]);

        assert!(
            matches!(
                (response.status, response.fault()),
                (404, "no-service") | (400, "bad-request")
            ),
            "{host}"
        );
        if response.status == 400 {
            client = gateway.client();
        }
    }
}

#[test]
fn a_request_that_no_service_matches_is_answered_404() {
    let gateway = services(&[("shop", "hosts = [\"a.test\"]\npaths = [\"/shop\"]")]);
    let mut client = gateway.client();

    for (host, path) in [("a.test", "/"), ("b.test", "/shop")] {
        let response = client.get(path, &[("Host", host)]);

        assert_eq!(
            (response.status, response.fault()),
            (404, "no-service"),
            "{host} {path}"
        );
        assert!(response.text().lines().count() == 1, "{}", response.text());
    }
    assert_eq!(client.get("/shop", &[("Host", "a.test")]).text(), "shop");
}

#[test]
fn the_gateway_itself_answers_where_a_lane_says_so() {
    let gateway = Recipe::new()
        .lane_lines(
            "stable",
            "respond = { status = 418, body = \"灰度\", content_type = \"text/x-tea\" }\n",
        )
        .start();
    let mut client = gateway.client();

    let response = client.post("/", b"a body that nobody reads");
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = client.response_to_head();

    assert_eq!((response.status, response.text().as_str()), (418, "灰度"));
    assert_eq!(
        (response.header("content-type"), head.header("content-length")),
        (Some("text/x-tea"), Some("6"))
    );
    assert_eq!(client.get("/", &[]).status, 418);
}

#[test]
fn every_listener_serves_the_same_services() {
    let gateway = Recipe::new()
        .lane_lines("stable", "respond = { body = \"x\" }\n")
        .more("[listeners.second]\naddress = \"127.0.0.1:0\"\n")
        .start();

    for name in ["web", "second"] {
        let mut client = graylane_testkit::Client::connect(gateway.listener(name));

        assert_eq!(client.get("/", &[]).text(), "x", "{name}");
    }
}
