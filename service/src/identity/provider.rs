//! OpenID Connect providers: where their users are sent, and what they say of who comes back.

mod http;
mod metadata;

use std::{
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims,
        CoreIdTokenVerifier, CoreJwsSigningAlgorithm as Algorithm, CoreUserInfoClaims,
    },
};
use thiserror::Error;
use tokio::sync;

use self::{http::Http, metadata::Known};

/// How long a provider's answer may take, and all that it says of itself together.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How long what a provider says of itself is believed.
const FRESH: Duration = Duration::from_hours(1);
/// How soon after an attempt a provider that did not answer is asked again, and one whose key is unknown.
const PATIENCE: Duration = Duration::from_secs(10);
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
        // The operator's own choice, for a provider on this machine.
        let plain = registration.issuer.starts_with("http://");
        Ok(Self {
            registration,
            http: Http::new(plain)?,
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
