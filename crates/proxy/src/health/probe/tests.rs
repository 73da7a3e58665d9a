use std::net::SocketAddr;
use std::time::Duration;

use ::h2::server::{Builder, SendResponse};
use bytes::Bytes;
use graylane_config::{Endpoint, Health};
use graylane_testkit::DeadEnd;
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

/// How long a check may take that is to succeed, or to fail for another reason.
const LONG: Duration = Duration::from_secs(20);
/// And one that is to use it up.
const SHORT: Duration = Duration::from_millis(100);

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(test)
}

fn aim(at: SocketAddr, question: HealthQuestion, timeout: Duration) -> Aim {
    Aim {
        endpoint: Endpoint {
            host: at.ip().to_string().into(),
            port: at.port(),
            tls: false,
            weight: 1,
        },
        protocol: Protocol::Http1,
        peer: None,
        health: Health {
            question,
            port: None,
            interval: LONG,
            timeout,
            fails: 1,
            passes: 1,
        },
    }
}

fn get() -> HealthQuestion {
    HealthQuestion::Http {
        path: "/healthz?deep=1".into(),
        host: None,
        expect: vec![200..=299, 404..=404],
    }
}

fn grpc() -> HealthQuestion {
    HealthQuestion::Grpc {
        service: "shop.v1.Cart".into(),
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// What a check finds of an endpoint that says this to whatever it is asked, again and again if `endless`, and waits then.
/// Also what it was asked.
fn told(question: HealthQuestion, timeout: Duration, said: &[u8], endless: bool) -> (Finding, String) {
    let said = said.to_owned();
    run(async move {
        let (listener, at) = listener().await;
        let endpoint = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let length = stream.read(&mut asked).await.unwrap();
            while stream.write_all(&said).await.is_ok() && endless {}
            // Until the check closes.
            let _ = stream.read_to_end(&mut Vec::new()).await;
            String::from_utf8_lossy(&asked[..length]).into_owned()
        });
        let finding = check(&aim(at, question, timeout)).await;
        (finding, endpoint.await.unwrap())
    })
}

#[test]
fn a_get_names_the_endpoint_and_passes_by_its_status_alone() {
    let (finding, asked) = told(
        get(),
        LONG,
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nless",
        false,
    );

    assert_eq!(finding, Finding::Passed);
    assert!(
        asked.starts_with("GET /healthz?deep=1 HTTP/1.1\r\nHost: 127.0.0.1:"),
        "{asked}"
    );
    assert!(asked.contains("\r\nConnection: close\r\n"), "{asked}");
}

#[test]
fn a_status_that_is_not_expected_fails_and_an_odd_one_that_is_passes() {
    let found = ["503", "301", "404", "299", "999"].map(|status| {
        let said = format!("HTTP/1.1 {status} \r\nContent-Length: 0\r\n\r\n");
        told(get(), LONG, said.as_bytes(), false).0
    });

    assert_eq!(
        found,
        [
            Finding::Status(503),
            Finding::Status(301),
            Finding::Passed,
            Finding::Passed,
            Finding::Status(999)
        ]
    );
}

#[test]
fn interim_answers_are_read_over_but_not_without_end() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

    let few = told(
        get(),
        LONG,
        format!("{interim}{interim}HTTP/1.1 200 OK\r\n\r\n").as_bytes(),
        false,
    )
    .0;
    let endless = told(get(), LONG, interim.as_bytes(), true).0;

    assert_eq!(few, Finding::Passed);
    assert_eq!(endless, Finding::broken("interim answers without end"));
}

#[test]
fn an_endless_body_costs_nothing_and_an_endless_head_fails() {
    let body = told(
        get(),
        LONG,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        true,
    )
    .0;
    let head = told(get(), LONG, b"HTTP/1.1 200 OK\r\nX-Name: with-a-value\r\nX", true).0;
    let line = told(get(), LONG, &[b'H'; 1000], true).0;

    assert_eq!(body, Finding::Passed);
    assert!(matches!(head, Finding::Broken(_)), "{head:?}");
    assert!(matches!(line, Finding::Broken(_)), "{line:?}");
}

