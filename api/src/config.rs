//! Every setting, once: the doc comment of a field is its `--help`, its line in `garboard config` and its entry in
//! `docs/configuration.md`.
//!
//! A setting is read from the command line, else from the environment, else from a file `.env`, else it has its
//! default. [`load`] parses all of them to their final types and reports every mistake, not only the first.
//! A new setting is a field here and a line in [`Config::values`]; a test finds a forgotten one.

pub mod address;
pub mod load;
pub mod mail;
pub mod provider;
pub mod show;
pub mod value;

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroUsize,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, anyhow};
use service::{
    database::{DatabaseOptions, Synchronous},
    mail::{Sender, Transport},
    query::policy::{Action, IndexPolicy},
};

use self::{
    address::{DatabaseUrl, Network, Origin, TrustedOrigin},
    load::Mistake,
    mail::{DEFAULT_SENDER, SmtpUrl},
    provider::Provider,
    value::{EmailVerification, Environment, LogFormat, RateLimit, Secret, Use, show_duration},
};

/// Where a secret is kept that was made because none was given.
const GENERATED_SECRET: &str = "data/auth_secret";

/// Where messages are kept in development.
const DEVELOPMENT_OUTBOX: &str = "data/outbox";

/// The part of `--help` that the settings stand in, by which they are told from other options.
const HEADING: &str = "Settings (each also an environment variable: --port is PORT)";

/// The settings of one process.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = HEADING)]
pub struct Config {
    /// The database: `sqlite://PATH`, or `postgres://USER:PASSWORD@HOST[:PORT]/NAME`.
    ///
    /// A SQLite file is created with its folder. The connection to a PostgreSQL server on another machine is
    /// encrypted and its certificate checked (`sslmode=verify-full`), unless the URL names another `sslmode`;
    /// `sslrootcert` names a file with the certificate of a private authority.
    #[arg(long, env, value_name = "URL", default_value = "sqlite://data/garboard.db")]
    pub database_url: DatabaseUrl,

    /// The address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 or `::` for every interface.
    #[arg(long, env, value_name = "IP", default_value = "127.0.0.1", value_parser = value::host)]
    pub host: IpAddr,

    /// The TCP port to listen on, 0 to 65535; 0 takes any that is free.
    #[arg(long, env, value_name = "NUMBER", default_value = "8080", value_parser = port)]
    pub port: u16,

    /// Where the process runs: development, production or test.
    ///
    /// Development and test apply pending migrations at start. Development also fills an empty database with
    /// demonstration data. Production does neither, and refuses to start without `AUTH_SECRET`, with a wildcard among
    /// `TRUSTED_ORIGINS`, and to seed demonstration data.
    #[arg(long, env, value_name = "NAME", default_value = "development")]
    pub app_env: Environment,

    /// The address under which clients reach the server, such as `https://api.example.com`.
    ///
    /// Links and cookies follow from it: with https, cookies are `Secure` and browsers are told to insist on https
    /// (HSTS). Unset, it is the address the server listens on.
    #[arg(long, env, value_name = "ORIGIN")]
    pub public_url: Option<Origin>,

    /// The address of the front end, for the links in invitations. Unset, it is `PUBLIC_URL`.
    ///
    /// It belongs to the trusted origins. An invitation leads to `/accept-invitation/ID` there.
    #[arg(long, env, value_name = "ORIGIN")]
    pub app_url: Option<Origin>,

    /// Whether a user must have shown that they read the mail of their address: optional or required.
    ///
    /// Either way a new user is sent a link. `required` lets nobody sign in before they have followed it, and does not
    /// tell who signs up whether an address is taken.
    #[arg(long, env, value_name = "RULE", default_value = "optional")]
    pub email_verification: EmailVerification,

    /// The key that signs cookies and page cursors: at least 32 random characters.
    ///
    /// Changing it signs everybody out. Production requires it; elsewhere one is made at the first start and kept in
    /// `data/auth_secret`, so that sessions survive a restart. `openssl rand -base64 32` prints a good one. Prefer the
    /// environment to the command line, which other users of the machine can read.
    #[arg(long, env, value_name = "TEXT")]
    pub auth_secret: Option<Secret>,

    /// The front ends that may call with cookies: exact origins separated by commas, or `*` outside production.
    ///
    /// They are allowed by CORS and by the check of the `Origin` header on sign-in. `PUBLIC_URL` always belongs to them.
    #[arg(long, env, value_name = "ORIGINS", value_delimiter = ',')]
    pub trusted_origins: Vec<TrustedOrigin>,

