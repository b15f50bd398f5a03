//! A panic in a handler is an answer, not a broken connection.

use std::{
    future::{Future, Ready, ready},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    Error,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
};

use crate::problem::Problem;

/// Answers 500 where the handler panics. The panic itself is in the log, by the hook of `telemetry`.
pub struct CatchPanic;

impl<S, B> Transform<S, ServiceRequest> for CatchPanic
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: Unpin,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type InitError = ();
    type Transform = CatchPanicService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(CatchPanicService { service }))
    }
}

/// A service that does not panic.
pub struct CatchPanicService<S> {
    service: S,
}

impl<S, B> Service<ServiceRequest> for CatchPanicService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: Unpin,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Caught<S::Future>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Nothing is seen again of what a panic may have left half done: the handler's state is the request's own,
        // and transactions roll back in a task of theirs.
        Caught(catch_unwind(AssertUnwindSafe(|| self.service.call(request))).ok())
    }
}

/// A future that does not panic; `None` is one that has.
pub struct Caught<F>(Option<F>);

impl<F, T> Future for Caught<F>
where
    F: Future<Output = Result<T, Error>> + Unpin,
{
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else { return Poll::Ready(Err(Problem::Internal.into())) };
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(context)));
        polled.unwrap_or_else(|_panic| {
            self.0 = None;
            Poll::Ready(Err(Problem::Internal.into()))
        })
    }
}
