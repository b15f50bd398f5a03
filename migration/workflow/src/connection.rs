//! How a database is reached to be migrated: over one connection, under a lock.
//!
//! SeaORM takes no lock, so two processes that start at once would both apply the same step.
//! Here the second waits for the first, and then finds nothing left to do.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::Context;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr,
    Statement,
    sqlx::{self, postgres::PgConnectOptions, sqlite::SqliteConnectOptions},
};

use crate::{DatabaseUrl, report::Report, scratch};

/// The key of the advisory lock on PostgreSQL ("garboard" in ASCII). Locks are per database.
const LOCK_KEY: i64 = 0x6761_7262_6f61_7264;

/// How long [`Locked::open`] waits for another process.
pub const WAIT: Duration = Duration::from_mins(10);
/// How long the first pause between two attempts at the lock is, and the longest.
const PAUSE: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(500)];

/// A database that no other process migrates while this value lives.
///
/// The lock is one that the system takes back when a process dies: on PostgreSQL an advisory lock of the session, for
/// SQLite a lock on a file beside the database. A row in a table would stay behind after `kill -9`, and somebody would
/// have to judge whether its owner still lives.
#[derive(Debug)]
pub struct Locked {
    connection: DatabaseConnection,
    /// Locked until it is closed. PostgreSQL needs none: its lock ends with the connection.
    _file: Option<File>,
}

impl Locked {
    /// Connects and waits until no other process migrates this database, ten minutes at most.
    ///
    /// A SQLite file is created with its folder if it is missing; beside it appears an empty
    /// `<file>.migrate-lock`, which may be deleted when nothing runs. On PostgreSQL the lock belongs
    /// to the session, so connect to the server itself, not to a pooler in transaction mode.
    ///
    /// # Errors
    /// [`DbErr::Conn`] if the database or its file cannot be reached, or another process does not come to an end; and for
    /// a SQLite database in memory, which exists in one connection only: use `Migrator::up` on that connection.
    pub async fn open(options: impl Into<ConnectOptions>) -> Result<Self, DbErr> {
        Self::open_within(options, WAIT, &Report::new(false)).await
    }

    /// As [`Locked::open`], but waits for another process this long at most, and says so when it takes a while.
    ///
    /// # Errors
    /// Those of [`Locked::open`].
    pub async fn open_within(
        options: impl Into<ConnectOptions>,
        wait: Duration,
        report: &Report,
    ) -> Result<Self, DbErr> {
        let mut options = options.into();
        // One connection, kept: the lock on PostgreSQL and `PRAGMA foreign_keys` on SQLite are
        // properties of a connection, and a pool would hand out another.
        options
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy(false);
        let file = match sqlite_file(options.get_url())? {
            Some(database) => Some(lock_file(database)?),
            None => None,
        };
        if let Some((file, name)) = &file {
            until(wait, report, name, async || try_lock(file, name)).await?;
        }
        let locked = Self {
            connection: Database::connect(options).await?,
            _file: file.map(|(file, _)| file),
        };
        if locked.connection.get_database_backend() == DbBackend::Postgres {
            let name = "pg_locks, where locktype is advisory";
            until(wait, report, name, async || locked.hold("0", "0").await).await?;
        }
        Ok(locked)
    }

    /// The one connection, good for the functions of SeaORM's `MigratorTrait`.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Makes sure that the lock is still this process's, before it does what the lock is for: a connection that broke has
    /// lost it, and the pool has quietly opened another.
    /// From then on, a statement waits for others' locks, and runs, no longer than this; zero is no limit.
    ///
    /// # Errors
    /// [`DbErr::Conn`] if another process has the lock now.
    pub async fn renew(&self, lock: Duration, statement: Duration) -> Result<(), DbErr> {
        if self.connection.get_database_backend() != DbBackend::Postgres {
            let busy = format!("PRAGMA busy_timeout = {}", lock.as_millis());
            return self.connection.execute_unprepared(&busy).await.map(|_| ());
        }
        let [lock, statement] = [lock, statement].map(|limit| limit.as_millis().to_string());
        if self.hold(&lock, &statement).await? {
            return Ok(());
        }
        Err(unreachable(
            "the connection broke, and another process has begun to migrate: run this again"
                .to_owned(),
        ))
    }

