//! A gateway within the test's own process, and a client of it.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use graylane_config::{Config, Environment, Layers, Modules};
use graylane_diagnostic::Source;
use graylane_pipeline::{Hooks, Instance};
use graylane_proxy::{Gateway, Generation, Shared};
use graylane_route::Snapshot;
use graylane_testkit::{LIMIT, eventually};
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::net::TcpStream;

/// A running gateway with the service `shop` on one lane.
pub(crate) struct Scene {
    pub(crate) shared: Arc<Shared>,
    pub(crate) address: SocketAddr,
    pub(crate) gateway: Gateway,
}

impl Scene {
    /// In front of this endpoint.
    pub(crate) fn before(endpoint: SocketAddr) -> Self {
        Self::with(endpoint, "")
    }

    /// With more of the configuration.
    pub(crate) fn with(endpoint: SocketAddr, more: &str) -> Self {
        Self::having(endpoint, more, Vec::new())
    }

    /// In front of a server that speaks HTTP/2.
    pub(crate) fn before_h2(endpoint: SocketAddr) -> Self {
        Self::with(endpoint, "protocol = \"http2\"")
    }

    /// With modules.
    pub(crate) fn having(endpoint: SocketAddr, more: &str, modules: Vec<Arc<dyn Instance>>) -> Self {
        let lane = format!("endpoints = [\"http://{endpoint}\"]\n{more}\n");
        Self::of(&lane, modules)
    }

    fn of(lane: &str, modules: Vec<Arc<dyn Instance>>) -> Self {
        let config = parsed(&format!(
            "[listeners.web]\naddress = \"127.0.0.1:0\"\n[services.shop]\n[lanes.shop.stable]\n{lane}"
        ));
        let snapshot = Snapshot::compile(&config, 1);
        let shared = Shared::new(Generation::first(
            &config,
            snapshot,
            Hooks::new(modules),
            Arc::default(),
            1,
        ));
        let listener = graylane_proxy::bind(&config.listeners[0]).unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::start(&shared, vec![listener]).unwrap();
        Self {
            shared,
            address,
            gateway,
        }
    }

    /// Waits until no exchange is under way.
    pub(crate) fn until_idle(&self) {
        eventually(LIMIT, "no exchange is under way", || {
            self.shared.counters().in_flight() == 0
        });
    }

    /// Waits until so many client connections are open.
    pub(crate) fn until_open(&self, connections: u64) {
        eventually(LIMIT, "so many connections are open", || {
            self.shared.counters().open() == connections
        });
    }
}

fn parsed(text: &str) -> Config {
    let layers = Layers::new(Source::new("graylane.toml", text.to_owned()));
    match graylane_config::parse(&layers, Environment::Dev, Modules::Any) {
        Ok(folded) => folded.config,
        Err(found) => panic!("{}", found.render(layers.sources())),
    }
}

/// Runs a test's client.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(60), test)
            .await
            .expect("a test ends")
    })
}

/// Waits until a condition holds that nothing tells of.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A client's connection.
pub(crate) struct Client {
    pub(crate) requests: SendRequest<Bytes>,
    address: SocketAddr,
    driver: tokio::task::JoinHandle<Result<(), h2::Error>>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::with(address, &Builder::new()).await
    }

    pub(crate) async fn with(address: SocketAddr, builder: &Builder) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (requests, connection) = builder.handshake(stream).await.unwrap();
        Self {
            requests,
            address,
            driver: tokio::spawn(connection),
        }
    }

    /// Begins a request to a path.
    pub(crate) fn begin(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        ended: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        self.requests
            .send_request(request.body(()).unwrap(), ended)
            .unwrap()
    }

    /// Asks without a body and reads the whole answer.
    pub(crate) async fn get(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let (response, _) = self.begin("GET", path, fields, true);
        Answer::read(response.await.unwrap()).await.unwrap()
    }

    /// Whether the connection has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.driver.is_finished()
    }

    /// Whether the gateway has said that it leaves.
    pub(crate) fn may_ask_no_more(&mut self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        matches!(self.requests.poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// How the connection ended.
    pub(crate) async fn ended(self) -> Result<(), h2::Error> {
        let ended = self.driver.await.unwrap();
        // Not before: a client without a handle leaves by itself.
        drop(self.requests);
        ended
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Response<()>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    pub(crate) async fn read(response: Response<RecvStream>) -> Result<Self, h2::Error> {
        let (head, mut stream) = response.into_parts();
        let mut body = Vec::new();
        while let Some(data) = stream.data().await {
            let data = data?;
            stream.flow_control().release_capacity(data.len())?;
            body.extend_from_slice(&data);
        }
        Ok(Self {
            head: Response::from_parts(head, ()),
            body,
            trailers: stream.trailers().await?,
        })
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.status().as_u16()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Sends data as the window allows, and ends the stream.
pub(crate) async fn send_all(stream: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = match poll_fn(|cx| stream.poll_capacity(cx)).await {
            Some(room) => room?,
            None => return stream.send_data(Bytes::new(), true),
        };
        stream.send_data(data.split_to(room.min(data.len())), false)?;
    }
    stream.send_data(Bytes::new(), true)
}

/// What a server does with one request.
pub(crate) type Turn = (Request<RecvStream>, h2::server::SendResponse<Bytes>);

/// A server that speaks HTTP/2 with prior knowledge.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Connections that were made so far, and those that are open.
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) open: Arc<AtomicUsize>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    /// Starts one, with the script of each request and the settings of its connections.
    pub(crate) fn start<F>(
        builder: h2::server::Builder,
        script: impl Fn(Turn) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, open) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn({
            let (connections, open) = (Arc::clone(&connections), Arc::clone(&open));
            let script = Arc::new(script);
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                    let accepting = async {
                        loop {
                            let (stream, _) = listener.accept().await.unwrap();
                            stream.set_nodelay(true).unwrap();
                            connections.fetch_add(1, SeqCst);
                            open.fetch_add(1, SeqCst);
                            let (builder, open) = (builder.clone(), Arc::clone(&open));
                            let script = Arc::clone(&script);
                            tokio::spawn(async move {
                                serve(&builder, stream, &*script).await;
                                open.fetch_sub(1, SeqCst);
                            });
                        }
                    };
                    tokio::select! {
                        () = accepting => {}
                        _ = stopped => {}
                    }
                });
            }
        });
        Self {
            address,
            connections,
            open,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// One that answers each request with this.
    pub(crate) fn answering(body: &'static str) -> Self {
        Self::start(h2::server::Builder::new(), move |turn| answer(turn, body))
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(SeqCst)
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn serve<F>(
    builder: &h2::server::Builder,
    stream: TcpStream,
    script: &(impl Fn(Turn) -> F + Send + Sync + 'static),
) where
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(mut connection) = builder.handshake::<_, Bytes>(stream).await else {
        return;
    };
    while let Some(Ok(turn)) = connection.accept().await {
        tokio::spawn(script(turn));
    }
}

/// Reads a request and answers it.
pub(crate) async fn answer((request, mut respond): Turn, body: &'static str) {
    let mut stream = request.into_body();
    while let Some(Ok(data)) = stream.data().await {
        let _ = stream.flow_control().release_capacity(data.len());
    }
    let mut sent = respond.send_response(Response::new(()), false).unwrap();
    let _ = sent.send_data(Bytes::from_static(body.as_bytes()), true);
}
