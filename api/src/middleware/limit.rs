//! Turning requests away that all processes together have seen too many of.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
};

use actix_web::{
    Error,
    body::BoxBody,
    dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready},
};
use futures_util::future::Either;

use crate::rate_limit::shared::Rule;

/// Asks the database before the few requests that have a [`Rule`], ahead of their body; others pass at no cost.
#[derive(Debug)]
pub struct SharedLimits {
    /// Whether there are any limits.
    pub on: bool,
}

impl<S> Transform<S, ServiceRequest> for SharedLimits
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type InitError = ();
    type Transform = SharedLimitsService<S>;
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(SharedLimitsService { service: Rc::new(service), on: self.on }))
    }
}

/// A service behind the limits.
#[derive(Debug)]
pub struct SharedLimitsService<S> {
    service: Rc<S>,
    on: bool,
}

impl<S> Service<ServiceRequest> for SharedLimitsService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error> + 'static,
{
    type Response = ServiceResponse<BoxBody>;
    type Error = Error;
    type Future = Either<S::Future, Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let Some(rule) = Rule::of(&request).filter(|_| self.on) else {
            return Either::Left(self.service.call(request));
        };
        let service = Rc::clone(&self.service);
        Either::Right(Box::pin(async move {
            match rule.count(&request).await {
                Ok(()) => service.call(request).await,
                Err(refusal) => Ok(request.error_response(refusal)),
            }
        }))
    }
}