    /// The reverse proxies whose `X-Forwarded-For` is believed: addresses or networks separated by commas.
    ///
    /// The client's address counts for the rate limit and is kept with a session. Without a proxy leave this unset:
    /// anyone can send that header.
    #[arg(long, env, value_name = "NETWORKS", value_delimiter = ',')]
    pub trusted_proxies: Vec<Network>,

    /// Requests per client address: `on`, `off`, or `REQUESTS/WINDOW` such as 100/10s.
    ///
    /// That many at once, and as many again spread over each window; a network of IPv6 addresses (/64) is one client.
    /// The default is what a person with a busy front end stays below: ten requests per second for as long as it lasts,
    /// and bursts of 600. Health checks and metrics are not counted. Each process counts for itself. What is sent to
    /// `/api/auth` is besides counted by all processes together, in the database: 3 attempts in 10 seconds to sign in,
    /// to sign up, to change a password or an address; 3 in 60 to have a mail sent; 5 in 60 to sign in by a link in a
    /// mail; 10 in 60 to invite to an organization; 100 in 10 for all the rest. `off` (for load tests) lifts every
    /// limit. After 10 wrong passwords in a row an account is locked for 15 minutes, also then.
    #[arg(long, env, value_name = "LIMIT", default_value = RateLimit::USUAL)]
    pub rate_limit: RateLimit,

    /// Threads that answer requests, at least 1.
    ///
    /// Unset, there is one per core, but no more than `DATABASE_MAX_CONNECTIONS` on PostgreSQL, whose connections are
    /// divided among them.
    #[arg(long, env, value_name = "NUMBER", value_parser = workers)]
    pub workers: Option<NonZeroUsize>,

    /// What becomes of a list that no index serves: off, warn or deny. Unset: deny in production, else warn.
    ///
    /// A list is judged when it would read or sort a table of more than `INDEX_POLICY_ROWS` rows whole. `deny` answers 422
    /// with the fields that an index would need; `warn` writes a line to the log with the index to create. Counts and
    /// aggregates are not judged.
    #[arg(long, env, value_name = "ACTION", value_parser = index_action)]
    pub index_policy: Option<Action>,

    /// How many rows make a table large for `INDEX_POLICY`.
    #[arg(long, env, value_name = "NUMBER", default_value = "50000")]
    pub index_policy_rows: u64,

    /// Who people can sign in with: `NAME=https://ID:SECRET@ISSUER`, separated by commas.
    ///
    /// Any provider of OpenID Connect, known by the address of its issuer without `https://`:
    /// `google=https://ID:SECRET@accounts.google.com`. Special characters of an id or a secret are percent-encoded. The
    /// provider must send its users back to `PUBLIC_URL/api/auth/callback/NAME`. See docs/oauth.md.
    #[arg(long, env, value_name = "PROVIDERS", value_delimiter = ',')]
    pub oauth_providers: Vec<Provider>,

    /// The server that takes mail: `smtps://USER:PASSWORD@HOST[:PORT]`, or `smtp://`.
    ///
    /// With `smtp://` the connection to another machine is encrypted by STARTTLS, unless the URL ends with `?tls=none`
    /// or `?tls=opportunistic`. Certificates are checked. The port is 465 for `smtps://`, 587 with STARTTLS, else 25. Special
    /// characters of the password are percent-encoded. Unset, messages wait in production; elsewhere they go to the log
    /// and to `EMAIL_OUTBOX`.
    #[arg(long, env, value_name = "URL")]
    pub smtp_url: Option<SmtpUrl>,

    /// Who messages are from, such as `Example <no-reply@example.com>`; the name is what they call this server.
    ///
    /// Production requires it with `SMTP_URL`. Elsewhere it is `Garboard <no-reply@localhost>` if unset.
    #[arg(long, env, value_name = "ADDRESS", value_parser = mail::sender)]
    pub mail_from: Option<Sender>,

    /// The folder for messages when there is no `SMTP_URL`, one file each; not in production.
    ///
    /// Unset, it is `data/outbox` in development and none in tests.
    #[arg(long, env, value_name = "PATH")]
    pub email_outbox: Option<PathBuf>,

