//! The service over HTTP.
//!
//! Reading order: [`routes`] (the API on two screens), [`resource`] (the generic verbs), [`extract`] and [`body`] (what
//! handlers take), [`problem`] (what failures become), then the domains' own verbs. Around these: [`server`] (the layers of a
//! request, in order), [`middleware`], [`rate_limit`], [`health`], [`metrics`]; and for the binary [`command`],
//! [`config`], [`telemetry`].

pub mod body;
pub mod command;
pub mod config;
mod describe;
mod docs_page;
mod export;
pub mod extract;
pub mod health;
pub mod identity;
mod list;
pub mod metrics;
pub mod middleware;
pub mod openapi;
mod organization;
pub mod problem;
mod project;
pub mod rate_limit;
pub mod resource;
pub mod routes;
pub mod server;
pub mod telemetry;
