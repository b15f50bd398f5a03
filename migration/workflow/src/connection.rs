//! How a database is reached to be migrated: over one connection, under a lock.
//!
//! SeaORM takes no lock, so two processes that start at once would both apply the same step.
//! Here the second waits for the first, and then finds nothing left to do.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, RuntimeErr,
    sqlx::{self, postgres::PgConnectOptions, sqlite::SqliteConnectOptions},
};

/// The key of the advisory lock on PostgreSQL ("garboard" in ASCII). Locks are per database.
const LOCK_KEY: i64 = 0x6761_7262_6f61_7264;

/// A database that no other process migrates while this value lives.
#[derive(Debug)]
pub struct Locked {
    connection: DatabaseConnection,
    /// Locked until it is closed. PostgreSQL needs none: its lock ends with the connection.
    _file: Option<File>,
}

impl Locked {
    /// Connects and waits until no other process migrates this database.
    ///
    /// A SQLite file is created with its folder if it is missing; beside it appears an empty
    /// `<file>.migrate-lock`, which may be deleted when nothing runs. On PostgreSQL the lock belongs
    /// to the session, so connect to the server itself, not to a pooler in transaction mode.
    ///
    /// # Errors
    /// [`DbErr::Conn`] if the database or its file cannot be reached, and for a SQLite database in
    /// memory, which exists in one connection only: use `Migrator::up` on that connection.
    pub async fn open(options: impl Into<ConnectOptions>) -> Result<Self, DbErr> {
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
            Some(database) => Some(lock_file(database).await?),
            None => None,
        };
        let connection = Database::connect(options).await?;
        if connection.get_database_backend() == DbBackend::Postgres {
            // Waiting for another process may take longer than a statement of the server may.
            connection.execute_unprepared("SET statement_timeout = 0").await?;
            connection.execute_unprepared(&format!("SELECT pg_advisory_lock({LOCK_KEY})")).await?;
        }
        Ok(Self { connection, _file: file })
    }

    /// The one connection, good for the functions of SeaORM's `MigratorTrait`.
    pub fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Closes the connection, and with it the lock.
    ///
    /// # Errors
    /// What closing met.
    pub async fn close(self) -> Result<(), DbErr> {
        self.connection.close().await
    }
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

/// Locks a file beside the database, not the database, for the same reason.
async fn lock_file(database: PathBuf) -> Result<File, DbErr> {
    let mut path = database.into_os_string();
    path.push(".migrate-lock");
    let path = PathBuf::from(path);
    let name = path.display().to_string();
    let lock = move || {
        let file = File::options().create(true).append(true).open(&path)?;
        file.lock()?;
        Ok::<_, io::Error>(file)
    };
    tokio::task::spawn_blocking(lock)
        .await
        .map_err(|error| unreachable(format!("{name}: {error}")))?
        .map_err(|error| unreachable(format!("{name}: {error}")))
}

fn unreachable(message: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(message))
}
