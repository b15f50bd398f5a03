//! An empty database to migrate, a row for each table, and a look at the schema.

use migration::{Locked, Migrator, MigratorTrait, migrate};
use sqlx::any::install_default_drivers;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};
use tempfile::TempDir;

use self::Direction::{Down, Up};
use crate::harness::Backend::{self, Postgres, Sqlite};
use crate::harness::Database;

/// A row for each table, in the order of the migrations; `#1` is the id that ends in 1.
pub(super) const ROWS: [&str; 18] = [
    r#"INSERT INTO "user" (id, name, email, email_verified, username, role, banned, two_factor_enabled,
       onboarding_complete, created_at, updated_at)
       VALUES (#1, 'Ada', 'ada@example.com', true, 'ada', 'admin', false, false, true, #now, #now)"#,
    "INSERT INTO session (id, user_id, token_hash, expires_at, created_at, updated_at)
     VALUES (#2, #1, 'c0ffee', #now, #now, #now)",
    "INSERT INTO account (id, user_id, account_id, provider_id, password, created_at, updated_at)
     VALUES (#3, #1, 'ada', 'credential', 'salt:key', #now, #now)",
    "INSERT INTO verification (id, identifier, value, expires_at, created_at, updated_at)
     VALUES (#4, 'ada@example.com', '1', #now, #now, #now)",
    "INSERT INTO organization (id, name, slug, created_at, updated_at)
     VALUES (#5, 'Kites', 'kites', #now, #now)",
    "INSERT INTO member (id, organization_id, user_id, role, created_at, updated_at)
     VALUES (#6, #5, #1, 'owner,admin', #now, #now)",
    "INSERT INTO invitation (id, organization_id, email, status, expires_at, inviter_id, created_at,
     updated_at) VALUES (#7, #5, 'bob@example.com', 'pending', #now, #1, #now, #now)",
    "INSERT INTO theme (id, name, primary_color, created_at, updated_at)
     VALUES (#8, 'Sea', 'teal', #now, #now)",
    "INSERT INTO project (id, owner_id, organization_id, theme_id, name, status, is_public, created_at,
     updated_at) VALUES (#9, #1, #5, #8, 'Kite', 'active', false, #now, #now)",
    "INSERT INTO project_member (id, project_id, user_id, role, joined_at, created_at, updated_at)
     VALUES (#a, #9, #1, 'editor', #now, #now, #now)",
    "INSERT INTO task (id, project_id, title, done, created_at, updated_at)
     VALUES (#b, #9, 'Fly', false, #now, #now)",
    r#"INSERT INTO audit_log (id, action, table_name, row_id, root_id, "after", created_at, updated_at)
       VALUES (#c, 'create', 'task', #b, #9, '{"title":"Fly"}', #now, #now)"#,
    "UPDATE task SET estimate_minutes = 90",
    "INSERT INTO _task_search (id, version, title, description) VALUES (#b, 1, 'fly', '')",
    "INSERT INTO email (id, recipient, kind, sealed, attempts, due_at, failed, created_at, updated_at)
     VALUES (#d, 'ada@example.com', 'magic-link', '', 0, #now, false, #now, #now)",
    "INSERT INTO rate_limit (id, key, attempts, full_at, created_at, updated_at)
     VALUES (#e, 'sign-in:192.0.2.1', 0, 1, #now, #now)",
    "UPDATE audit_log SET impersonator_id = #1",
    "UPDATE session SET expires_at = #now",
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Direction {
    Up,
    Down,
}

/// An empty database, gone with this value.
pub(crate) struct Scratch {
    backend: Backend,
    database: Database,
    _folder: TempDir,
}

impl Scratch {
    pub(crate) async fn new(backend: Backend) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let database = Database::create(backend, folder.path()).await;
        Self { backend, database, _folder: folder }
    }

    pub(crate) fn url(&self) -> &str {
        &self.database.url
    }

    /// A migrated database that holds [`ROWS`].
    pub(super) async fn with_rows(backend: Backend) -> Self {
        let scratch = Self::new(backend).await;
        migrate(scratch.url()).await.expect("the migrations apply");
        for row in ROWS {
            scratch.execute(row).await.unwrap_or_else(|error| panic!("{row}: {error}"));
        }
        scratch
    }

    pub(super) async fn open(&self) -> Locked {
        Locked::open(self.url()).await.expect("the database can be reached")
    }

    /// Applies or takes back one migration.
    pub(super) async fn step(&self, direction: Direction) {
        let locked = self.open().await;
        let done = match direction {
            Up => Migrator::up(locked.connection(), Some(1)).await,
            Down => Migrator::down(locked.connection(), Some(1)).await,
        };
        done.unwrap_or_else(|error| panic!("one step {direction:?}: {error}"));
        locked.close().await.expect("the connection closes");
    }

    /// Runs statements in the notation of [`ROWS`]; the error says which constraint refused them.
    pub(super) async fn execute(&self, sql: &str) -> Result<(), String> {
        install_default_drivers();
        let mut connection =
            AnyConnection::connect(self.url()).await.expect("the database can be reached");
        let done = sqlx::raw_sql(AssertSqlSafe(self.translate(sql))).execute(&mut connection).await;
        connection.close().await.expect("the connection closes");
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// The first column of each row of a query.
    pub(super) async fn texts(&self, sql: &str) -> Vec<String> {
        self.database.texts(&self.translate(sql)).await
    }

    /// `#now` is a time, and `#1` the id that ends in 1, as this database writes them.
    fn translate(&self, sql: &str) -> String {
        let mut sql = sql.replace("#now", "'2026-01-31T09:00:00.123456+00:00'");
        for digit in "123456789abcde".chars() {
            let id = format!("0197a000-0000-7000-8000-00000000000{digit}");
            sql = sql.replace(&format!("#{digit}"), &self.database.literal(&id));
        }
        sql
    }

    /// Everything that the schema consists of, but for the record of migrations.
    pub(super) async fn schema(&self) -> Vec<String> {
        let query = match self.backend {
            Sqlite => {
                "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
                 WHERE tbl_name NOT IN ('seaql_migrations', '_migration_history', '_slow_statement') ORDER BY 1"
            }
            Postgres => {
                "SELECT concat_ws(' ', item.*) FROM (
                   -- Not attnum, of which a dropped column keeps its own.
                   SELECT 'column', attrelid::regclass::text,
                          row_number() OVER (PARTITION BY attrelid ORDER BY attnum), attname,
                          format_type(atttypid, atttypmod), attcollation::regcollation::text,
                          attnotnull, pg_get_expr(adbin, adrelid)
                   FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
                   WHERE attrelid IN (SELECT oid FROM pg_class
                                      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r')
                     AND attnum > 0 AND NOT attisdropped
                   UNION ALL
                   SELECT 'constraint', conrelid::regclass::text, 0, conname,
                          pg_get_constraintdef(oid), '', true, ''
                   FROM pg_constraint WHERE connamespace = 'public'::regnamespace
                   UNION ALL
                   SELECT 'index', tablename, 0, indexname, indexdef, '', true, ''
                   FROM pg_indexes WHERE schemaname = 'public'
                 ) AS item(kind, tab, number, name, definition, collation_name, filled, standard)
                 WHERE tab NOT IN ('seaql_migrations', '_migration_history', '_slow_statement') ORDER BY 1"
            }
        };
        self.texts(query).await
    }
}