#[test]
fn an_endpoint_that_says_nothing_or_too_little_is_waited_for_until_the_limit() {
    let found = [&b""[..], b"HTTP/1.1 200 OK\r\nA: b\r\n"].map(|said| told(get(), SHORT, said, false).0);

    assert_eq!(found, [Finding::TimedOut, Finding::TimedOut]);
}

#[test]
fn nonsense_is_no_answer() {
    for said in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"\0\0\0\0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
    ] {
        let (finding, _) = told(get(), LONG, said, false);

        assert!(matches!(finding, Finding::Broken(_)), "{finding:?}");
    }
}

#[test]
fn who_closes_without_an_answer_is_broken_and_who_does_not_listen_is_unreachable() {
    let (closed, refused) = run(async {
        let (listener, at) = listener().await;
        let endpoint = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            drop(stream);
        });
        let nobody = DeadEnd::new();
        let closed = check(&aim(at, get(), LONG)).await;
        endpoint.await.unwrap();
        let refused = aim(nobody.address(), HealthQuestion::Tcp, LONG);
        (closed, check(&refused).await)
    });

    assert_eq!(closed, Finding::broken("it closed without an answer"));
    assert!(matches!(refused, Finding::Unreachable(_)), "{refused:?}");
}

#[test]
fn a_name_is_looked_up_and_one_that_there_is_not_is_unreachable() {
    let (known, unknown) = run(async {
        let (_listener, at) = listener().await;
        let named = |host: &str| {
            let mut aim = aim(at, HealthQuestion::Tcp, LONG);
            aim.endpoint.host = host.into();
            aim
        };
        let known = check(&named("localhost")).await;
        (known, check(&named("no..host")).await)
    });

    assert_eq!(known, Finding::Passed);
    assert!(matches!(unknown, Finding::Unreachable(_)), "{unknown:?}");
}

#[test]
fn another_port_may_be_the_one_that_is_asked() {
    let finding = run(async {
        let (_listener, at) = listener().await;
        let mut aim = aim(at, HealthQuestion::Tcp, LONG);
        aim.endpoint.port = 1;
        aim.health.port = Some(at.port());
        check(&aim).await
    });

    assert_eq!(finding, Finding::Passed);
}

/// A server of HTTP/2 that answers the first request as the script says.
async fn h2_server<F>(
    script: impl FnOnce(Request<Bytes>, SendResponse<Bytes>) -> F + Send + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let (listener, at) = listener().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = Builder::new().handshake(stream).await.unwrap();
        let (request, respond) = connection.accept().await.unwrap().unwrap();
        tokio::spawn(async move {
            let (head, mut body) = request.into_parts();
            let mut whole = Vec::new();
            while let Some(Ok(piece)) = body.data().await {
                whole.extend_from_slice(&piece);
            }
            script(Request::from_parts(head, whole.into()), respond).await;
        });
        // Drives the connection until its end.
        while connection.accept().await.is_some() {}
    });
    at
}

#[test]
fn a_get_goes_over_http2_where_the_lane_speaks_it() {
    let (found, seen) = run(async {
        let (tell, seen) = tokio::sync::oneshot::channel();
        let at = h2_server(async move |request, mut respond| {
            let head = format!("{} {}", request.method(), request.uri());
            let answer = Response::builder().status(418).body(()).unwrap();
            // With a body that never comes.
            respond.send_response(answer, false).unwrap();
            tell.send(head).unwrap();
        })
        .await;
        let mut aim = aim(at, get(), LONG);
        aim.protocol = Protocol::Http2;
        let found = check(&aim).await;
        (found, seen.await.unwrap().replace(&at.to_string(), "AT"))
    });

    assert_eq!(found, Finding::Status(418));
    assert_eq!(seen, "GET http://AT/healthz?deep=1");
}

/// What a call finds where the server answers with this content type, this body and these trailers.
fn called(content_type: &'static str, body: &'static [u8], status: Option<&'static str>) -> Finding {
    run(async {
        let at = h2_server(async move |request, mut respond| {
            assert_eq!(request.uri().path(), "/grpc.health.v1.Health/Check");
            assert_eq!(&request.body()[..], b"\0\0\0\0\x0e\x0a\x0cshop.v1.Cart");
            let answer = Response::builder().header("content-type", content_type);
            let mut stream = respond.send_response(answer.body(()).unwrap(), false).unwrap();
            let _ = stream.send_data(Bytes::from_static(body), status.is_none());
            if let Some(status) = status {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", status.parse().unwrap());
                let _ = stream.send_trailers(trailers);
            }
        })
        .await;
        check(&aim(at, grpc(), LONG)).await
    })
}

