//! OpenID Connect providers: where their users are sent, and what they say of who comes back.
//!
//! What a provider says of itself (its addresses and its keys) is asked for when it is first needed and kept for an
//! hour; a token that none of the keys has signed makes it be asked again, since keys change.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl,
    Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims,
        CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata,
        CoreUserInfoClaims,
    },
};
use thiserror::Error;
use tokio::{sync, time};

/// How long a provider's answer may take, and all that it says of itself together.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::from_hours(1);
/// How soon after an attempt a provider that did not answer is asked again, and one whose key is unknown.
const PATIENCE: Duration = Duration::from_secs(10);
/// The largest answer of a provider, in bytes.
const MAX_ANSWER: usize = 1 << 20;
/// The longest `sub`, in characters (OpenID Connect Core, 2).
const MAX_SUBJECT: usize = 255;
/// What is asked for where nothing else is.
const SCOPES: [&str; 2] = ["email", "profile"];
/// Signatures that a provider makes with a key that it alone has.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A provider, as an operator configures it.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// What clients call it.
    pub name: String,
    /// Its address, by which its tokens are known.
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// What this server shows to it; a public client has none.
    pub client_secret: Option<String>,
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, issuer, client_id, client_secret } = self;
        write!(f, "{name}: {client_id} at {issuer}")?;
        f.write_str(if client_secret.is_some() { ", with a secret" } else { "" })
    }
}

/// Why nobody came back.
#[derive(Debug, Error)]
pub enum Failure {
    /// The provider cannot be used.
    #[error("the provider cannot be used: {0}")]
    Unusable(String),
    /// It does not take the code.
    #[error("the provider does not take the code: {0}")]
    Code(String),
    /// What it says of the user is not to be believed.
    #[error("the provider's token is not valid: {0}")]
    Token(String),
}

/// Where to send a browser.
#[derive(Clone, Debug)]
pub(super) struct Question<'a> {
    pub(super) redirect_uri: String,
    pub(super) state: &'a str,
    pub(super) nonce: &'a str,
    pub(super) verifier: &'a str,
    pub(super) scopes: &'a [String],
    pub(super) parameters: &'a [(String, String)],
}

/// Who came back from a provider.
#[derive(Clone)]
pub struct Arrival {
    pub(super) subject: String,
    pub(super) email: Option<String>,
    pub(super) email_verified: bool,
    pub(super) name: Option<String>,
    pub(super) picture: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// The providers that this server knows. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Providers(Arc<[Provider]>);

/// One of them.
pub struct Provider {
    registration: Registration,
    http: Http,
    known: Mutex<Known>,
    /// Held by who asks the provider what it is.
    asking: sync::Mutex<()>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.registration.name).finish()
    }
}

#[derive(Clone, Default)]
struct Known {
    metadata: Option<CoreProviderMetadata>,
    /// When it last answered, or failed to.
    asked: Option<Instant>,
}

impl Known {
    /// Whether the provider need not be asked by who wants to know nothing older than `age`.
    fn suffices(&self, age: Duration) -> bool {
        let wait = if self.metadata.is_some() { age } else { PATIENCE };
        self.asked.is_some_and(|asked| asked.elapsed() < wait)
    }

    fn metadata(self) -> Result<CoreProviderMetadata, Failure> {
        self.metadata.ok_or_else(|| Failure::Unusable("it does not answer".to_owned()))
    }
}

impl Providers {
    /// These providers.
    ///
    /// # Errors
    /// When the system has no certificates to check theirs by.
    pub fn new(registrations: Vec<Registration>) -> Result<Self, reqwest::Error> {
        registrations.into_iter().map(Provider::new).collect::<Result<_, _>>().map(Self)
    }

    /// The provider with this name.
    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.registration.name == name)
    }
}

impl Provider {
    fn new(registration: Registration) -> Result<Self, reqwest::Error> {
        // Whoever has chosen before has chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            // A provider's addresses are in what it says of itself; to follow it elsewhere would let it choose what is
            // asked for inside of this network.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        // The operator's own choice, for a provider on this machine.
        let plain = registration.issuer.starts_with("http://");
        Ok(Self {
            registration,
            http: Http { client, plain },
            known: Mutex::default(),
            asking: sync::Mutex::default(),
        })
    }

