//! Somebody who calls the server.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::redirect::Policy;
use reqwest::{Client as Http, Method, RequestBuilder};
use serde_json::Value;

use super::answer::Answer;
use super::template::Account;

/// What speaks HTTP: without TLS, for which nothing needs to be on the machine, and going nowhere by itself.
pub(crate) fn http() -> Http {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Http::builder().tls_certs_only([]).redirect(Policy::none()).build();
    http.expect("a client can be made")
}

/// Where the server is now, and whose ids are whose.
#[derive(Debug)]
pub(crate) struct Site {
    address: Mutex<SocketAddr>,
    /// User ids and the names by which an answer shows them.
    pub(crate) names: BTreeMap<String, String>,
}

impl Site {
    pub(crate) fn new(address: SocketAddr, names: BTreeMap<String, String>) -> Self {
        Self { address: Mutex::new(address), names }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A server that was started again listens on another port.
    pub(crate) fn move_to(&self, address: SocketAddr) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

/// Somebody who calls the server: a person with a session, or nobody in particular.
///
/// A path such as `projects` is below `/api/v1`; one that begins with `/` is taken as it is.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: Http,
    site: Arc<Site>,
    /// Empty for a caller without credentials, as are the next two.
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
}

impl Client {
    pub(crate) fn new(http: Http, site: Arc<Site>, account: Option<&Account>) -> Self {
        let (id, email, token) = account.map_or_else(Default::default, |account| {
            (account.id.clone(), account.email.clone(), account.token.clone())
        });
        Self { http, site, id, email, token }
    }

    /// A caller without credentials, before there are any accounts.
    pub(crate) fn nobody(address: SocketAddr) -> Self {
        Self::new(http(), Arc::new(Site::new(address, BTreeMap::new())), None)
    }

    pub(crate) async fn get(&self, path: impl Display) -> Answer {
        self.request("GET", path).send().await
    }

    pub(crate) async fn post(&self, path: impl Display, body: Value) -> Answer {
        self.request("POST", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: impl Display, body: Value) -> Answer {
        self.request("PATCH", path).json(&body).send().await
    }

    pub(crate) async fn delete(&self, path: impl Display) -> Answer {
        self.request("DELETE", path).send().await
    }

    /// A request that can still be changed before it is sent.
    pub(crate) fn request(&self, method: &str, path: impl Display) -> Request {
        let path = path.to_string();
        let root = if path.starts_with('/') { "" } else { "/api/v1/" };
        let url = format!("http://{}{root}{path}", self.site.address());
        let method = Method::from_bytes(method.as_bytes()).expect("a method is a token");
        let builder = self.http.request(method, url);
        let builder =
            if self.token.is_empty() { builder } else { builder.bearer_auth(&self.token) };
        Request { builder, site: Arc::clone(&self.site) }
    }
}

/// A request that has not been sent.
#[derive(Debug)]
pub(crate) struct Request {
    builder: RequestBuilder,
    site: Arc<Site>,
}

impl Request {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self { builder: self.builder.header(name, value), ..self }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        Self { builder: self.builder.json(body), ..self }
    }

    pub(crate) fn body(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { builder: self.builder.body(bytes.into()), ..self }
    }

    /// Sends the request; panics when no answer comes.
    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"))
    }

    /// Sends the request and leaves the body of the answer to be read.
    pub(crate) async fn stream(self) -> reqwest::Response {
        self.builder.send().await.expect("the server answers")
    }

    /// Sends the request to a server that may be gone.
    pub(crate) async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let response = self.builder.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Answer { status, headers, body, site: self.site })
    }
}
