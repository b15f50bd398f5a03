//! `garboard db stats`: what takes space and time.

mod indexes;
mod postgres;
mod sqlite;
mod statements;

use std::process::ExitCode;

use chrono::Utc;
use clap::Args;
use sea_orm::{DatabaseConnection, DbBackend};
use serde::Serialize;

use crate::{
    Project,
    catalog::Catalog,
    connection,
    report::{self, Report, table},
    slow_statement,
};

pub use indexes::{MissingIndex, RedundantIndex, missing, redundant};
pub use statements::{Recorded, StatementStats};

/// Show what takes space and time: tables, indexes, connections, statements.
///
/// Tells how many rows each table has, how large it is and, on PostgreSQL, how many dead rows wait for VACUUM; which
/// indexes nobody uses, which say what another says already, and which foreign keys have none; how many connections
/// there are; and which statements took the most time. It only reads, but for --forget. PostgreSQL counts from the time
/// its statistics were last reset; indexes that are used on a replica only look unused here.
///
/// Statements are told by `pg_stat_statements` where PostgreSQL has it. Elsewhere, and on SQLite, the server records those
/// that take longer than `DATABASE_SLOW_STATEMENT`, with placeholders in place of their values, and writes them down
/// every ten seconds and when it stops. With --json their text is whole.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Examples:
  garboard db stats
  garboard db stats --exact --statements 20
  garboard db stats --forget
  garboard db stats --json | jq '.tables[] | select(.dead_rows > 10000)'")]
pub struct StatsArguments {
    /// Count the rows of each table on PostgreSQL too, instead of taking its estimate; this reads them all.
    #[arg(long)]
    exact: bool,
    /// How many statements to show.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    statements: u32,
    /// Forget the statements that the server has recorded, once they are shown, and begin anew.
    #[arg(long)]
    forget: bool,
}

/// What a database says of itself. Sizes are in bytes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stats {
    /// The tables, largest first.
    pub tables: Vec<TableStats>,
    /// The indexes, largest first; those of keys too.
    pub indexes: Vec<IndexStats>,
    /// Indexes that another makes needless.
    pub redundant_indexes: Vec<RedundantIndex>,
    /// Foreign keys without an index.
    pub missing_indexes: Vec<MissingIndex>,
    /// The whole database.
    pub bytes: i64,
    /// Of it, what is free for new rows (SQLite).
    pub free_bytes: Option<i64>,
    /// Who is connected (PostgreSQL).
    pub connections: Option<Connections>,
    /// What share of the pages that were asked for was in memory, between 0 and 1 (PostgreSQL).
    pub cache_hit_rate: Option<f64>,
    /// Since when PostgreSQL counts: a time; `None` means since the database was made.
    pub counted_since: Option<String>,
    /// The statements that took the most time altogether.
    pub statements: Vec<StatementStats>,
    /// What they are if the server has recorded them: not all, but those that took long.
    pub recorded: Option<Recorded>,
    /// Why there are none, or why PostgreSQL does not know them, and what to do about it.
    pub statements_missing: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TableStats {
    /// Its name.
    pub name: String,
    /// How many rows it has.
    pub rows: i64,
    /// Whether they were counted; otherwise it is PostgreSQL's estimate.
    pub exact: bool,
    /// Without its indexes; unknown where SQLite was built without `dbstat`.
    pub bytes: Option<i64>,
    /// All its indexes together.
    pub index_bytes: Option<i64>,
    /// Rows that are deleted and still take space (PostgreSQL).
    pub dead_rows: Option<i64>,
}

/// An index.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IndexStats {
    /// Its name.
    pub name: String,
    /// Of which table.
    pub table: String,
    /// Its size.
    pub bytes: Option<i64>,
    /// How often it was used (PostgreSQL).
    pub scans: Option<i64>,
    /// Never used, and no key.
    pub unused: bool,
}

/// The connections of a server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Connections {
    /// To this database, by state: `active`, `idle`, `idle in transaction`.
    pub by_state: Vec<(String, i64)>,
    /// To all databases of the server.
    pub server: i64,
    /// How many the server takes.
    pub limit: i64,
}

