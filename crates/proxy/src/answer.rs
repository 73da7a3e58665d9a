//! *answer*: the one place that turns a lane's own answer, an endpoint's answer or a fault into a response.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use graylane_pipeline::Fault;
use graylane_route::Respond;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};

use crate::headers::{self, FAULT};
use crate::record::Record;
use crate::upstream::{Link, Reply, ReplyBroken};

/// The body of an answer, with the record of its exchange.
#[derive(Debug)]
pub(crate) struct Answer {
    content: Content,
    record: Box<Record>,
}

#[derive(Debug)]
enum Content {
    Own(Option<Bytes>),
    Upstream(Reply),
}

/// Passes an endpoint's answer on.
#[inline]
pub(crate) fn upstream(response: Response<Reply>, mut record: Box<Record>) -> Response<Answer> {
    record.status = response.status().as_u16();
    let mut response = response.map(|reply| Answer {
        content: Content::Upstream(reply),
        record,
    });
    if response.body().is_end_stream() {
        response.body_mut().finish();
    }
    finish_head(&mut response);
    response
}

/// Says to the client what the endpoint said, a 101, and gives the endpoint's connection for the tunnel.
pub(crate) fn switch(
    response: Response<Reply>,
    mut record: Box<Record>,
) -> (Response<Answer>, Option<Box<Link>>) {
    record.status = response.status().as_u16();
    record.complete = true;
    let mut link = None;
    let mut response = response.map(|mut reply| {
        link = reply.take_link();
        Answer {
            content: Content::Own(None),
            record,
        }
    });
    finish_head(&mut response);
    (response, link)
}

/// Answers in place of an endpoint: a lane of type `respond`.
pub(crate) fn own(respond: &Respond, record: Box<Record>) -> Response<Answer> {
    let mut response = Response::new(Answer::own(respond.body.clone(), respond.status, record));
    *response.status_mut() = respond.status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, respond.content_type.clone());
    finish_head(&mut response);
    response
}

/// Answers a fault: its status, its word in `X-Graylane-Fault`, one line of text.
pub(crate) fn fault(fault: Fault, mut record: Box<Record>) -> Response<Answer> {
    record.fault = Some(fault);
    let status = StatusCode::from_u16(fault.status()).expect("every fault has a valid status");
    let text = Bytes::from_static(sentence(fault).as_bytes());
    let mut response = Response::new(Answer::own(text, status, record));
    *response.status_mut() = status;
    let head: &mut HeaderMap = response.headers_mut();
    head.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    head.insert(FAULT.clone(), HeaderValue::from_static(fault.as_str()));
    if closes(fault) {
        head.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    finish_head(&mut response);
    response
}

/// What every answer gets: the lane where the service shows it, and the word to leave where the gateway drains.
#[inline]
fn finish_head(response: &mut Response<Answer>) {
    let lane = response.body_mut().record.shown_lane.take();
    let draining = response.body().record.conn().worker.shared.is_draining();
    if let Some(lane) = lane {
        response.headers_mut().insert(headers::GRAY_VERSION.clone(), lane);
    }
    if draining {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response.body().record.conn().answering();
}

/// After these the rest of the connection's bytes cannot be trusted to be a request.
fn closes(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::BadRequest
            | Fault::BodyTooLarge
            | Fault::Expectation
            | Fault::RequestTimeout
            | Fault::MethodNotServed
    )
}

fn sentence(fault: Fault) -> &'static str {
    match fault {
        Fault::BadRequest => "the request is malformed or ambiguous\n",
        Fault::BodyTooLarge => "the request's body is larger than this gateway accepts\n",
        Fault::Expectation => "the only expectation met here is 100-continue\n",
        Fault::RequestTimeout => "the request's body came too slowly\n",
        Fault::MethodNotServed => "this gateway does not serve CONNECT\n",
        Fault::NoService => "no service here has this host and path\n",
        Fault::NoEndpoint => "no endpoint of the lane may be asked now\n",
        Fault::Unreachable => "no endpoint of the lane could be reached\n",
        Fault::UpstreamTimeout => "the endpoint did not answer in time\n",
        Fault::UpstreamBroken => "the endpoint's connection broke before it answered\n",
    }
}

impl Answer {
    fn own(body: Bytes, status: StatusCode, mut record: Box<Record>) -> Self {
        record.status = status.as_u16();
        // It is handed over as a whole, and not even asked for where it is empty or the request was a HEAD.
        record.complete = true;
        Self {
            content: Content::Own(Some(body)),
            record,
        }
    }

    /// The body was read to its end.
    fn finish(&mut self) {
        self.record.complete = true;
        if let Content::Upstream(reply) = &mut self.content {
            reply.finish(&self.record);
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = ReplyBroken;

    #[inline]
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplyBroken>>> {
        let this = self.get_mut();
        let mut next = match &mut this.content {
            Content::Own(body) => body
                .take()
                .filter(|body| !body.is_empty())
                .map(|body| Ok(Frame::data(body))),
            Content::Upstream(reply) => match reply.poll_frame(this.record.conn(), cx) {
                Poll::Ready(next) => next,
                Poll::Pending => return Poll::Pending,
            },
        };
        if let Some(Ok(frame)) = &mut next {
            headers::drop_asserted(frame);
            this.record.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        if next.is_none() || this.is_end_stream() {
            this.finish();
        }
        Poll::Ready(next)
    }

    #[inline]
    fn is_end_stream(&self) -> bool {
        match &self.content {
            Content::Own(body) => body.as_ref().is_none_or(Bytes::is_empty),
            Content::Upstream(reply) => reply.is_end_stream(),
        }
    }

    #[inline]
    fn size_hint(&self) -> SizeHint {
        match &self.content {
            Content::Own(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Content::Upstream(reply) => reply.size_hint(),
        }
    }
}