    /// What is logged: error, warn, info, debug or trace, also by module (`info,service=debug`).
    #[arg(long, env, value_name = "FILTER", default_value = "info", value_parser = filter)]
    pub rust_log: String,

    /// How log lines are written: text or json. Unset: json in production, else text.
    #[arg(long, env, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,

    /// Whether SQL statements are logged, with their duration and without their values: true or false.
    #[arg(long, env, value_name = "BOOL", default_value = "false", action = clap::ArgAction::Set, value_parser = boolean)]
    pub log_queries: bool,

    /// The most connections to the database, at least 1.
    ///
    /// On PostgreSQL they are divided among the workers, each of which has at least one; sending mail has one more. On SQLite these are readers;
    /// there is always exactly one writer.
    #[arg(long, env, value_name = "NUMBER", default_value = "20", value_parser = connections)]
    pub database_max_connections: u32,

    /// The connections that are kept open when idle, at most `DATABASE_MAX_CONNECTIONS`.
    #[arg(long, env, value_name = "NUMBER", default_value = "5", value_parser = idle_connections)]
    pub database_min_connections: u32,

    /// When an idle connection above the minimum is closed.
    #[arg(long, env, value_name = "DURATION", default_value = "30s", value_parser = value::duration)]
    pub database_idle_timeout: Duration,

    /// The longest wait for a connection; then the answer is 503.
    #[arg(long, env, value_name = "DURATION", default_value = "10s", value_parser = value::duration)]
    pub database_connect_timeout: Duration,

    /// The longest run of one statement; then it is cancelled and the answer is 503.
    #[arg(long, env, value_name = "DURATION", default_value = "30s", value_parser = value::duration)]
    pub database_statement_timeout: Duration,

    /// From how long on a statement is recorded for `garboard db stats`; 0 records all.
    ///
    /// Its text is recorded, never its values. Where PostgreSQL has `pg_stat_statements`, `garboard db stats` shows that instead.
    #[arg(long, env, value_name = "DURATION", default_value = "10ms", value_parser = slow_statement)]
    pub database_slow_statement: Duration,

    /// When SQLite puts a commit on the disk: full or normal.
    ///
    /// With full a commit survives a power cut. With normal it survives a crash of the process, and writes are faster.
    #[arg(long, env, value_name = "MODE", default_value = "full", value_parser = synchronous)]
    pub sqlite_synchronous: Synchronous,
}

impl Config {
    /// The values in use, in the order of the fields: names as in the environment, secrets masked.
    pub fn values(&self) -> Vec<(&'static str, String)> {
        let secret = self
            .auth_secret
            .as_ref()
            .map_or(format!("made at start, kept in {GENERATED_SECRET}"), Secret::to_string);
        vec![
            ("DATABASE_URL", self.database_url.to_string()),
            ("HOST", self.host.to_string()),
            ("PORT", self.port.to_string()),
            ("APP_ENV", self.app_env.to_string()),
            ("PUBLIC_URL", self.public_url(SocketAddr::new(self.host, self.port))),
            ("APP_URL", self.app_url(SocketAddr::new(self.host, self.port))),
            ("EMAIL_VERIFICATION", self.email_verification.to_string()),
            ("AUTH_SECRET", secret),
            ("TRUSTED_ORIGINS", list(&self.trusted_origins)),
            ("TRUSTED_PROXIES", list(&self.trusted_proxies)),
            ("RATE_LIMIT", self.rate_limit.to_string()),
            ("WORKERS", self.workers().to_string()),
            ("INDEX_POLICY", show_index_action(self.index_policy().action).to_owned()),
            ("INDEX_POLICY_ROWS", self.index_policy_rows.to_string()),
            ("OAUTH_PROVIDERS", list(&self.oauth_providers)),
            ("SMTP_URL", self.smtp_url.as_ref().map(SmtpUrl::to_string).unwrap_or_default()),
            ("MAIL_FROM", self.mail_from().map(|sender| sender.to_string()).unwrap_or_default()),
            (
                "EMAIL_OUTBOX",
                self.email_outbox().map(|it| it.display().to_string()).unwrap_or_default(),
            ),
            ("RUST_LOG", self.rust_log.clone()),
            ("LOG_FORMAT", self.log_format().to_string()),
            ("LOG_QUERIES", self.log_queries.to_string()),
            ("DATABASE_MAX_CONNECTIONS", self.database_max_connections.to_string()),
            ("DATABASE_MIN_CONNECTIONS", self.database_min_connections.to_string()),
            ("DATABASE_IDLE_TIMEOUT", show_duration(self.database_idle_timeout)),
            ("DATABASE_CONNECT_TIMEOUT", show_duration(self.database_connect_timeout)),
            ("DATABASE_STATEMENT_TIMEOUT", show_duration(self.database_statement_timeout)),
            ("DATABASE_SLOW_STATEMENT", show_duration(self.database_slow_statement)),
            ("SQLITE_SYNCHRONOUS", show_synchronous(self.sqlite_synchronous).to_owned()),
        ]
    }