/// Asks a database about itself.
///
/// # Errors
/// Those of the database.
pub async fn collect(
    db: &DatabaseConnection,
    exact: bool,
    statements: u32,
    report: &Report,
) -> anyhow::Result<Stats> {
    let catalog = Catalog::read(db).await?;
    let mut stats = match db.get_database_backend() {
        DbBackend::Sqlite => sqlite::collect(db, &catalog, report).await?,
        _ => postgres::collect(db, exact, report).await?,
    };
    statements::collect(db, &mut stats, statements).await?;
    stats.tables.sort_by_key(|table| (std::cmp::Reverse(table.bytes), table.name.clone()));
    stats.indexes.sort_by_key(|index| (std::cmp::Reverse(index.bytes), index.name.clone()));
    stats.redundant_indexes = redundant(&catalog, db.get_database_backend());
    stats.missing_indexes = missing(&catalog);
    Ok(stats)
}

/// Runs the command.
///
/// # Errors
/// When the database cannot be reached, or does not answer.
pub async fn run(
    project: &Project,
    arguments: &StatsArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let db = connection::existing(&project.database).await?;
    let stats = collect(&db, arguments.exact, arguments.statements, report).await?;
    report.document(&stats)?;
    report.line(text(&stats))?;
    if arguments.forget {
        slow_statement::forget(&db, Utc::now()).await?;
        report.line("\nwhat the server had recorded is forgotten")?;
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}

fn text(stats: &Stats) -> String {
    let mut parts = vec![tables(stats), indexes(stats)];
    for redundant in &stats.redundant_indexes {
        parts.push(report::wrapped(&redundant.to_string(), 4));
    }
    for missing in &stats.missing_indexes {
        parts.push(report::wrapped(&missing.to_string(), 4));
    }
    parts.push(summary(stats));
    parts.push(statements::text(stats));
    parts.extend(stats.statements_missing.iter().map(|why| report::wrapped(why, 0)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn tables(stats: &Stats) -> String {
    let row = |table: &TableStats| {
        let about = if table.exact { "" } else { "~" };
        [
            table.name.clone(),
            format!("{about}{}", table.rows),
            table.dead_rows.map_or("-".to_owned(), |rows| rows.to_string()),
            size(table.bytes),
            size(table.index_bytes),
        ]
    };
    let rows: Vec<_> = stats.tables.iter().map(row).collect();
    table(["table", "rows", "dead rows", "size", "indexes"], &rows)
}

fn indexes(stats: &Stats) -> String {
    let row = |index: &IndexStats| {
        [
            index.name.clone(),
            index.table.clone(),
            size(index.bytes),
            index.scans.map_or("-".to_owned(), |scans| scans.to_string()),
            if index.unused { "unused" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<_> = stats.indexes.iter().map(row).collect();
    if rows.is_empty() {
        String::new()
    } else {
        table(["index", "of table", "size", "scans", ""], &rows)
    }
}

fn summary(stats: &Stats) -> String {
    let mut lines = vec![format!("database      {}", size(Some(stats.bytes)))];
    if let Some(free) = stats.free_bytes {
        lines.push(format!("free inside   {}", size(Some(free))));
    }
    if let Some(connections) = &stats.connections {
        let states = connections.by_state.iter().map(|(state, count)| format!("{count} {state}"));
        let states = states.collect::<Vec<_>>().join(", ");
        let Connections { server, limit, .. } = connections;
        lines.push(format!("connections   {server} of {limit} on the server; here {states}"));
    }
    if let Some(rate) = stats.cache_hit_rate {
        lines.push(format!("cache hits    {:.1} %", rate * 100.0));
    }
    if stats.connections.is_some() {
        let since = stats.counted_since.as_deref().unwrap_or("the database was made");
        lines.push(format!("counted since {since}"));
    }
    lines.join("\n")
}

/// A size with a unit of 1024 of the one before.
pub(crate) fn size(bytes: Option<i64>) -> String {
    let Some(mut rest) = bytes else { return "-".to_owned() };
    let mut tenths = 0;
    for unit in ["B", "KiB", "MiB", "GiB"] {
        if rest < 1024 {
            return if unit == "B" {
                format!("{rest} B")
            } else {
                format!("{rest}.{tenths} {unit}")
            };
        }
        tenths = rest % 1024 * 10 / 1024;
        rest /= 1024;
    }
    format!("{rest}.{tenths} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        let sizes = [0, 1023, 1536, 10 << 20, (5 << 40) + (1 << 39)].map(|bytes| size(Some(bytes)));
        assert_eq!(sizes, ["0 B", "1023 B", "1.5 KiB", "10.0 MiB", "5.5 TiB"]);
    }
}
