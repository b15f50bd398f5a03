//! A database of either kind, with tables of every relation to the one that is changed.

use migration::{SchemaManager, schema::Change};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, Statement,
};
use workflow::{
    DatabaseUrl,
    catalog::{Catalog, Table},
    scratch::{self, Scratch},
};

/// What both databases take as it stands.
pub(crate) const FAMILY: &[&str] = &[
    "CREATE TABLE owner (id bigint NOT NULL CONSTRAINT pk_owner PRIMARY KEY, name varchar NOT NULL)",
    "CREATE TABLE task (id bigint NOT NULL CONSTRAINT pk_task PRIMARY KEY, title varchar NOT NULL,
        parent_id bigint NULL, owner_id bigint NULL, minutes varchar NULL, note text NULL,
        CONSTRAINT ck_task_title CHECK (length(title) <= 5),
        CONSTRAINT fk_task_parent_id FOREIGN KEY (parent_id) REFERENCES task (id) ON DELETE CASCADE)",
    "CREATE TABLE step (id bigint NOT NULL PRIMARY KEY, task_id bigint NOT NULL,
        CONSTRAINT fk_step_task_id FOREIGN KEY (task_id) REFERENCES task (id) ON DELETE CASCADE)",
    "CREATE TABLE detail (id bigint NOT NULL PRIMARY KEY, step_id bigint NOT NULL,
        CONSTRAINT fk_detail_step_id FOREIGN KEY (step_id) REFERENCES step (id) ON DELETE CASCADE)",
    "CREATE TABLE flag (id bigint NOT NULL PRIMARY KEY, task_id bigint NULL,
        CONSTRAINT fk_flag_task_id FOREIGN KEY (task_id) REFERENCES task (id) ON DELETE SET NULL)",
    "CREATE TABLE pin (id bigint NOT NULL PRIMARY KEY, task_id bigint NOT NULL,
        CONSTRAINT fk_pin_task_id FOREIGN KEY (task_id) REFERENCES task (id) ON DELETE RESTRICT)",
    "CREATE INDEX ix_task_parent_id ON task (parent_id)",
    "CREATE INDEX ix_task_open ON task (owner_id) WHERE note IS NULL",
    "CREATE UNIQUE INDEX uq_task_title_lower ON task (lower(title), id)",
    "CREATE VIEW open_task AS SELECT id, parent_id FROM task WHERE note IS NULL",
    "CREATE VIEW open_child AS SELECT child.id FROM open_task child JOIN task parent ON parent.id = child.parent_id",
    "INSERT INTO owner VALUES (7, 'Ada'), (8, 'Bob')",
    "INSERT INTO task VALUES (1, 'one', NULL, 7, '15', NULL), (2, 'two', 1, 8, '30', 'x'), (3, 'three', 2, NULL, NULL, NULL)",
    "INSERT INTO step VALUES (1, 1), (2, 2), (3, 3)",
    "INSERT INTO detail VALUES (1, 1), (2, 2), (3, 3)",
    "INSERT INTO flag VALUES (1, 2), (2, NULL)",
    "INSERT INTO pin VALUES (1, 3)",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// A database with [`FAMILY`], or with other statements, in it.
pub(crate) struct Database {
    scratch: Scratch,
    pub(crate) connection: DatabaseConnection,
}

impl Database {
    pub(crate) async fn new(backend: Backend, statements: &[&str]) -> Self {
        let url = match backend {
            Backend::Sqlite => "sqlite://unused.db".to_owned(),
            Backend::Postgres => server(),
        };
        let url: DatabaseUrl = url.parse().expect("TEST_POSTGRES_URL is the address of a database");
        let scratch = Scratch::beside(&url).await.expect("a database can be made");
        let connection = scratch.connect().await.expect("the database can be reached");
        let database = Self { scratch, connection };
        for statement in statements {
            database
                .execute(statement)
                .await
                .unwrap_or_else(|error| panic!("{statement}: {error}"));
        }
        database
    }

    pub(crate) fn url(&self) -> &DatabaseUrl {
        self.scratch.url()
    }

    pub(crate) async fn reconnect(&self) -> DatabaseConnection {
        scratch::connect(self.url()).await.expect("the database can be reached")
    }

    pub(crate) async fn execute(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.connection.execute_unprepared(sql).await
    }

    pub(crate) async fn apply(&self, change: Change) -> Result<(), DbErr> {
        change.apply(&SchemaManager::new(&self.connection)).await
    }

    /// Applies a change that must be refused, and returns why, having seen that it left no trace.
    pub(crate) async fn refusal(&self, change: Change) -> String {
        let before = self.everything().await;
        let error = self.apply(change).await.expect_err("the change is refused").to_string();
        assert_eq!(self.everything().await, before, "{error}");
        error
    }

    /// The one column of a query, which is text.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(self.connection.get_database_backend(), sql);
        let rows = self.connection.query_all_raw(statement).await.expect("the query is answered");
        rows.iter()
            .map(|row| row.try_get_by_index(0).expect("the query answers with text"))
            .collect()
    }

    pub(crate) async fn catalog(&self) -> Catalog {
        Catalog::read(&self.connection).await.expect("the catalog can be read")
    }

    pub(crate) async fn table(&self, name: &str) -> Table {
        self.catalog().await.tables.remove(name).expect("there is such a table")
    }

    /// The schema and the settings of a SQLite database, and the rows of `task`, as text.
    pub(crate) async fn everything(&self) -> Vec<String> {
        let mut all = self
            .rows("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
            .await;
        for setting in ["foreign_keys", "legacy_alter_table"] {
            all.push(self.pragma(setting).await.to_string());
        }
        all.extend(self.rows("SELECT rowid || quote(id) FROM task ORDER BY rowid").await);
        all
    }

    pub(crate) async fn pragma(&self, name: &str) -> i64 {
        let sql = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {name}"));
        let row = self.connection.query_one_raw(sql).await.expect("the pragma is answered");
        row.expect("there is such a pragma").try_get_by_index(0).expect("it is a number")
    }

    pub(crate) async fn remove(self) {
        self.connection.close().await.expect("the connection closes");
        self.scratch.remove().await.expect("the database can be removed");
    }
}

#[expect(clippy::disallowed_methods, reason = "TEST_POSTGRES_URL is no setting of the server")]
fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect("`tests/run` brings a PostgreSQL server")
}
