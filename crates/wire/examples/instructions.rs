//! Parsing to be counted: `instructions SHAPE COUNT` does the same so often, and says how long it took.
//!
//! Shapes: `request` (8 fields, 319 bytes), `httparse` (the same request by that parser), `curl` (4 fields, 94 bytes),
//! `answer` (8 fields, 238 bytes), `copy` (the lines of the request that go on, as they stand), `drip` (the request, one byte
//! more at a time), `chunks` (a body of 64 KB in chunks of 4 KB), `empty` (the loop alone). The difference between two
//! counts under `valgrind --tool=callgrind`, divided by the difference in rounds, is the cost of one.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to be measured, not one to be relied on"
)]

use std::hint::black_box;
use std::mem::MaybeUninit;
use std::time::Instant;

use graylane_wire::{
    Body, Framing, Known, Limits, Request, Response, Set, SizeLine, Step, Table, parse_request,
    parse_response,
};

const REQUEST: &[u8] = b"GET /api/v1/orders/4711?expand=lines&page=2 HTTP/1.1\r\nHost: shop.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0)\r\nAccept: application/json\r\nAccept-Encoding: gzip, br\r\n\
    X-User: user-000017\r\nCookie: session=5f4dcc3b5aa765d61d8327deb882cf99\r\nConnection: keep-alive\r\n\
    X-Request-Id: 3c1b2d4e5f60718293a4\r\n\r\n";
const CURL: &[u8] =
    b"GET /hello HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\
    X-User: u1\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 10:00:00 GMT\r\n\
    Content-Type: application/json\r\nContent-Length: 1024\r\nConnection: keep-alive\r\nETag: \"5f4dcc3b-400\"\r\n\
    Cache-Control: no-cache\r\nX-Served-By: orders-7d9f-canary-2\r\n\r\n";
const LIMITS: Limits = Limits {
    head: 65_536,
    fields: 100,
};
const DROPPED: Set = Set::of(&[
    Known::Connection,
    Known::KeepAlive,
    Known::Te,
    Known::ForwardedFor,
]);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shape, count] = &*arguments else {
        println!("usage: instructions SHAPE COUNT");
        return;
    };
    let count: usize = count.parse().unwrap();
    let start = Instant::now();
    let sum = run(shape, count);
    let each = start.elapsed().as_secs_f64() * 1e9 / count as f64;
    println!("{shape}: {sum} in {count} rounds, {each:.1} ns each");
}

fn run(shape: &str, count: usize) -> usize {
    let mut table = Table::new();
    match shape {
        "request" => rounds(count, || request(black_box(REQUEST), &mut table).length),
        "httparse" => rounds(count, || theirs(black_box(REQUEST))),
        "curl" => rounds(count, || request(black_box(CURL), &mut table).length),
        "answer" => rounds(count, || answer(black_box(ANSWER), &mut table).length),
        "copy" => {
            let head = request(REQUEST, &mut table);
            let mut out = Vec::with_capacity(1_024);
            rounds(count, || {
                out.clear();
                let fields = black_box(&head).fields;
                fields.copy_to(&mut out, |field| !DROPPED.contains(field.known));
                out.len()
            })
        }
        "drip" => rounds(count, || {
            let (mut scanned, mut length) = (0, 0);
            for there in 1..=REQUEST.len() {
                let head =
                    parse_request(&black_box(REQUEST)[..there], LIMITS, &mut scanned, &mut table).unwrap();
                length += head.map_or(0, |head| head.length);
            }
            length
        }),
        "chunks" => {
            let chunk = [SizeLine::new(4_096).as_bytes(), &[b'x'; 4_096], b"\r\n"].concat();
            let body = [&chunk.repeat(16)[..], b"0\r\n\r\n"].concat();
            rounds(count, || chunked(black_box(&body)))
        }
        _ => rounds(count, || black_box(REQUEST).len()),
    }
}

/// The loop, the same for every shape.
#[inline(never)]
fn rounds(count: usize, mut round: impl FnMut() -> usize) -> usize {
    let mut sum = 0_usize;
    for _ in 0..count {
        sum = sum.wrapping_add(round());
    }
    sum
}

#[inline(never)]
fn request<'a>(input: &'a [u8], table: &'a mut Table) -> Request<'a> {
    parse_request(input, LIMITS, &mut 0, table).unwrap().unwrap()
}

/// What another parser needs for less: it does not look at what the fields say.
#[inline(never)]
fn theirs(input: &[u8]) -> usize {
    let mut fields = [const { MaybeUninit::uninit() }; 100];
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(input, &mut fields);
    black_box(&request);
    parsed.unwrap().unwrap()
}

#[inline(never)]
fn answer<'a>(input: &'a [u8], table: &'a mut Table) -> Response<'a> {
    parse_response(input, LIMITS, &mut 0, false, table)
        .unwrap()
        .unwrap()
}

#[inline(never)]
fn chunked(mut input: &[u8]) -> usize {
    let mut body = Body::new(Framing::Chunked);
    let mut data = 0;
    loop {
        let n = match body.step(input).unwrap() {
            Step::Data(n) => {
                body.take(n);
                data += n;
                n
            }
            Step::Skip(n) | Step::Trailers(n) => n,
            Step::End | Step::More => return data,
        };
        input = &input[n..];
    }
}
