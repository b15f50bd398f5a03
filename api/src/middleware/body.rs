//! A body that trickles in does not hold a request open for ever.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    rt::time::{Sleep, sleep},
};
use bytes::Bytes;
use futures_util::Stream;

/// How long a whole body may take to arrive.
const LONGEST: Duration = Duration::from_secs(30);

/// Gives the request's body, if it has one, that long.
pub fn limit_time(request: &mut ServiceRequest) {
    let inner = request.take_payload();
    if matches!(inner, Payload::None) {
        return;
    }
    let payload: Pin<Box<dyn Stream<Item = _>>> = Box::pin(Timed { inner, deadline: None });
    request.set_payload(Payload::Stream { payload });
}

struct Timed {
    inner: Payload,
    /// Set when the body is first waited for: most are there already.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = Pin::new(&mut self.inner).poll_next(context) {
            return Poll::Ready(chunk);
        }
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep(LONGEST)));
        let late = || Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into())));
        deadline.as_mut().poll(context).map(|()| late())
    }
}
