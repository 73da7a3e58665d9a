//! What is valid arrives as it was said, however it is framed and wherever it is cut.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::play::judge::judge;
use crate::play::pipes::run;
use crate::play::script::{Act, Plan, Segment};

/// How somebody frames a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framed {
    Not,
    Length,
    /// In chunks of so many bytes.
    Chunked(usize),
    /// Answers only.
    UntilClose,
}

#[derive(Debug, Clone)]
struct Said {
    framed: Framed,
    body: String,
    trailers: Vec<String>,
}

#[derive(Debug, Clone)]
struct Turn {
    method: &'static str,
    request: Said,
    /// Interim answers before the one that counts.
    hints: usize,
    status: u16,
    answer: Said,
}

fn said(until_close: bool) -> impl Strategy<Value = Said> {
    let framed = prop_oneof![
        2 => Just(Framed::Not),
        3 => Just(Framed::Length),
        3 => prop_oneof![Just(1), Just(7), Just(4_096), Just(9_000)].prop_map(Framed::Chunked),
        u32::from(until_close) => Just(Framed::UntilClose),
    ];
    let length = prop_oneof![4 => 0..40_usize, 2 => 4_000..4_200_usize, 1 => 8_000..20_000_usize];
    (framed, length, prop::collection::vec("[a-z]{1,20}", 0..3)).prop_map(|(framed, length, trailers)| {
        let body = (0..length).map(|at| char::from(b'a' + (at % 23) as u8)).collect();
        let (body, trailers) = match framed {
            Framed::Not => (String::new(), Vec::new()),
            Framed::Chunked(_) => (body, trailers),
            Framed::Length | Framed::UntilClose => (body, Vec::new()),
        };
        Said {
            framed,
            body,
            trailers,
        }
    })
}

fn turn() -> impl Strategy<Value = Turn> {
    let method = prop::sample::select(vec!["GET", "HEAD", "POST", "DELETE", "OPTIONS"]);
    let status = prop::sample::select(vec![200, 200, 200, 204, 304, 404, 500]);
    (method, said(false), 0..3_usize, status, said(true)).prop_map(
        |(method, request, hints, status, answer)| {
            let mut turn = Turn {
                method,
                request,
                hints,
                status,
                answer,
            };
            if turn.is_bare() {
                turn.answer = Said {
                    framed: Framed::Not,
                    body: String::new(),
                    trailers: Vec::new(),
                };
            } else if turn.answer.framed == Framed::Not {
                turn.answer.framed = Framed::Length;
            }
            turn
        },
    )
}

impl Turn {
    /// Whether no answer has a body.
    fn is_bare(&self) -> bool {
        self.method == "HEAD" || matches!(self.status, 204 | 304)
    }

    fn request(&self, number: usize) -> String {
        let mut text = format!(
            "{} /{number} HTTP/1.1\r\nHost: one.test\r\nX-Number: {number}\r\n",
            self.method
        );
        self.request.write(&mut text);
        text
    }

    fn answer(&self, number: usize) -> String {
        let mut text = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(self.hints);
        let _ = write!(
            text,
            "HTTP/1.1 {} Some Reason\r\nX-Number: {number}\r\n",
            self.status
        );
        self.answer.write(&mut text);
        text
    }
}

impl Said {
    fn write(&self, text: &mut String) {
        let body = &self.body;
        let _ = match self.framed {
            Framed::Not | Framed::UntilClose => write!(text, "\r\n{body}"),
            Framed::Length => write!(text, "Content-Length: {}\r\n\r\n{body}", body.len()),
            Framed::Chunked(size) => {
                text.push_str("Transfer-Encoding: chunked\r\n\r\n");
                for chunk in body.as_bytes().chunks(size) {
                    let _ = write!(
                        text,
                        "{:x}\r\n{}\r\n",
                        chunk.len(),
                        String::from_utf8_lossy(chunk)
                    );
                }
                text.push_str("0\r\n");
                for (number, value) in self.trailers.iter().enumerate() {
                    let _ = write!(text, "X-Trailer-{number}: {value}\r\n");
                }
                write!(text, "\r\n")
            }
        };
    }

    fn trailers(&self) -> Vec<(String, Vec<u8>)> {
        let named = self.trailers.iter().enumerate();
        named
            .map(|(number, value)| (format!("x-trailer-{number}"), value.clone().into_bytes()))
            .collect()
    }
}

/// The endpoint's connections: a new one after each answer that ends with its own. The last is taken first.
fn connections(turns: &[Turn]) -> Vec<(u32, Vec<Segment>)> {
    let mut connections = vec![(3, Vec::new())];
    for (number, turn) in turns.iter().enumerate() {
        let closes = turn.answer.framed == Framed::UntilClose;
        connections[0].1.push(Segment {
            after: 1,
            quiet: true,
            act: if closes { Act::Close } else { Act::Say },
            text: turn.answer(number).into_bytes(),
        });
        if closes {
            connections.insert(0, (3, Vec::new()));
        }
    }
    connections
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn pipelined_requests_and_their_answers_arrive_as_they_were_said(
        turns in prop::collection::vec(turn(), 1..6),
        client_capacity in prop::sample::select(vec![1, 3, 64, 600, 5_000, 65_536]),
        endpoint_capacity in prop::sample::select(vec![1, 3, 64, 600, 5_000, 65_536]),
        pieces in prop::collection::vec(
            prop::sample::select(vec![1, 2, 5, 60, 4_000, usize::MAX, usize::MAX]), 1..6),
    ) {
        let requests: String = turns.iter().enumerate().map(|(number, turn)| turn.request(number)).collect();
        let plan = Plan {
            client_capacity,
            endpoint_capacity,
            trusted: false,
            pieces,
            client: vec![Segment { after: 0, quiet: true, act: Act::Say, text: requests.into_bytes() }],
            endpoints: connections(&turns),
        };

        let (exchanges, tries) = judge(&plan, &run(&plan));

        prop_assert_eq!(exchanges.len(), turns.len());
        prop_assert_eq!(tries.len(), turns.len());
        for (number, turn) in turns.iter().enumerate() {
            let (exchange, request) = (&exchanges[number], &tries[number].request);
            let answer = exchange.answer.as_ref().unwrap();
            prop_assert!(request.complete && answer.complete);
            prop_assert_eq!(request.target().escape_ascii().to_string(), format!("/{number}"));
            prop_assert_eq!(request.body.escape_ascii().to_string(), &turn.request.body[..]);
            prop_assert_eq!(&request.trailers, &turn.request.trailers());
            prop_assert_eq!(exchange.interim.len(), turn.hints);
            prop_assert_eq!(answer.status(), turn.status);
            let told = answer.only("x-number").unwrap();
            prop_assert_eq!(told.escape_ascii().to_string(), number.to_string());
            prop_assert_eq!(answer.body.escape_ascii().to_string(), &turn.answer.body[..]);
            prop_assert_eq!(&answer.trailers, &turn.answer.trailers());
        }
    }
}
