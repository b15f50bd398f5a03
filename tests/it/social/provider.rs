//! A provider of OpenID Connect that says what a test wants.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
    CoreRsaPrivateSigningKey,
};
use openidconnect::{
    Audience, EmptyAdditionalClaims, EndUserEmail, EndUserName, EndUserPictureUrl, IssuerUrl,
    JsonWebKeyId, Nonce, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey, StandardClaims,
    SubjectIdentifier,
};
use reqwest::Url;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A key of these tests, and of nothing else.
const KEY: &str = include_str!("key.pem");
/// `client:s3cret`, in Base64.
const CREDENTIALS: &str = "Basic Y2xpZW50OnMzY3JldA==";

/// A user of the provider, and what its token says of them and of itself.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) subject: &'static str,
    pub(super) email: &'static str,
    pub(super) verified: bool,
    pub(super) name: &'static str,
    pub(super) picture: Option<&'static str>,
    /// Instead of the right ones.
    pub(super) issuer: Option<&'static str>,
    pub(super) audience: &'static str,
    pub(super) nonce: Option<&'static str>,
}

impl Person {
    pub(super) fn new(subject: &'static str, email: &'static str) -> Self {
        let (name, picture) = ("Grace", None);
        Self {
            subject,
            email,
            verified: true,
            name,
            picture,
            issuer: None,
            audience: "client",
            nonce: None,
        }
    }
}

#[derive(Debug)]
struct Grant {
    person: Person,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

#[derive(Debug)]
struct State {
    grants: HashMap<String, Grant>,
    key_id: &'static str,
    issued: usize,
}

/// A running provider.
#[derive(Debug)]
pub(super) struct Provider {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        let state = State { grants: HashMap::new(), key_id: "first", issued: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, address, &shared).await.expect("a request is answered");
            }
        });
        Self { address, state, task }
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The entry of `OAUTH_PROVIDERS`.
    pub(super) fn setting(&self) -> &'static str {
        format!("acme=http://client:s3cret@{}", self.address).leak()
    }

    /// What `person` is sent back with who agrees at this address.
    pub(super) fn agree(&self, url: &str, person: Person) -> String {
        let url = Url::parse(url).expect("an address");
        assert_eq!(url.origin().ascii_serialization(), self.issuer());
        let query: HashMap<_, _> = url.query_pairs().into_owned().collect();
        for (name, value) in [
            ("client_id", "client"),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("scope", "openid email profile"),
        ] {
            assert_eq!(query[name], value, "{name}");
        }
        let mut state = lock(&self.state);
        state.issued += 1;
        let code = format!("code-{}", state.issued);
        let grant = Grant {
            person,
            nonce: query["nonce"].clone(),
            challenge: query["code_challenge"].clone(),
            redirect_uri: query["redirect_uri"].clone(),
        };
        state.grants.insert(code.clone(), grant);
        format!("code={code}&state={}", query["state"])
    }

    /// Signs with a key of another name from now on.
    pub(super) fn change_key(&self) {
        lock(&self.state).key_id = "second";
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request.
async fn serve(stream: TcpStream, address: SocketAddr, state: &Mutex<State>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length is a number");
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let path = head.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let (status, body) = match path {
        "/.well-known/openid-configuration" => ("200 OK", discovery(address)),
        "/keys" => ("200 OK", keys(lock(state).key_id)),
        "/token" => match token(address, state, &head, &body) {
            Some(answer) => ("200 OK", answer),
            None => ("400 Bad Request", json!({ "error": "invalid_grant" })),
        },
        _ => ("404 Not Found", Value::Null),
    };
    let body = body.to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await
}

fn discovery(address: SocketAddr) -> Value {
    let at = |path: &str| format!("http://{address}{path}");
    json!({
        "issuer": at(""),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    })
}

fn key(id: &str) -> CoreRsaPrivateSigningKey {
    let id = Some(JsonWebKeyId::new(id.to_owned()));
    CoreRsaPrivateSigningKey::from_pem(KEY, id).expect("the key can be read")
}

fn keys(id: &str) -> Value {
    json!(CoreJsonWebKeySet::new(vec![key(id).as_verification_key()]))
}

fn token(address: SocketAddr, state: &Mutex<State>, head: &[String], body: &[u8]) -> Option<Value> {
    let is_client = head.iter().any(|line| {
        let (name, value) = line.split_once(": ").unwrap_or_default();
        name.eq_ignore_ascii_case("authorization") && value == CREDENTIALS
    });
    let form = String::from_utf8_lossy(body);
    let form = Url::parse(&format!("http://form?{form}")).ok()?;
    let form: HashMap<_, _> = form.query_pairs().into_owned().collect();
    let mut state = lock(state);
    // A code is good once.
    let grant = state.grants.remove(form.get("code")?)?;
    let verifier = PkceCodeVerifier::new(form.get("code_verifier")?.clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    let right = is_client
        && challenge.as_str() == grant.challenge
        && form.get("redirect_uri") == Some(&grant.redirect_uri);
    right.then(|| {
        json!({
            "access_token": "access-hush",
            "refresh_token": "refresh-hush",
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": "openid email profile",
            "id_token": id_token(&grant, &format!("http://{address}"), state.key_id).to_string(),
        })
    })
}

#[expect(clippy::disallowed_methods, reason = "the provider has a clock of its own")]
fn id_token(grant: &Grant, issuer: &str, key_id: &str) -> CoreIdToken {
    let Person { subject, email, verified, name, picture, issuer: wrong, audience, nonce } =
        &grant.person;
    let now = chrono::Utc::now();
    let person = StandardClaims::new(SubjectIdentifier::new((*subject).to_owned()))
        .set_email(Some(EndUserEmail::new((*email).to_owned())))
        .set_email_verified(Some(*verified))
        .set_name(Some(EndUserName::new((*name).to_owned()).into()))
        .set_picture(picture.map(|url| EndUserPictureUrl::new(url.to_owned()).into()));
    let claims = CoreIdTokenClaims::new(
        IssuerUrl::new(wrong.unwrap_or(issuer).to_owned()).expect("an address"),
        vec![Audience::new((*audience).to_owned())],
        now + chrono::TimeDelta::minutes(5),
        now,
        person,
        EmptyAdditionalClaims {},
    )
    .set_nonce(Some(Nonce::new(nonce.unwrap_or(&grant.nonce).to_owned())));
    let algorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
    CoreIdToken::new(claims, &key(key_id), algorithm, None, None).expect("a token can be signed")
}