const GRPC: &str = "application/grpc+proto";

#[test]
fn a_server_of_grpc_is_well_where_it_says_serving() {
    let serving = b"\0\0\0\0\x02\x08\x01";

    assert_eq!(called(GRPC, serving, Some("0")), Finding::Passed);
    assert_eq!(
        called(GRPC, b"\0\0\0\0\x02\x08\x02", Some("0")),
        Finding::NotServing(2)
    );
    assert_eq!(called(GRPC, b"\0\0\0\0\x00", Some("0")), Finding::NotServing(0));
    assert_eq!(called(GRPC, serving, Some("14")), Finding::GrpcStatus(14));
    assert_eq!(called(GRPC, b"", Some("12")), Finding::GrpcStatus(12));
}

#[test]
fn an_answer_of_grpc_that_is_none_is_broken() {
    for (content_type, body, status) in [
        ("text/html", &b"\0\0\0\0\x02\x08\x01"[..], Some("0")),
        (GRPC, b"\0\0\0\0\x02\x08\x01", None),
        (GRPC, b"\0\0\0\0\x02\x08\x01", Some("none")),
        (GRPC, b"\x01\0\0\0\x02\x08\x01", Some("0")),
        (GRPC, b"\0\0\0\0\x09\x08\x01", Some("0")),
        (GRPC, b"\0\0\0\0\x02\x08\xff", Some("0")),
        (GRPC, b"\0\0", Some("0")),
    ] {
        let finding = called(content_type, body, status);

        assert!(
            matches!(finding, Finding::Broken(_)),
            "{body:?} {status:?}: {finding:?}"
        );
    }
}

#[test]
fn an_answer_of_grpc_has_an_end() {
    static LONG_BODY: [u8; 5000] = [0; 5000];

    let finding = called(GRPC, &LONG_BODY, Some("0"));

    assert_eq!(finding, Finding::broken("the answer is too long"));
}

#[test]
fn an_answer_counts_whose_connection_ends_with_it() {
    const HEADERS: u8 = 1;
    // SETTINGS without any, and HEADERS with `:status` 200 that end the stream 1 (RFC 9113, section 6; RFC 7541, appendix A).
    let answer = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, HEADERS, 5, 0, 0, 0, 1, 0x88];

    let finding = run(async {
        let (listener, at) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_exact(&mut [0; 24]).await.unwrap();
            let mut kind = 0;
            while kind != HEADERS {
                let mut head = [0; 9];
                stream.read_exact(&mut head).await.unwrap();
                let length = usize::from(head[1]) << 8 | usize::from(head[2]);
                stream.read_exact(&mut vec![0; length]).await.unwrap();
                kind = head[3];
            }
            stream.write_all(&answer).await.unwrap();
        });
        let mut aim = aim(at, get(), LONG);
        aim.protocol = Protocol::Http2;
        check(&aim).await
    });

    assert_eq!(finding, Finding::Passed);
}

#[test]
fn a_call_that_fails_before_any_message_says_its_status() {
    let found = ["5", "0"].map(|status| {
        run(async {
            let at = h2_server(async move |_, mut respond| {
                let answer = Response::builder()
                    .header("content-type", GRPC)
                    .header("grpc-status", status);
                respond.send_response(answer.body(()).unwrap(), true).unwrap();
            })
            .await;
            check(&aim(at, grpc(), LONG)).await
        })
    });

    assert_eq!(
        found,
        [
            Finding::GrpcStatus(5),
            Finding::broken("the answer has no message")
        ]
    );
}

#[test]
fn a_server_that_does_not_speak_http2_is_broken_and_one_that_says_nothing_is_waited_for() {
    let answered = told(
        grpc(),
        LONG,
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        false,
    )
    .0;
    let silent = told(grpc(), SHORT, b"", false).0;

    assert!(matches!(answered, Finding::Broken(_)), "{answered:?}");
    assert_eq!(silent, Finding::TimedOut);
}
