//! How providers are asked: with patience that ends, for answers that fit, and where they may be.

use std::{future::Future, pin::Pin};

use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse,
    http::{self, Response, Uri},
};
use thiserror::Error;

use super::TIMEOUT;

/// The largest answer of a provider, in bytes.
const MAX_ANSWER: usize = 1 << 20;

/// Asks providers.
#[derive(Clone)]
pub(super) struct Http {
    client: reqwest::Client,
    /// Whether addresses may be without TLS.
    plain: bool,
}

impl Http {
    pub(super) fn new(plain: bool) -> Result<Self, reqwest::Error> {
        // Whoever has chosen before has chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A provider's addresses are in what it says of itself; to follow it elsewhere would let it choose what is
            // asked for inside of this network.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { client, plain })
    }
}

/// Why a provider did not answer.
#[derive(Debug, Error)]
pub(super) enum HttpError {
    #[error("{0} is not https")]
    Plain(Uri),
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("the answer is too long")]
    TooLong,
    #[error(transparent)]
    Answer(#[from] http::Error),
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            if !self.plain && request.uri().scheme_str() != Some("https") {
                return Err(HttpError::Plain(request.uri().clone()));
            }
            let mut answer = self.client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            for (name, value) in answer.headers() {
                response = response.header(name, value);
            }
            let mut body = Vec::new();
            while let Some(chunk) = answer.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER {
                    return Err(HttpError::TooLong);
                }
            }
            Ok(response.body(body)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::http::Request;

    use super::*;

    #[tokio::test]
    async fn who_has_tls_is_not_asked_without() {
        let http = Http::new(false).unwrap();
        for address in ["http://169.254.169.254/latest", "/keys"] {
            let request = Request::get(address).body(Vec::new()).unwrap();
            assert!(matches!(http.call(request).await, Err(HttpError::Plain(_))), "{address}");
        }
    }
}