    /// What becomes of lists that no index serves.
    pub fn index_policy(&self) -> IndexPolicy {
        let usual = if self.is_production() { Action::Deny } else { Action::Warn };
        IndexPolicy::new(self.index_policy.unwrap_or(usual), self.index_policy_rows)
    }

    /// What is wrong with the settings as a whole, each being right for itself.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        if self.is_production() && self.auth_secret.is_none() {
            mistakes.push(Mistake::missing(
                "AUTH_SECRET",
                "production needs at least 32 random characters, such as `openssl rand -base64 32` prints",
            ));
        }
        if self.is_production() && self.trusted_origins.contains(&TrustedOrigin::Any) {
            let allowed = "use exact origins in production, such as https://app.example.com";
            mistakes.push(Mistake::invalid("TRUSTED_ORIGINS", "*", allowed));
        }
        let mut names: Vec<_> = self.oauth_providers.iter().map(|it| &it.reveal().name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            let given = list(&self.oauth_providers);
            mistakes.push(Mistake::invalid("OAUTH_PROVIDERS", &given, "use each name once"));
        }
        if self.is_production() && self.smtp_url.is_some() && self.mail_from.is_none() {
            let needed =
                "production needs an address of yours, such as Example <no-reply@example.com>";
            mistakes.push(Mistake::missing("MAIL_FROM", needed));
        }
        if let Some(folder) = self.email_outbox.as_ref().filter(|_| self.is_production()) {
            let allowed = "use SMTP_URL in production: the links in messages sign people in";
            let given = folder.display().to_string();
            mistakes.push(Mistake::invalid("EMAIL_OUTBOX", &given, allowed));
        }
        let most =
            format!("use at most DATABASE_MAX_CONNECTIONS ({})", self.database_max_connections);
        if self.database_min_connections > self.database_max_connections {
            let given = self.database_min_connections.to_string();
            mistakes.push(Mistake::invalid("DATABASE_MIN_CONNECTIONS", &given, &most));
        }
        if self.database_url.is_postgres() && self.workers() > self.max_workers() {
            let allowed = format!("{most}: each has connections of its own");
            mistakes.push(Mistake::invalid("WORKERS", &self.workers().to_string(), &allowed));
        }
        mistakes
    }

    /// Whether people rely on this process.
    pub fn is_production(&self) -> bool {
        self.app_env == Environment::Production
    }

    /// The origin under which clients reach a server that listens on `address`.
    pub fn public_url(&self, address: SocketAddr) -> String {
        self.public_url.as_ref().map_or_else(|| format!("http://{address}"), Origin::to_string)
    }

    /// Where the front end is; a server that listens on `address` is its own, if no other is named.
    pub fn app_url(&self, address: SocketAddr) -> String {
        self.app_url.as_ref().map_or_else(|| self.public_url(address), Origin::to_string)
    }

    /// Whether cookies are `Secure`. TLS ends at a proxy, so the socket cannot tell.
    pub fn secure_cookies(&self) -> bool {
        self.public_url.as_ref().map_or(self.is_production(), Origin::is_https)
    }

    fn mail_from(&self) -> Result<Sender, Use> {
        self.mail_from.clone().map_or_else(|| mail::sender(DEFAULT_SENDER), Ok)
    }

    fn email_outbox(&self) -> Option<PathBuf> {
        let usual = || PathBuf::from(DEVELOPMENT_OUTBOX);
        let is_development = self.app_env == Environment::Development;
        self.email_outbox.clone().or_else(|| is_development.then(usual))
    }

    /// How messages are sent; `None` if they wait.
    ///
    /// # Errors
    /// When the mail server or the sender cannot be used.
    pub fn transport(&self) -> anyhow::Result<Option<Transport>> {
        let sender = self.mail_from().map_err(|allowed| anyhow!("MAIL_FROM: use {}", allowed.0))?;
        Ok(match &self.smtp_url {
            Some(url) => {
                Some(Transport::smtp(url.reveal(), sender).context("SMTP_URL cannot be used")?)
            }
            None if self.is_production() => None,
            None => Some(Transport::log(self.email_outbox(), sender)),
        })
    }

    /// How log lines are written.
    pub fn log_format(&self) -> LogFormat {
        self.log_format.unwrap_or(if self.is_production() {
            LogFormat::Json
        } else {
            LogFormat::Text
        })
    }

    /// How many threads answer requests.
    pub fn workers(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        match self.workers {
            Some(workers) => workers.get(),
            None if self.database_url.is_postgres() => cores().min(self.max_workers()),
            None => cores(),
        }
    }

    fn max_workers(&self) -> usize {
        usize::try_from(self.database_max_connections).unwrap_or(usize::MAX)
    }

    /// How a pool connects that is one of `pools` equal ones.
    pub fn database_options(&self, pools: usize) -> DatabaseOptions {
        let pools = u32::try_from(pools.max(1)).unwrap_or(u32::MAX);
        DatabaseOptions {
            url: self.database_url.reveal().to_owned(),
            max_connections: (self.database_max_connections / pools).max(1),
            min_connections: self.database_min_connections / pools,
            idle_timeout: self.database_idle_timeout,
            connect_timeout: self.database_connect_timeout,
            statement_timeout: self.database_statement_timeout,
            synchronous: self.sqlite_synchronous,
            log_queries: self.log_queries,
        }
    }

    /// The key that signs: the one given, or one that is made once and kept.
    ///
    /// # Errors
    /// When it cannot be kept or what is kept is unusable.
    pub fn secret(&self) -> anyhow::Result<Secret> {
        match &self.auth_secret {
            Some(secret) => Ok(secret.clone()),
            None => load::kept_secret(Path::new(GENERATED_SECRET)),
        }
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(",")
}

