//! The database that rows are brought in from. It is read in one transaction that cannot write, and everything is read
//! as text: its columns have other types on each database, and by each way of making them.

use std::collections::BTreeMap;

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, QueryResult, Statement, TransactionOptions, TransactionTrait,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement},
};

use super::{BATCH, row::Row};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, a number, true or false: as the database writes it.
    Text,
    /// A moment.
    Time,
}

/// The name under which SQLite numbers the rows of every table.
const ROW_ID: &str = "rowid";
/// What every table of Better Auth has, and no table of ours.
const CREATED_AT: &str = "createdAt";

/// The other database.
pub(super) struct Foreign {
    snapshot: DatabaseTransaction,
}

impl Foreign {
    /// Opens it for reading.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub(super) async fn open(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(1)
            .sqlx_logging(false)
            .map_sqlx_sqlite_opts(|sqlite| sqlite.read_only(true).create_if_missing(false));
        let connection = sea_orm::Database::connect(options).await?;
        let isolation_level = match connection.get_database_backend() {
            DbBackend::Postgres => Some(IsolationLevel::RepeatableRead),
            _ => None,
        };
        let access_mode = isolation_level.map(|_| AccessMode::ReadOnly);
        #[expect(clippy::disallowed_methods, reason = "not our database")]
        let snapshot = connection
            .begin_with_options(TransactionOptions {
                isolation_level,
                access_mode,
                sqlite_transaction_mode: None,
            })
            .await?;
        Ok(Self { snapshot })
    }

    /// The rows of a table, to be read batch by batch; `None` if it is not there. A column that is not there is null.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn rows(
        &mut self,
        table: &'static str,
        wanted: &[(&'static str, Kind)],
    ) -> Result<Option<Rows>, DbErr> {
        let types = self.types(table).await?;
        if !types.contains_key(CREATED_AT) {
            return Ok(None);
        }
        let mut select = Query::select();
        select.from(Alias::new(table));
        for (column, kind) in wanted {
            let expression = match types.get(*column) {
                Some(declared) => {
                    as_text(self.snapshot.get_database_backend(), column, *kind, declared)
                }
                None => Expr::null().cast_as("text"),
            };
            select.expr_as(expression, Alias::new(*column));
        }
        let columns = wanted.iter().map(|(column, _)| *column).collect();
        let position = if self.snapshot.get_database_backend() == DbBackend::Sqlite {
            Position::After(i64::MIN)
        } else {
            let select = DbBackend::Postgres.build(&select).to_string();
            let cursor = cursor_of(table);
            let declare = format!("DECLARE {cursor} NO SCROLL CURSOR FOR {select}");
            self.snapshot.execute_unprepared(&declare).await?;
            Position::Cursor(cursor)
        };
        Ok(Some(Rows { columns, select, position }))
    }

    /// The columns of a table, with their types.
    async fn types(&self, table: &str) -> Result<BTreeMap<String, String>, DbErr> {
        let backend = self.snapshot.get_database_backend();
        let sql = match backend {
            DbBackend::Sqlite => "SELECT name, lower(type) FROM pragma_table_info($1)",
            _ => {
                "SELECT column_name::text, data_type::text FROM information_schema.columns \
                 WHERE table_name = $1 AND table_schema = ANY (current_schemas(false))"
            }
        };
        let statement = Statement::from_sql_and_values(backend, sql, [table.into()]);
        let rows = self.snapshot.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}

/// A column as text; a moment as microseconds, or as the text that it is stored as.
fn as_text(backend: DbBackend, column: &str, kind: Kind, declared: &str) -> Expr {
    let expression = Expr::col(Alias::new(column));
    let is_time = declared.starts_with("timestamp") || declared == "date";
    if kind == Kind::Time && backend == DbBackend::Postgres && is_time {
        return Expr::cust_with_expr(
            "CAST(CAST(round(extract(epoch FROM $1) * 1000000) AS bigint) AS text)",
            expression,
        );
    }
    expression.cast_as("text")
}

/// One name for each table: a statement that was prepared for one is not good for another.
fn cursor_of(table: &'static str) -> String {
    ["garboard_import_", table].concat()
}

/// The rows of a table that are still to be read.
pub(super) struct Rows {
    columns: Vec<&'static str>,
    select: SelectStatement,
    position: Position,
}

enum Position {
    /// Where PostgreSQL's cursor of this name is.
    Cursor(String),
    /// After the row of this number.
    After(i64),
    /// At the end.
    End,
}

impl Rows {
    /// The next ones; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn next(&mut self, foreign: &mut Foreign) -> Result<Vec<Row>, DbErr> {
        let tx = &foreign.snapshot;
        let rows = match &self.position {
            Position::End => return Ok(Vec::new()),
            Position::Cursor(cursor) => {
                let fetch = format!("FETCH {BATCH} FROM {cursor}");
                tx.query_all_raw(Statement::from_string(DbBackend::Postgres, fetch)).await?
            }
            Position::After(last) => {
                let number = Expr::col(Alias::new(ROW_ID));
                let mut select = self.select.clone();
                select
                    .expr_as(number.clone(), Alias::new(ROW_ID))
                    .and_where(number.clone().gt(*last))
                    .order_by_expr(number, sea_orm::Order::Asc)
                    .limit(u64::try_from(BATCH).unwrap_or_default());
                let rows = tx.query_all(&select).await?;
                if let Some(row) = rows.last() {
                    self.position = Position::After(row.try_get("", ROW_ID)?);
                }
                rows
            }
        };
        if rows.is_empty() {
            if let Position::Cursor(cursor) = &self.position {
                tx.execute_unprepared(&format!("CLOSE {cursor}")).await?;
            }
            self.position = Position::End;
        }
        rows.iter().map(|row| self.read(row)).collect()
    }

    fn read(&self, row: &QueryResult) -> Result<Row, DbErr> {
        let columns = self.columns.iter();
        let values =
            columns.map(|column| Ok((*column, row.try_get::<Option<String>>("", column)?)));
        Ok(Row::new(values.collect::<Result<_, DbErr>>()?))
    }
}