    /// Takes the lock if nobody else has it. A session that has it already takes it once more.
    ///
    /// It does not wait inside of a statement: an index that the other process builds concurrently would wait for that
    /// statement in turn.
    async fn hold(&self, lock: &str, statement: &str) -> Result<bool, DbErr> {
        let sql = "SELECT pg_try_advisory_lock($1), set_config('lock_timeout', $2, false),
            set_config('statement_timeout', $3, false)";
        let values = [LOCK_KEY.into(), lock.into(), statement.into()];
        let hold = Statement::from_sql_and_values(DbBackend::Postgres, sql, values);
        let row = self.connection.query_one_raw(hold).await?;
        row.map_or(Ok(false), |row| row.try_get_by_index(0))
    }

    /// Closes the connection, and with it the lock.
    ///
    /// # Errors
    /// What closing met.
    pub async fn close(self) -> Result<(), DbErr> {
        self.connection.close().await
    }
}

/// Tries until it is done.
async fn until(
    wait: Duration,
    report: &Report,
    lock: &str,
    attempt: impl AsyncFn() -> Result<bool, DbErr>,
) -> Result<(), DbErr> {
    let start = Instant::now();
    let [mut pause, longest] = PAUSE;
    while !attempt().await? {
        if start.elapsed() >= wait {
            return Err(unreachable(format!(
                "another process has been migrating this database for {} s and more: let it finish, or find it by its \
                 lock ({lock})",
                wait.as_secs()
            )));
        }
        report.progress(|| {
            format!("waiting for another process that migrates ({} s)", start.elapsed().as_secs())
        });
        tokio::time::sleep(pause.min(wait.saturating_sub(start.elapsed()))).await;
        pause = longest.min(pause * 2);
    }
    Ok(())
}

/// A database that nobody migrates, nor copies into, meanwhile: waits for who does.
///
/// # Errors
/// When it cannot be reached: the message names it, with its password masked.
pub async fn locked(url: &DatabaseUrl) -> anyhow::Result<Locked> {
    let mut options = ConnectOptions::new(url.reveal());
    options.sqlx_logging(false);
    Locked::open(options).await.with_context(|| url.unreachable())
}

/// One connection to a database that is there: a SQLite file is not made.
///
/// # Errors
/// When there is no such file, or the database cannot be reached.
pub async fn existing(url: &DatabaseUrl) -> anyhow::Result<DatabaseConnection> {
    if let Some(file) = url.sqlite_file().filter(|file| !file.exists()) {
        anyhow::bail!("there is no file {}: `garboard db migrate` makes it", file.display());
    }
    scratch::connect(url).await
}

/// The file behind a SQLite URL, created with its folder if need be; nothing for PostgreSQL.
///
/// SeaORM repeats a URL that it cannot use in the error, password and all; this does not.
fn sqlite_file(url: &str) -> Result<Option<PathBuf>, DbErr> {
    let invalid = |error: sqlx::Error| unreachable(error.to_string());
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        url.parse::<PgConnectOptions>().map_err(invalid)?;
        return Ok(None);
    }
    if !url.starts_with("sqlite:") {
        return Err(unreachable("expected sqlite://<file> or postgres://<server>".to_owned()));
    }
    if url.contains(":memory:") || url.contains("mode=memory") {
        return Err(unreachable(
            "a SQLite database in memory cannot be migrated over a connection of its own: \
             name a file, or call Migrator::up on the connection that holds it"
                .to_owned(),
        ));
    }
    let options: SqliteConnectOptions = url.parse().map_err(invalid)?;
    let path = options.get_filename();
    create(path).map(Some).map_err(|error| unreachable(format!("{}: {error}", path.display())))
}

/// An empty file is an empty database to SQLite.
fn create(path: &Path) -> io::Result<PathBuf> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // An existing file is not even opened: closing it would drop the locks that this process holds
    // on it through SQLite, as POSIX has it.
    match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_file() => {}
        created => drop(created?),
    }
    path.canonicalize()
}

/// A file to lock beside the database, not the database, for the same reason; and its name.
fn lock_file(database: PathBuf) -> Result<(File, String), DbErr> {
    let mut path = database.into_os_string();
    path.push(".migrate-lock");
    let path = PathBuf::from(path);
    let name = path.display().to_string();
    match File::options().create(true).append(true).open(&path) {
        Ok(file) => Ok((file, name)),
        Err(error) => Err(unreachable(format!("{name}: {error}"))),
    }
}

fn try_lock(file: &File, name: &str) -> Result<bool, DbErr> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(unreachable(format!("{name}: {error}"))),
    }
}

fn unreachable(message: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(message))
}
