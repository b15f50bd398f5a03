//! Databases to try things on, gone when they are done with.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tempfile::TempDir;

use crate::DatabaseUrl;

/// How the names of scratch databases begin.
const PREFIX: &str = "garboard_scratch_";
/// After how long one that is still there was left behind by a process that was killed.
const LEFT_BEHIND: Duration = Duration::from_hours(6);

/// A private, empty database of the same kind as another: beside it on its PostgreSQL server, or a temporary SQLite file.
/// Nothing of the other database is touched.
#[derive(Debug)]
pub struct Scratch {
    url: DatabaseUrl,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// Gone with this value.
    Folder(TempDir),
    /// A connection to the server's other database, and the name to drop there.
    Server(DatabaseConnection, String),
}

impl Scratch {
    /// Makes an empty database like the one at `url`, which must exist on PostgreSQL, for it is connected to.
    ///
    /// # Errors
    /// When the server cannot be reached, or its user may not create databases: the message says what to do.
    pub async fn beside(url: &DatabaseUrl) -> anyhow::Result<Self> {
        if !url.is_postgres() {
            let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
            let url = DatabaseUrl::of_file(&folder.path().join("scratch.db"));
            return Ok(Self { url, place: Place::Folder(folder) });
        }
        let server = connect(url).await?;
        sweep(&server).await?;
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let name = format!("{PREFIX}{seconds}_{:08x}", rand::random::<u32>());
        // Template 0 has nothing in it, and takes the encoding and the collation of the database that it is compared with.
        let settings = "SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
            $1::text, pg_encoding_to_char(encoding), datcollate, datctype) FROM pg_database WHERE datname = current_database()";
        let settings = Statement::from_sql_and_values(
            server.get_database_backend(),
            settings,
            [name.clone().into()],
        );
        let row = server
            .query_one_raw(settings)
            .await?
            .context("the server does not know its own database")?;
        if let Err(error) = server.execute_unprepared(&row.try_get_by_index::<String>(0)?).await {
            bail!(
                "cannot make a scratch database beside {url}: {error}. Its user needs the right to create databases \
                 (ALTER ROLE … CREATEDB), or name another server with --scratch URL"
            );
        }
        Ok(Self { url: url.with_database(&name), place: Place::Server(server, name) })
    }

    /// Where it is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// One connection to it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn connect(&self) -> anyhow::Result<DatabaseConnection> {
        connect(&self.url).await
    }

    /// Removes it, with whoever is connected to it.
    ///
    /// # Errors
    /// Those of the database, or of the file system.
    pub async fn remove(self) -> anyhow::Result<()> {
        match self.place {
            Place::Folder(folder) => folder.close().context("cannot remove a temporary folder"),
            Place::Server(server, name) => {
                server
                    .execute_unprepared(&format!("DROP DATABASE \"{name}\" WITH (FORCE)"))
                    .await?;
                Ok(server.close().await?)
            }
        }
    }
}

/// Does work on an empty database like the one at `url`, which is gone afterwards, however the work has ended.
///
/// # Errors
/// Those of the work, and of [`Scratch`].
pub async fn on<T>(
    url: &DatabaseUrl,
    work: impl AsyncFnOnce(&DatabaseConnection) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let scratch = Scratch::beside(url).await?;
    let done = async {
        let db = scratch.connect().await?;
        let done = work(&db).await?;
        db.close().await?;
        anyhow::Ok(done)
    };
    let done = done.await;
    scratch.remove().await?;
    done
}

/// Beside which database a scratch one is made: the database itself, or another one of its kind.
///
/// # Errors
/// When the other one is of another kind.
pub fn beside<'a>(
    url: &'a DatabaseUrl,
    other: Option<&'a DatabaseUrl>,
) -> anyhow::Result<&'a DatabaseUrl> {
    let beside = other.unwrap_or(url);
    ensure!(
        beside.is_postgres() == url.is_postgres(),
        "--scratch {beside} is not the same kind of database as {url}"
    );
    Ok(beside)
}

/// One connection to a database.
///
/// # Errors
/// When it cannot be reached: the message names it, with its password masked.
pub async fn connect(url: &DatabaseUrl) -> anyhow::Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url.reveal());
    options.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
    options.sqlx_logging(false).connect_timeout(Duration::from_secs(10));
    Database::connect(options).await.with_context(|| url.unreachable())
}

/// Removes what processes that were killed have left on the server.
async fn sweep(server: &DatabaseConnection) -> anyhow::Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let list = format!(
        "SELECT datname::text FROM pg_database d WHERE datname LIKE '{PREFIX}%'
         AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datid = d.oid)"
    );
    let list = Statement::from_string(server.get_database_backend(), list);
    for row in server.query_all_raw(list).await? {
        let name: String = row.try_get_by_index(0)?;
        let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse().ok());
        let old =
            made.is_some_and(|made| now.saturating_sub(Duration::from_secs(made)) > LEFT_BEHIND);
        if old && server.execute_unprepared(&format!("DROP DATABASE \"{name}\"")).await.is_err() {
            tracing::debug!(
                name,
                "another process removes the scratch database, or it is not ours"
            );
        }
    }
    Ok(())
}
