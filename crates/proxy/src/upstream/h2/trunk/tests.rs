use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;

const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0";

/// A connection of which the test is the endpoint, and its time.
struct Scene {
    connection: Connection<Carrier<DuplexStream>>,
    watch: Watch,
    endpoint: DuplexStream,
    clock: Arc<Clock>,
    _requests: SendRequest<Bytes>,
}

impl Scene {
    /// With so many streams.
    async fn with(streams: usize) -> Self {
        let (stream, mut endpoint) = duplex(1024 * 1024);
        endpoint.write_all(b"\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let carrier = Carrier::new(stream, Buffer::default());
        let moved = carrier.moved();
        let (requests, mut connection) = Builder::new().handshake(carrier).await.unwrap();
        let clock = Arc::<Clock>::default();
        let state = State::new(&clock);
        state.streams.store(streams, Relaxed);
        let watch = Watch::new(connection.ping_pong(), &state, moved);
        let mut scene = Self {
            connection,
            watch,
            endpoint,
            clock,
            _requests: requests,
        };
        scene.heard().await;
        scene
    }

    /// Lets time pass and gives whether the endpoint is taken for gone.
    fn is_gone_after(&mut self, time: Duration) -> bool {
        (0..=time.as_millis() / crate::clock::TICK.as_millis() + 1).for_each(|_| self.clock.advance());
        let mut cx = Context::from_waker(Waker::noop());
        self.drive(&mut cx);
        let gone = self.watch.poll(&mut cx).is_ready();
        self.drive(&mut cx);
        gone
    }

    fn drive(&mut self, cx: &mut Context<'_>) {
        let connection = &mut self.connection;
        let driven = self
            .watch
            .moved
            .drive(cx, |cx| Pin::new(&mut *connection).poll(cx));
        assert!(driven.is_pending());
    }

    /// What has come to the endpoint by now.
    async fn heard(&mut self) -> Vec<u8> {
        self.is_gone_after(Duration::ZERO);
        let mut heard = vec![0; 64 * 1024];
        let n = tokio::select! {
            biased;
            n = self.endpoint.read(&mut heard) => n.unwrap(),
            () = std::future::ready(()) => 0,
        };
        heard.truncate(n);
        heard
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(test)
}

#[test]
fn an_endpoint_that_does_not_say_that_it_is_there_is_gone() {
    run(async {
        let mut scene = Scene::with(1).await;

        assert!(!scene.is_gone_after(SILENCE));
        assert!(scene.heard().await.starts_with(PING));
        assert!(!scene.is_gone_after(PONG / 2));
        assert!(scene.is_gone_after(PONG / 2 + crate::clock::TICK * 3));
    });
}

#[test]
fn an_endpoint_that_says_something_is_there_and_is_not_asked_again_soon() {
    run(async {
        let mut scene = Scene::with(1).await;
        scene.is_gone_after(SILENCE);
        let ping = scene.heard().await;
        let mut pong = ping[..17].to_vec();
        pong[4] = 1;
        scene.endpoint.write_all(&pong).await.unwrap();

        assert!(!scene.is_gone_after(PONG * 2));
        assert!(!scene.is_gone_after(SILENCE * 2));
        assert!(scene.heard().await.is_empty(), "it was asked a moment ago");
        scene.is_gone_after(BETWEEN_PINGS);
        assert!(scene.heard().await.starts_with(PING));
    });
}

#[test]
fn an_endpoint_that_is_asked_nothing_need_not_say_that_it_is_there() {
    run(async {
        let mut scene = Scene::with(0).await;

        assert!(!scene.is_gone_after(SILENCE * 2));
        assert!(!scene.is_gone_after(PONG * 2));
        assert!(scene.heard().await.is_empty());
    });
}
