//! A module answers in place of a failure, whatever the client and the endpoint speak.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use graylane_pipeline::{
    Attempt, Exchange, Fault, Instance, Outcome, Phases, Reply, Rescue, Settings, StartError, Topology,
    Trouble,
};
use graylane_testkit::{DeadEnd, Upstream};
use h2::server::Builder;
use http::Response;

use crate::scene::{Client, Scene, Server, Turn, run};

/// Status, fault, bytes sent, and whether that was all.
type Observed = (u16, Option<Fault>, u64, bool);

/// A module that rescues, and keeps what it sees.
#[derive(Default)]
struct Rescuer {
    /// No endpoint may be asked.
    closed: bool,
    /// Only paths that begin so.
    prefix: &'static str,
    word: &'static str,
    outcomes: Mutex<Vec<Outcome>>,
    observed: Mutex<Vec<Observed>>,
}

impl Rescuer {
    fn new(word: &'static str, prefix: &'static str) -> Arc<Self> {
        Arc::new(Self {
            prefix,
            word,
            ..Self::default()
        })
    }
}

impl Instance for Rescuer {
    fn name(&self) -> &'static str {
        "rescuer"
    }

    fn phases(&self) -> Phases {
        Phases::FORWARD.and(Phases::ANSWER).and(Phases::OBSERVE)
    }

    fn admit(&self, _: &Attempt) -> bool {
        !self.closed
    }

    fn settle(&self, _: &Attempt, outcome: Outcome) {
        self.outcomes.lock().unwrap().push(outcome);
    }

    fn rescues_status(&self, status: u16) -> bool {
        status == 503
    }

    fn rescue(&self, rescue: &Rescue<'_>) -> Option<Reply> {
        if !rescue.path.starts_with(self.prefix) {
            return None;
        }
        let lane = String::from_utf8_lossy((rescue.header)("x-gray-version")?).into_owned();
        let trouble = match rescue.trouble {
            Trouble::Fault(fault) => fault.as_str().to_owned(),
            Trouble::Status(status) => status.to_string(),
        };
        let (method, path) = (rescue.method, rescue.path);
        let query = rescue.query.unwrap_or_default();
        Some(Reply {
            status: 203,
            fields: vec![("x-by".into(), self.word.into())],
            body: format!("{method} {path} {query} {lane} {trouble}").into_bytes(),
        })
    }

    fn observe(&self, exchange: &Exchange<'_>) {
        let seen = (exchange.status, exchange.fault, exchange.sent, exchange.complete);
        self.observed.lock().unwrap().push(seen);
    }

    fn renew(&self, _: Settings<'_>, _: &Arc<Topology>) -> Result<Arc<dyn Instance>, StartError> {
        Ok(Self::new(self.word, self.prefix))
    }
}

/// The path is the status. More of the body is on its way when the answer is.
async fn status((request, mut respond): Turn) {
    let status: u16 = request.uri().path()[1..].parse().unwrap();
    let mut answer = Response::new(());
    *answer.status_mut() = status.try_into().unwrap();
    let mut body = respond.send_response(answer, false).unwrap();
    // The stream may have been given up by now.
    let _ = body.send_data(Bytes::from_static(b"real"), true);
}

#[test]
fn a_lane_without_an_endpoint_that_may_be_asked_is_rescued() {
    let nobody = DeadEnd::new();
    let closed = Arc::new(Rescuer {
        closed: true,
        word: "me",
        ..Rescuer::default()
    });
    let scene = Scene::having(nobody.address(), "", vec![closed.clone()]);

    let answer = run(async { Client::connect(scene.address).await.get("/a?b", &[]).await });

    let text = "GET /a b stable no-endpoint";
    assert_eq!((answer.status(), answer.text()), (203, text));
    assert_eq!(answer.field("x-graylane-fault"), Some("no-endpoint"));
    scene.until_idle();
    assert_eq!(
        *closed.observed.lock().unwrap(),
        [(203, Some(Fault::NoEndpoint), text.len() as u64, true)]
    );
}

#[test]
fn the_first_module_that_has_an_answer_gives_it() {
    let nobody = DeadEnd::new();
    let modules: Vec<Arc<dyn Instance>> = vec![
        Rescuer::new("first", "/first"),
        Rescuer::new("second", "/"),
        Rescuer::new("third", "/"),
    ];
    let scene = Scene::having(nobody.address(), "", modules);
    let mut client = graylane_testkit::Client::connect(scene.address);

    let first = client.get("/first", &[]);
    let second = client.get("/", &[]);

    assert_eq!(
        (first.header("x-by"), first.fault()),
        (Some("first"), "unreachable")
    );
    assert_eq!((second.status, second.header("x-by")), (203, Some("second")));
}

#[test]
fn a_status_of_an_endpoint_is_rescued_and_stays_a_failure_for_modules() {
    let server = Server::start(Builder::new(), status);
    let rescuer = Rescuer::new("me", "/503");
    let scene = Scene::having(server.address, "protocol = \"http2\"", vec![rescuer.clone()]);

    let (rescued, other) = run(async {
        let mut client = Client::connect(scene.address).await;
        (client.get("/503", &[]).await, client.get("/502", &[]).await)
    });

    assert_eq!((rescued.status(), rescued.text()), (203, "GET /503  stable 503"));
    assert_eq!(rescued.field("x-graylane-fault"), None);
    assert_eq!((other.status(), other.text()), (502, "real"));
    assert_eq!(
        *rescuer.outcomes.lock().unwrap(),
        [Outcome::Answered(503), Outcome::Answered(502)]
    );
    scene.until_idle();
    let observed = rescuer.observed.lock().unwrap();
    assert_eq!((observed[0].0, observed[0].1), (203, None));
}

#[test]
fn a_client_that_waits_to_be_told_to_send_gets_its_answer_and_no_more() {
    let upstream = Upstream::start(|turn| {
        turn.write("HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nreal");
        graylane_testkit::Next::Close
    });
    let scene = Scene::having(upstream.address(), "", vec![Rescuer::new("me", "/")]);
    let mut client = graylane_testkit::Client::connect(scene.address);

    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let answer = client.response();

    assert_eq!((answer.status, answer.header("x-by")), (203, Some("me")));
    // Nobody can know whether the body still comes.
    assert_eq!(answer.header("connection"), Some("close"));
}

#[test]
fn a_call_of_grpc_is_never_rescued() {
    let server = Server::start(Builder::new(), status);
    let scene = Scene::having(
        server.address,
        "protocol = \"http2\"",
        vec![Rescuer::new("me", "/")],
    );

    let answer = run(async {
        let mut client = Client::connect(scene.address).await;
        client.get("/503", &[("content-type", "application/grpc")]).await
    });

    assert_eq!((answer.status(), answer.field("x-by")), (503, None));
}
