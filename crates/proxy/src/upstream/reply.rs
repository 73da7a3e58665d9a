use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use graylane_wire::Step;
use http::Response;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Frame, SizeHint};

use super::head::{Framing, Head, MAX_FIELDS};
use super::{Link, Upload, UploadError};
use crate::connection::Conn;
use crate::record::Record;

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Given back to the pool when the exchange has ended on both sides; else it closes.
    link: Option<Box<Link>>,
    /// What of the request's body is still on its way.
    upload: Option<Upload>,
    framing: Framing,
    keeps: bool,
}

/// The connection broke, or what came on it was no body.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub(crate) struct ReplyBroken;

impl Reply {
    #[inline]
    pub(crate) fn new(link: Box<Link>, upload: Option<Upload>, head: Head, takes: bool) -> Response<Self> {
        let Head {
            response,
            framing,
            keeps,
        } = head;
        let keeps = keeps && takes;
        response.map(|()| Self {
            link: Some(link),
            upload,
            framing,
            keeps,
        })
    }

    /// After a 101: the bare connection.
    pub(crate) fn take_link(&mut self) -> Option<Box<Link>> {
        self.link.take()
    }

    /// The body was read to its end.
    #[inline]
    pub(crate) fn finish(&mut self, record: &Record) {
        // What came after the end of the answer belongs to nothing. And an endpoint that answered before it took the whole
        // body may never take the rest: whoever got this link next would wait behind it.
        let Some(mut link) = self.link.take() else { return };
        if let Some(upload) = self.upload.take() {
            let limit = record.generation().limits().idle_time;
            tokio::spawn(upload.outlast(link, Arc::clone(record.conn()), limit));
        } else if self.keeps && link.inbox().is_empty() {
            link.give_back(record.conn().worker.clock.now());
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        matches!(self.framing, Framing::Ended)
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match self.framing {
            Framing::Ended => SizeHint::with_exact(0),
            Framing::Length(left) => SizeHint::with_exact(left),
            Framing::Chunked(_) | Framing::Close => SizeHint::default(),
        }
    }

    /// The next piece of the body; meanwhile the rest of the request's body is sent.
    #[inline]
    pub(crate) fn poll_frame(
        &mut self,
        conn: &Conn,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplyBroken>>> {
        let Some(link) = &mut self.link else {
            return Poll::Ready(None);
        };
        if let Some(upload) = &mut self.upload {
            let mut sent = upload.poll(link, conn, cx);
            if let Poll::Ready(Err(UploadError::Link(_))) = sent {
                // The answer is what counts now; it may well be the endpoint's reason to take no more. The rest of the
                // body is read out beside it.
                self.keeps = false;
                sent = upload.poll(link, conn, cx);
            }
            match sent {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.upload = None,
                Poll::Ready(Err(_)) => {
                    self.upload = None;
                    self.keeps = false;
                }
            }
        }
        match ready!(next_frame(link, &mut self.framing, cx)) {
            Ok(frame) => Poll::Ready(frame.map(Ok)),
            Err(ReplyBroken) => {
                self.link = None;
                Poll::Ready(Some(Err(ReplyBroken)))
            }
        }
    }
}

fn next_frame(
    link: &mut Link,
    framing: &mut Framing,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Frame<Bytes>>, ReplyBroken>> {
    loop {
        match framing {
            Framing::Ended => return Poll::Ready(Ok(None)),
            Framing::Length(left) if !link.inbox().is_empty() => {
                let inbox = link.inbox();
                let length = usize::try_from(*left).unwrap_or(usize::MAX).min(inbox.len());
                let data = inbox.split_to(length).freeze();
                *left -= length as u64;
                if *left == 0 {
                    *framing = Framing::Ended;
                }
                return Poll::Ready(Ok(Some(Frame::data(data))));
            }
            Framing::Close if !link.inbox().is_empty() => {
                return Poll::Ready(Ok(Some(Frame::data(link.inbox().split().freeze()))));
            }
            Framing::Chunked(decoder) => match decoder.step(link.inbox()).map_err(|_| ReplyBroken)? {
                Step::Framing(length) => {
                    link.inbox().advance(length);
                    continue;
                }
                Step::Data(length) => {
                    return Poll::Ready(Ok(Some(Frame::data(link.inbox().split_to(length).freeze()))));
                }
                Step::Trailers(length) => {
                    let section = link.inbox().split_to(length).freeze();
                    let trailers = trailers(&section)?;
                    // Not before they are understood: what has ended counts as complete.
                    *framing = Framing::Ended;
                    return Poll::Ready(Ok((!trailers.is_empty()).then(|| Frame::trailers(trailers))));
                }
                Step::End => {
                    *framing = Framing::Ended;
                    continue;
                }
                Step::More => {}
            },
            Framing::Length(_) | Framing::Close => {}
        }
        match ready!(link.poll_fill(cx)) {
            Ok(0) if matches!(framing, Framing::Close) => *framing = Framing::Ended,
            Ok(0) | Err(_) => return Poll::Ready(Err(ReplyBroken)),
            Ok(_) => {}
        }
    }
}

fn trailers(section: &[u8]) -> Result<HeaderMap, ReplyBroken> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let Ok(httparse::Status::Complete((_, fields))) = httparse::parse_headers(section, &mut fields) else {
        return Err(ReplyBroken);
    };
    let mut trailers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| ReplyBroken)?;
        trailers.append(
            name,
            HeaderValue::from_bytes(field.value).map_err(|_| ReplyBroken)?,
        );
    }
    Ok(trailers)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;

    use graylane_wire::Decoder;

    use super::*;
    use crate::roster::Seat;

    /// A link on which these bytes come.
    async fn saying(bytes: &[u8]) -> Box<Link> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await;
        listener.accept().unwrap().0.write_all(bytes).unwrap();
        Link::new(stream.unwrap(), Seat { number: 0, serial: 1 })
    }

    #[test]
    fn an_answer_with_trailers_that_are_none_has_broken_off_and_not_ended() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let mut framing = Framing::Chunked(Decoder::default());

        let frame = runtime.block_on(async {
            let mut link = saying(b"0\r\nno field\r\n\r\n").await;
            poll_fn(|cx| next_frame(&mut link, &mut framing, cx)).await
        });

        assert!(frame.is_err());
        assert!(matches!(framing, Framing::Chunked(_)));
    }
}