fn port(text: &str) -> Result<u16, Use> {
    text.parse().map_err(|_not_a_port| Use("a number from 0 to 65535; 0 takes any free port"))
}

fn workers(text: &str) -> Result<NonZeroUsize, Use> {
    let count: NonZeroUsize =
        text.parse().map_err(|_not_a_number| Use("a number from 1 to 1024"))?;
    if count.get() > 1024 { Err(Use("a number from 1 to 1024")) } else { Ok(count) }
}

fn connections(text: &str) -> Result<u32, Use> {
    match idle_connections(text) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(Use("a number from 1 to 10000")),
    }
}

fn idle_connections(text: &str) -> Result<u32, Use> {
    match text.parse() {
        Ok(count) if count <= 10_000 => Ok(count),
        _ => Err(Use("a number from 0 to 10000")),
    }
}

fn boolean(text: &str) -> Result<bool, Use> {
    text.parse().map_err(|_not_a_bool| Use("true or false"))
}

fn index_action(text: &str) -> Result<Action, Use> {
    match text {
        "off" => Ok(Action::Off),
        "warn" => Ok(Action::Warn),
        "deny" => Ok(Action::Deny),
        _ => Err(Use("off, warn or deny")),
    }
}

fn show_index_action(action: Action) -> &'static str {
    match action {
        Action::Off => "off",
        Action::Warn => "warn",
        Action::Deny => "deny",
    }
}

fn slow_statement(text: &str) -> Result<Duration, Use> {
    if matches!(text, "0" | "0ms") {
        return Ok(Duration::ZERO);
    }
    value::duration(text)
        .map_err(|_not_a_duration| Use("0, or a number with its unit ms, s, m or h, such as 10ms"))
}

fn synchronous(text: &str) -> Result<Synchronous, Use> {
    match text {
        "full" => Ok(Synchronous::Full),
        "normal" => Ok(Synchronous::Normal),
        _ => Err(Use("full or normal")),
    }
}

fn show_synchronous(synchronous: Synchronous) -> &'static str {
    match synchronous {
        Synchronous::Full => "full",
        Synchronous::Normal => "normal",
    }
}

fn filter(text: &str) -> Result<String, Use> {
    let parsed = tracing_subscriber::EnvFilter::builder().parse(text);
    parsed.map(|_filter| text.to_owned()).map_err(|_directive| {
        Use("error, warn, info, debug or trace, also by module: info,service=debug")
    })
}
