//! What the commands of the binary do.

pub mod import;
pub mod user;

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::ExitCode,
};

use actix_web::rt;
use anyhow::{Context, bail};
use migration::{Gap, Migrator, MigratorTrait};
use service::{
    Database,
    identity::Hasher,
    search,
    seed::{self, Demonstration},
};
use utoipa::openapi::path::{Operation, PathItem};
use workflow::{Project, command::DbArguments, migrate::MigrateArguments, report::Report};

use crate::{
    config::{
        Config,
        show::{self, Setting},
        value::Environment,
    },
    server::{Server, document},
    telemetry,
};

/// The end of `garboard --help`.
pub const EXAMPLES: &str = "Examples:
  garboard                                       serve, on SQLite
  garboard --port 3000 --log-queries true        serve, with other settings
  DATABASE_URL=postgres://me:secret@localhost/garboard garboard
  garboard migrate                               create or update the tables
  garboard db rehearse                           try pending migrations on a copy first
  garboard config                                what is set, where, and what it means";

/// Serves until a signal says stop; a second signal ends the process at once.
///
/// # Errors
/// When it cannot start: the message says what to do.
pub async fn serve(config: &Config, migrate: bool) -> anyhow::Result<()> {
    let _log = telemetry::start(config)?;
    if migrate || !config.is_production() {
        apply(config).await?;
    }
    refuse_pending(config).await?;
    let demonstration = match config.app_env {
        Environment::Development => demonstrate(config).await?,
        Environment::Production | Environment::Test => None,
    };
    index(config).await?;
    let server = Server::bind(config).await?;
    greet(config, server.address(), demonstration.as_ref())?;
    server.run(stop_signal()).await
}

/// Applies the pending migrations: `db migrate`, in short.
///
/// # Errors
/// When the database cannot be reached or a migration fails.
pub async fn migrate(config: &Config, arguments: &MigrateArguments) -> anyhow::Result<ExitCode> {
    workflow::migrate::run(&project(config), arguments, &Report::new(false)).await
}

/// Fills an empty database with demonstration data.
///
/// # Errors
/// In production, and when the database cannot be reached or is not migrated.
pub async fn seed(config: &Config) -> anyhow::Result<()> {
    let _log = telemetry::start(config)?;
    if config.is_production() {
        bail!("demonstration data is refused in production: everybody knows its password");
    }
    refuse_pending(config).await?;
    let mut out = io::stdout().lock();
    match demonstrate(config).await? {
        Some(demonstration) => writeln!(
            out,
            "sign in as {} with the password {}",
            demonstration.email, demonstration.password
        )?,
        None => writeln!(out, "{} is not empty: nothing was changed", config.database_url)?,
    }
    Ok(())
}

/// Looks after the schema and the data.
///
/// # Errors
/// What the command met: the message says what to do.
pub async fn db(config: &Config, arguments: &DbArguments) -> anyhow::Result<ExitCode> {
    workflow::command::run(&project(config), arguments).await
}

fn project(config: &Config) -> Project {
    Project {
        migrations: Migrator::migrations,
        database: config.database_url.clone(),
        production: config.is_production(),
    }
}

/// Prints every route.
///
/// # Errors
/// When nobody reads.
pub fn routes(json: bool) -> anyhow::Result<()> {
    let mut routes = Vec::new();
    for (path, item) in document().paths.paths {
        for (method, operation) in operations(item) {
            routes.push((path.clone(), method, operation.operation_id.unwrap_or_default()));
        }
    }
    let mut out = io::stdout().lock();
    if json {
        let routes: Vec<_> = routes
            .iter()
            .map(|(path, method, operation)| serde_json::json!({ "method": method, "path": path, "operationId": operation }))
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&routes)?)?;
        return Ok(());
    }
    let width = routes.iter().map(|(path, ..)| path.len()).max().unwrap_or_default();
    for (path, method, operation) in routes {
        writeln!(out, "{method:6}  {path:width$}  {operation}")?;
    }
    Ok(())
}

fn operations(item: PathItem) -> impl Iterator<Item = (&'static str, Operation)> {
    let methods = [
        ("GET", item.get),
        ("POST", item.post),
        ("PUT", item.put),
        ("PATCH", item.patch),
        ("DELETE", item.delete),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation?)))
}

/// How to print the settings; as text, if nothing is said.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Format {
    /// For programs.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// As the page docs/configuration.md, without the values.
    #[arg(long)]
    markdown: bool,
}

