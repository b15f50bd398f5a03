//! What PostgreSQL says of itself: its statistics views.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::{Connections, IndexStats, StatementStats, Stats, TableStats};
use crate::{catalog::BOOKKEEPING, definition::identifier, report::Report};

const TABLES: &str = "
    SELECT c.relname::text, CASE WHEN c.reltuples < 0 THEN coalesce(s.n_live_tup, 0) ELSE c.reltuples::bigint END,
        pg_table_size(c.oid), pg_indexes_size(c.oid), coalesce(s.n_dead_tup, 0)
    FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
    WHERE c.relkind IN ('r', 'm') AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";

const INDEXES: &str = "
    SELECT c.relname::text, t.relname::text, pg_relation_size(c.oid), coalesce(s.idx_scan, 0),
        coalesce(s.idx_scan, 0) = 0 AND NOT i.indisunique AND NOT EXISTS (
            SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype = 'x')
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
        LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = c.oid
    WHERE c.relkind = 'i' AND c.relnamespace = current_schema()::regnamespace ORDER BY 1";

const DATABASE: &str = "
    SELECT pg_database_size(datid), blks_hit::float8 / nullif(blks_hit + blks_read, 0),
        to_char(stats_reset AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')
    FROM pg_stat_database WHERE datname = current_database()";

const CONNECTIONS: &str = "
    SELECT coalesce(state, 'unknown'), count(*), (
            SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::bigint
    FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'
    GROUP BY 1 ORDER BY 2 DESC, 1";

pub(super) async fn collect(
    db: &DatabaseConnection,
    exact: bool,
    report: &Report,
) -> Result<Stats, DbErr> {
    let mut stats = Stats::default();
    for row in query(db, TABLES).await? {
        let name: String = row.try_get_by_index(0)?;
        if BOOKKEEPING.contains(&name.as_str()) {
            continue;
        }
        let mut rows = row.try_get_by_index(1)?;
        if exact {
            report.progress(|| format!("counting the rows of {name}"));
            let sql = format!("SELECT count(*) FROM {}", identifier(&name));
            rows = first(&query(db, &sql).await?)?.try_get_by_index(0)?;
        }
        stats.tables.push(TableStats {
            name,
            rows,
            exact,
            bytes: row.try_get_by_index(2)?,
            index_bytes: row.try_get_by_index(3)?,
            dead_rows: row.try_get_by_index(4)?,
        });
    }
    for row in query(db, INDEXES).await? {
        let table: String = row.try_get_by_index(1)?;
        if !BOOKKEEPING.contains(&table.as_str()) {
            stats.indexes.push(IndexStats {
                name: row.try_get_by_index(0)?,
                table,
                bytes: row.try_get_by_index(2)?,
                scans: row.try_get_by_index(3)?,
                unused: row.try_get_by_index(4)?,
            });
        }
    }
    let rows = query(db, DATABASE).await?;
    let row = first(&rows)?;
    stats.bytes = row.try_get_by_index(0)?;
    stats.cache_hit_rate = row.try_get_by_index(1)?;
    stats.counted_since = row.try_get_by_index(2)?;
    let mut connections = Connections::default();
    for row in query(db, CONNECTIONS).await? {
        connections.by_state.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
        connections.server = row.try_get_by_index(2)?;
        connections.limit = row.try_get_by_index(3)?;
    }
    stats.connections = Some(connections);
    Ok(stats)
}

/// The statements that took the most time, or why PostgreSQL does not know.
pub(super) async fn statements(
    db: &DatabaseConnection,
    limit: u32,
) -> Result<Result<Vec<StatementStats>, String>, DbErr> {
    let sql =
        "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'";
    let Some(row) = query(db, sql).await?.into_iter().next() else {
        return Ok(Err("PostgreSQL keeps no account of all statements: put pg_stat_statements into shared_preload_libraries of the \
            server, restart it, and run CREATE EXTENSION pg_stat_statements in this database"
            .to_owned()));
    };
    let schema = identifier(&row.try_get_by_index::<String>(0)?);
    let sql = format!(
        "SELECT query, calls, total_exec_time, max_exec_time, rows FROM {schema}.pg_stat_statements
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
         ORDER BY total_exec_time DESC LIMIT {limit}"
    );
    let rows = match query(db, &sql).await {
        Ok(rows) => rows,
        Err(error) => {
            return Ok(Err(format!(
                "pg_stat_statements is installed and cannot be read ({error}): the server must load it by \
                 shared_preload_libraries, and be of version 13 or later"
            )));
        }
    };
    let read = |row: &QueryResult| {
        Ok(StatementStats {
            text: row.try_get_by_index::<Option<String>>(0)?.unwrap_or_default(),
            calls: row.try_get_by_index(1)?,
            total_ms: row.try_get_by_index(2)?,
            max_ms: row.try_get_by_index(3)?,
            rows: Some(row.try_get_by_index(4)?),
            last_seen: None,
        })
    };
    rows.iter().map(read).collect::<Result<_, DbErr>>().map(Ok)
}

async fn query(db: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await
}

fn first(rows: &[QueryResult]) -> Result<&QueryResult, DbErr> {
    rows.first().ok_or_else(|| DbErr::RecordNotFound("the server told nothing".to_owned()))
}
