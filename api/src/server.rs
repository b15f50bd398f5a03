//! The server: `Server::bind(&config)`, `.address()`, `.run(stop)`. The binary and tests use the same three calls.

use std::{future::Future, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use actix_web::{
    App, Error, HttpRequest, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{self, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::Compress,
    rt::{self, net::TcpSocket},
    web::{self, Data},
};
use anyhow::Context;
use service::{
    Database, database::DatabaseOptions, mail::Worker, query::Cursors, slow::SlowStatements,
    sweep::sweep_regularly,
};
use tokio::{
    sync::Notify,
    time::{self, Instant},
};
use utoipa::{OpenApi, openapi};
use utoipa_actix_web::{AppExt, service_config::ServiceConfig};

use crate::{
    config::{Config, address::Origin},
    export::Exports,
    extract::Lists,
    health::{self, Health, OpenApiJson},
    identity::Identity,
    metrics::Metrics,
    middleware::{
        compress::SkipShort,
        cors::{CrossOrigin, TrustedOrigins},
        gate::{Gate, acceptable},
        limit::SharedLimits,
        observe::{Observe, Observer},
        panic::CatchPanic,
    },
    openapi::{Document, share_parameters},
    problem::Problem,
    rate_limit::RateLimits,
    routes::{self, Addresses},
};

/// How long the head of a request may take to arrive, so that slow senders cannot hold all connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an idle connection is kept: longer than the 60 seconds of common load balancers, which would otherwise
/// now and then send a request into a connection that is just being closed.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a connection may take to close.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long requests in flight may take to finish at a stop: less than the 10 seconds after which `docker stop` kills.
const SHUTDOWN_SECONDS: u64 = 9;
/// Connections that the system keeps until a worker takes them.
const BACKLOG: u32 = 4096;
/// How often the rate limit forgets.
const FORGET: Duration = Duration::from_secs(1);

/// A server that listens.
pub struct Server {
    workers: dev::Server,
    address: SocketAddr,
    limits: Option<Arc<RateLimits>>,
    slow: Arc<SlowStatements>,
    background: Database,
    mail: Option<Worker>,
}

impl Server {
    /// Listens, and prepares all that is needed to answer. Clients can connect from now on; `run` answers them.
    ///
    /// # Errors
    /// When the address is taken, the database cannot be reached, or the secret cannot be kept.
    pub async fn bind(config: &Config) -> anyhow::Result<Self> {
        let wanted = SocketAddr::new(config.host, config.port);
        let listener = listen(wanted)
            .with_context(|| format!("cannot listen on {wanted}: change HOST or PORT"))?;
        let address = listener.local_addr()?;
        let parts = Arc::new(Parts::new(config, address).await?);
        let (limits, slow) = (parts.limits.clone(), Arc::clone(&parts.slow));
        let background = parts.background().await?;
        let mail = parts.mail(&background)?;
        let workers = HttpServer::new(move || app(&parts))
            .workers(config.workers())
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .shutdown_timeout(SHUTDOWN_SECONDS)
            .tcp_nodelay(true)
            .disable_signals()
            .listen(listener)?
            .run();
        Ok(Self { workers, address, limits, slow, background, mail })
    }

    /// Where it listens: with PORT 0, the port it was given.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is ready, then finishes the requests in flight, within a deadline.
    ///
    /// # Errors
    /// When the server cannot start its workers.
    pub async fn run(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let handle = self.workers.handle();
        let (mut workers, mut stop) = (pin!(self.workers), pin!(stop));
        let (mut deadline, mut forget) = (None, time::interval(FORGET));
        let mut sweeping = pin!(sweep_regularly(self.background.clone()));
        let mut recording = pin!(self.slow.record(&self.background));
        let stop_mail = Arc::new(Notify::new());
        let mail =
            self.mail.map(|mail| rt::spawn(mail.run(Arc::clone(&stop_mail).notified_owned())));
        let done = loop {
            tokio::select! {
                ended = &mut workers => break ended.context("the server cannot run"),
                () = &mut stop, if deadline.is_none() => {
                    deadline = Some(Instant::now() + Duration::from_secs(SHUTDOWN_SECONDS));
                    tracing::info!("stopping: no new connections; requests in flight have {SHUTDOWN_SECONDS} s to finish");
                    // The command is sent at once; the server itself, polled here, says when it is done.
                    drop(handle.stop(true));
                    stop_mail.notify_one();
                }
                _ = forget.tick() => if let Some(limits) = &self.limits { limits.forget() },
                never = &mut sweeping => match never {},
                never = &mut recording => match never {},
            }
        };
        if let Some(deadline) = deadline {
            let _ = time::timeout_at(deadline, self.slow.flush(&self.background)).await;
            if let Some(mail) = mail {
                // What is not sent by then is sent after the next start.
                let _ = time::timeout_at(deadline, mail).await;
            }
            let _ = time::timeout_at(deadline, self.background.settled()).await;
        }
        done
    }
}

/// As `std` does it, but with room for a burst of connections.
fn listen(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Everything that the workers share.
struct Parts {
    config: Config,
    origins: TrustedOrigins,
    identity: Data<Identity>,
    lists: Data<Lists>,
    addresses: Data<Addresses>,
    document: Data<OpenApiJson>,
    health: Data<Health>,
    metrics: Metrics,
    slow: Arc<SlowStatements>,
    limits: Option<Arc<RateLimits>>,
    /// The one SQLite database; on PostgreSQL each worker has connections of its own.
    sqlite: Option<Database>,
}

impl Parts {
    async fn new(config: &Config, address: SocketAddr) -> anyhow::Result<Self> {
        let (document, metrics) = (document(), Metrics::default());
        let slow = Arc::new(SlowStatements::new(config.database_slow_statement));
        let sqlite = if config.database_url.is_postgres() {
            None
        } else {
            Some(connect(config, 1, &metrics, &slow).await?)
        };
        let origins = TrustedOrigins::new(config, address);
        let secret = config.secret()?;
        let identity = Identity::new(config, &secret, address, origins.clone())?;
        let lists =
            Lists { cursors: Cursors::new(secret.reveal()), index_policy: config.index_policy() };
        Ok(Self {
            identity: Data::new(identity),
            lists: Data::new(lists),
            origins,
            addresses: Data::new(Addresses::of(&document.paths)),
            document: Data::new(OpenApiJson(document.to_json()?.into())),
            health: Data::new(Health::default()),
            limits: RateLimits::new(config.rate_limit).map(Arc::new),
            config: config.clone(),
            metrics,
            slow,
            sqlite,
        })
    }

    /// What sends the messages, with a connection of its own on PostgreSQL.
    fn mail(&self, background: &Database) -> anyhow::Result<Option<Worker>> {
        let Some(transport) = self.config.transport()? else {
            tracing::warn!("no mail is sent: SMTP_URL is not set; messages wait in the database");
            return Ok(None);
        };
        Ok(Some(Worker::new(background.clone(), self.identity.mailer(), transport)))
    }

    /// The database of one worker.
    async fn database(&self) -> anyhow::Result<Database> {
        match &self.sqlite {
            Some(database) => Ok(database.clone()),
            None => connect(&self.config, self.config.workers(), &self.metrics, &self.slow).await,
        }
    }

    /// The database of what is done beside requests: on PostgreSQL, one connection while it is needed.
    async fn background(&self) -> anyhow::Result<Database> {
        if let Some(database) = &self.sqlite {
            return Ok(database.clone());
        }
        let mut options = self.config.database_options(1);
        (options.max_connections, options.min_connections) = (1, 0);
        open(&self.config, &options).await
    }
}

async fn connect(
    config: &Config,
    pools: usize,
    metrics: &Metrics,
    slow: &Arc<SlowStatements>,
) -> anyhow::Result<Database> {
    let mut database = open(config, &config.database_options(pools)).await?;
    metrics.watch(&mut database, Arc::clone(slow));
    Ok(database)
}

async fn open(config: &Config, options: &DatabaseOptions) -> anyhow::Result<Database> {
    let connected = Database::connect(options).await;
    connected.with_context(|| format!("cannot connect to {}", config.database_url))
}

/// One worker's application.
fn app(
    parts: &Arc<Parts>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    let own = Arc::clone(parts);
    let limits = parts.limits.clone();
    let shared = limits.is_some();
    let observe = Observe::new(Observer {
        metrics: parts.metrics.clone(),
        proxies: parts.config.trusted_proxies.clone(),
        https: parts.config.public_url.as_ref().is_some_and(Origin::is_https),
    });
    App::new()
        .app_data(parts.identity.clone())
        .app_data(parts.lists.clone())
        .app_data(Data::new(Exports::new(
            parts.config.database_options(parts.config.workers()).max_connections,
        )))
        .app_data(parts.addresses.clone())
        .app_data(parts.document.clone())
        .app_data(parts.health.clone())
        .app_data(Data::new(parts.metrics.clone()))
        .data_factory(move || {
            let own = Arc::clone(&own);
            async move { own.database().await.inspect_err(|error| tracing::error!("{error:#}")) }
        })
        .configure(|config| all_routes(&mut ServiceConfig::new(config)))
        .default_service(web::to(no_route))
        // The layers, from the innermost to the outermost: what comes last here sees a request first.
        // A panic is caught next to the handler, so that its answer passes every other layer.
        .wrap(CatchPanic)
        // Nothing is read from the database for who cannot read the answer.
        .wrap(Gate::new(acceptable))
        // Inside of the process's own limit, which keeps floods from the database.
        .wrap(SharedLimits { on: shared })
        // Before routing and before any work: a request too many must cost next to nothing. Inside of CORS, or a
        // browser would not show its page the 429; preflights are not counted.
        .wrap(Gate::new(move |request| {
            limits.as_ref().map_or(Ok(()), |limits| limits.check(request))
        }))
        // Inside of Compress, whose decision it makes.
        .wrap(SkipShort)
        // Outside of all that answers, inside of all that only adds headers.
        .wrap(Compress::default())
        // Answers preflights, which have no route.
        .wrap(CrossOrigin::new(&parts.origins))
        // Outermost: every answer, of whatever layer, has an id, its headers, its problem, its line in the log.
        .wrap(observe)
}

fn all_routes(api: &mut ServiceConfig<'_>) {
    routes::routes(api);
    health::routes(api);
}

/// The OpenAPI document, made from the routes.
pub fn document() -> openapi::OpenApi {
    let mut document = App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(all_routes)
        .split_for_parts()
        .1;
    share_parameters(&mut document);
    document
}

/// Where no route answers. Better Auth says 404, with nothing, also to a wrong method.
async fn no_route(request: HttpRequest) -> Result<HttpResponse, Problem> {
    if request.path().starts_with("/api/auth/") {
        return Ok(HttpResponse::NotFound().finish());
    }
    routes::no_route(request).await
}