/// Prints every setting.
///
/// # Errors
/// When nobody reads.
pub fn config(settings: &[Setting], format: Format) -> anyhow::Result<()> {
    let text = match format {
        Format { json: true, .. } => serde_json::to_string_pretty(settings)? + "\n",
        Format { markdown: true, .. } => show::markdown(),
        Format { .. } => show::text(settings),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// As much of a text as there is room for, and nothing that a terminal would take for a command.
fn fit(text: &str, width: usize) -> String {
    let text = printable(text);
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect()
}

async fn apply(config: &Config) -> anyhow::Result<Vec<String>> {
    let applied = migration::migrate(config.database_url.reveal()).await;
    let applied = applied.with_context(|| unreachable(config, "migrate"))?;
    if let Some(last) = applied.last() {
        tracing::info!(count = applied.len(), last, "applied migrations");
    }
    Ok(applied)
}

/// Lets searches find the rows that came into the database otherwise than through the service.
async fn index(config: &Config) -> anyhow::Result<()> {
    // The tables are those that the document describes.
    let _ = document();
    search::fill(&connect(config).await?).await.context("cannot index the rows for search")
}

/// Refuses a database that lacks migrations. What a newer release has applied to it is none of ours to refuse: during a
/// rolling deployment this release goes on serving.
async fn refuse_pending(config: &Config) -> anyhow::Result<()> {
    let database = connect(config).await?;
    let Gap { pending, unknown } =
        database.migrations().await.context("cannot read which migrations are applied")?;
    if let Some(last) = unknown.last() {
        tracing::info!(count = unknown.len(), last, "the schema is that of a newer release");
    }
    if !pending.is_empty() {
        bail!(
            "{} lacks {} migrations, the first being {}: run `garboard migrate`, or `garboard serve --migrate`",
            config.database_url,
            pending.len(),
            pending.first().map_or("", String::as_str)
        );
    }
    Ok(())
}

async fn connect(config: &Config) -> anyhow::Result<Database> {
    let mut options = config.database_options(1);
    (options.max_connections, options.min_connections) = (1, 0);
    let connected = Database::connect(&options).await;
    connected.with_context(|| unreachable(config, "open"))
}

/// An error and its causes in one line; what a cause only repeats is left out.
pub fn explain(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            let colon = if line.is_empty() { "" } else { ": " };
            line.extend([colon, &cause]);
        }
    }
    line
}

/// What to look at when the database does not answer.
fn unreachable(config: &Config, verb: &str) -> String {
    let url = &config.database_url;
    if url.is_postgres() {
        format!("cannot {verb} {url} (does PostgreSQL run there, with this user and database?)")
    } else {
        format!("cannot {verb} {url} (`garboard migrate` creates it, where this user may write)")
    }
}

async fn demonstrate(config: &Config) -> anyhow::Result<Option<Demonstration>> {
    let database = connect(config).await?;
    let made = seed::demonstration(&database, &Hasher::default()).await;
    made.context("cannot fill the database with demonstration data")
}

/// Says where the server is: in production to the log, elsewhere to whoever started it; in development also how to
/// begin.
fn greet(
    config: &Config,
    address: SocketAddr,
    demonstration: Option<&Demonstration>,
) -> anyhow::Result<()> {
    let (version, database) = (env!("CARGO_PKG_VERSION"), &config.database_url);
    if config.is_production() {
        tracing::info!(version, %database, "listening on http://{address}");
        return Ok(());
    }
    let mut out = io::stdout().lock();
    writeln!(out, "Garboard {version} ({}) on {database}", config.app_env)?;
    writeln!(out, "listening on http://{address}")?;
    if config.app_env == Environment::Development {
        let url = config.public_url(address);
        writeln!(
            out,
            "\n  documentation  {url}/docs\n  API            {url}/api/v1\n  settings       garboard config"
        )?;
        if let Some(Demonstration { email, password }) = demonstration {
            let credentials = serde_json::json!({ "email": email, "password": password });
            writeln!(
                out,
                "\nLook around as {email}, password {password}:\n\n  \
                 curl -c garboard.cookies {url}/api/auth/sign-in/email -H 'Content-Type: application/json' -d '{credentials}'\n  \
                 curl -b garboard.cookies '{url}/api/v1/projects?include=owner&limit=3'\n"
            )?;
        }
    }
    Ok(out.flush()?)
}

/// Ready at the first SIGTERM, SIGINT or ctrl-c. The second does not wait for anybody.
async fn stop_signal() {
    next_signal().await;
    rt::spawn(async {
        next_signal().await;
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn next_signal() {
    use rt::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_unsupported) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = rt::signal::ctrl_c() => {},
        _ = terminate => {},
    }
}

#[cfg(not(unix))]
async fn next_signal() {
    let _ = rt::signal::ctrl_c().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_without_repetitions() {
        let error = anyhow::anyhow!("refused").context("pool: refused").context("cannot open it");
        assert_eq!(explain(&error), "cannot open it: pool: refused");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let items = document().paths.paths.into_values();
        let mut names: Vec<_> =
            items.flat_map(operations).map(|(_, operation)| operation.operation_id).collect();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all);
        assert!(!names.contains(&None));
    }
}
