//! One client connection: what it may do, by when, and what becomes of each request on it.
//!
//! `conn` has the state that the exchanges of a connection share and its one deadline; `watched` is the socket, which
//! reports progress to it; here a connection is served.

mod conn;
mod gone;
mod watched;

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use graylane_config::Limits;
use graylane_pipeline::Fault;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub(crate) use self::conn::Conn;
use self::watched::Watched;
use crate::answer::{self, Answer};
use crate::forward::forward;
use crate::latest::latest;
use crate::prepare::{Memory, Plan, prepare};
use crate::record::Record;
use crate::upgrade;

/// Serves a connection to its end.
pub(crate) async fn serve(conn: Arc<Conn>, stream: TcpStream) {
    let memory = RefCell::new(Memory::default());
    let builder = builder(latest(&conn.worker.shared).limits());
    let client = Arc::clone(&conn);
    let service = service_fn(move |request| exchange(&client, &memory, request));
    let watched = Watched {
        stream,
        conn: Arc::clone(&conn),
    };
    let served = builder
        .serve_connection(TokioIo::new(watched), service)
        .with_upgrades();
    let mut served = pin!(served);
    let result = poll_fn(|cx| {
        conn.served_by(cx.waker());
        if conn.is_over() {
            return Poll::Ready(Ok(()));
        }
        served.as_mut().poll(cx)
    })
    .await;
    conn.gone.tell();
    if let Err(error) = result {
        // hyper has answered what could be answered: 400, 414 or 431.
        if error.is_parse() {
            conn.worker.counters.fault(Fault::BadRequest);
        }
        log::debug!("client {}: {error}", conn.peer_text);
    }
}

/// What hyper is told: it cannot be told otherwise before the connection ends, so this is not kept by it.
fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(None)
        .max_buf_size((limits.head * 2).max(64 * 1024))
        .max_header_size(limits.head);
    if limits.headers != DEFAULT_MAX_HEADERS {
        builder.max_headers(limits.headers);
    }
    builder
}

/// hyper's own default, for which it needs no allocation per request.
const DEFAULT_MAX_HEADERS: usize = 100;

/// One exchange. The plan is made before the future is, so the connection's memory is borrowed only for that long.
fn exchange(
    conn: &Arc<Conn>,
    memory: &RefCell<Memory>,
    request: Request<Incoming>,
) -> impl Future<Output = Result<Response<Answer>, Infallible>> + use<> {
    conn.exchange_began();
    let mut record = Record::new(conn, latest(&conn.worker.shared));
    let mut plan = prepare(conn, memory, request, &mut record);
    // The plan stays where it is, in the future: moving it on would copy it once more for every exchange.
    async move { Ok(carry_out(&mut plan, record).await) }
}

async fn carry_out(plan: &mut Plan, mut record: Box<Record>) -> Response<Answer> {
    let (lane, call, wish) = match plan {
        Plan::Refuse(fault) => return answer::fault(*fault, record),
        Plan::Respond(respond) => return answer::own(respond, record),
        Plan::Forward { lane, call, wish } => (*lane, call, wish),
    };
    let response = match forward(call, lane, &mut record).await {
        Ok(response) => response,
        Err(fault) => return answer::fault(fault, record),
    };
    match wish
        .take()
        .filter(|_| response.status() == StatusCode::SWITCHING_PROTOCOLS)
    {
        None => answer::upstream(response, record),
        Some(wish) => upgrade::join(wish, response, record),
    }
}