    /// The address where the provider asks its user.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<String, Failure> {
        let client = self.client(&question.redirect_uri, FRESH).await?;
        let [state, nonce] = [question.state, question.nonce].map(str::to_owned);
        let verifier = PkceCodeVerifier::new(question.verifier.to_owned());
        let usual = SCOPES.map(str::to_owned);
        let scopes = if question.scopes.is_empty() { &usual } else { question.scopes };
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(state),
                || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(scopes.iter().filter(|it| *it != "openid").cloned().map(Scope::new));
        for (name, value) in question.parameters {
            request = request.add_extra_param(name, value);
        }
        Ok(request.url().0.into())
    }

    /// Who came back with this code.
    pub(super) async fn redeem(
        &self,
        redirect_uri: &str,
        code: &str,
        verifier: &str,
        nonce: &str,
    ) -> Result<Arrival, Failure> {
        let client = self.client(redirect_uri, FRESH).await?;
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let answer = request
            .map_err(unusable)?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(&self.http)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(answer) => {
                    Failure::Code(answer.error().to_string())
                }
                other => unusable(other),
            })?;
        let token = answer.id_token().ok_or_else(|| Failure::Token("there is none".to_owned()))?;
        let nonce = Nonce::new(nonce.to_owned());
        let claims = match token.claims(&verifier_of(&client), &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let client = self.client(redirect_uri, PATIENCE).await?;
                token.claims(&verifier_of(&client), &nonce)
            }
            claims => claims,
        };
        let claims = claims.map_err(|error| Failure::Token(error.to_string()))?;
        let mut arrival = Arrival {
            subject: subject_of(claims)?,
            email: None,
            email_verified: false,
            name: None,
            picture: None,
            scopes: answer
                .scopes()
                .map(|scopes| scopes.iter().map(|scope| scope.replace('\0', "")).collect())
                .unwrap_or_default(),
        };
        arrival.read(claims);
        if arrival.email.is_none() {
            let subject = Some(claims.subject().clone());
            if let Ok(request) = client.user_info(answer.access_token().clone(), subject) {
                let user: CoreUserInfoClaims = request
                    .request_async(&self.http)
                    .await
                    .map_err(|error| Failure::Token(error.to_string()))?;
                arrival.read_user(&user);
            }
        }
        Ok(arrival)
    }

    /// What clients call it.
    pub fn name(&self) -> &str {
        &self.registration.name
    }

    /// Its address, by which its tokens are known.
    pub fn issuer(&self) -> &str {
        &self.registration.issuer
    }

    /// A client that knows what the provider said of itself not longer than `age` ago, or before, if it is silent now.
    async fn client(&self, redirect_uri: &str, age: Duration) -> Result<Client, Failure> {
        let Registration { client_id, client_secret, .. } = &self.registration;
        let metadata = self.metadata(age).await?;
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let client = CoreClient::from_provider_metadata(
            metadata,
            ClientId::new(client_id.clone()),
            client_secret.clone().map(ClientSecret::new),
        );
        let redirect_uri = RedirectUrl::new(redirect_uri.to_owned()).map_err(unusable)?;
        let auth_type = if in_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Ok(client.set_redirect_uri(redirect_uri).set_auth_type(auth_type))
    }

    async fn metadata(&self, age: Duration) -> Result<CoreProviderMetadata, Failure> {
        let known = self.known().clone();
        if known.suffices(age) {
            return known.metadata();
        }
        // Who can do with what was known before does not wait for another who asks.
        let asking = if known.metadata.is_some() && age == FRESH {
            self.asking.try_lock().ok()
        } else {
            Some(self.asking.lock().await)
        };
        if asking.is_none() {
            return known.metadata();
        }
        let known = self.known().clone();
        if known.suffices(age) {
            return known.metadata();
        }
        let answer = self.discover().await;
        let mut known = self.known();
        // Counted from the end of the attempt: whoever has waited for it does not try at once again.
        known.asked = Some(Instant::now());
        match answer {
            Ok(metadata) => known.metadata = Some(metadata),
            Err(error) => {
                let provider = self.name();
                tracing::warn!(provider, %error, "a provider does not say what it is");
            }
        }
        known.clone().metadata()
    }

    async fn discover(&self) -> Result<CoreProviderMetadata, Failure> {
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(unusable)?;
        let answer = CoreProviderMetadata::discover_async(issuer, &self.http);
        time::timeout(TIMEOUT, answer).await.map_err(unusable)?.map_err(unusable)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The claims of a token and of the address for more have the same names, and no type in common.
macro_rules! read_claims {
    ($arrival:expr, $claims:expr) => {{
        let (arrival, claims) = ($arrival, $claims);
        arrival.email = claims.email().map(|email| email.to_string());
        arrival.email_verified = claims.email_verified().unwrap_or(false);
        let name = claims.name().and_then(|name| name.get(None));
        arrival.name = name.map(|name| name.to_string()).or(arrival.name.take());
        let picture = claims.picture().and_then(|picture| picture.get(None));
        arrival.picture = picture.map(|picture| picture.to_string()).or(arrival.picture.take());
    }};
}

impl Arrival {
    fn read(&mut self, claims: &CoreIdTokenClaims) {
        read_claims!(self, claims);
    }

    fn read_user(&mut self, claims: &CoreUserInfoClaims) {
        read_claims!(self, claims);
    }
}

/// What the provider knows its user by. It cannot be cut: who is cut is somebody else.
fn subject_of(claims: &CoreIdTokenClaims) -> Result<String, Failure> {
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.chars().count() > MAX_SUBJECT || subject.contains('\0') {
        return Err(Failure::Token("its subject is not one".to_owned()));
    }
    Ok(subject.to_owned())
}

fn verifier_of(client: &Client) -> CoreIdTokenVerifier<'_> {
    client.id_token_verifier().set_allowed_algs(ALGORITHMS)
}

fn unusable(error: impl std::error::Error) -> Failure {
    Failure::Unusable(chain(&error))
}

/// An error and its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.extend([": ", &error.to_string()]);
        cause = error.source();
    }
    text
}

/// How providers are asked.
#[derive(Clone)]
struct Http {
    client: reqwest::Client,
    /// Whether addresses may be without TLS.
    plain: bool,
}

/// Why a provider did not answer.
#[derive(Debug, Error)]
enum HttpError {
    #[error("{0} is not https")]
    Plain(openidconnect::http::Uri),
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error("the answer is too long")]
    TooLong,
    #[error(transparent)]
    Answer(#[from] openidconnect::http::Error),
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
            let mut response = openidconnect::http::Response::builder().status(answer.status());
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
    use super::*;

    #[tokio::test]
    async fn who_has_tls_is_not_asked_without() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http { client: reqwest::Client::new(), plain: false };
        for address in ["http://169.254.169.254/latest", "/keys"] {
            let request = openidconnect::http::Request::get(address).body(Vec::new()).unwrap();
            assert!(matches!(http.call(request).await, Err(HttpError::Plain(_))), "{address}");
        }
    }
}
