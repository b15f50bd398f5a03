//! Which statements take time: as PostgreSQL counts them, or else as the server has recorded them.

use chrono::{DateTime, Utc};
use sea_orm::{DatabaseConnection, DbBackend, DbErr};
use serde::Serialize;

use super::{Stats, postgres};
use crate::{
    report::{shortened, table},
    slow_statement::{self, SlowStatement},
};

/// A statement. Times are in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StatementStats {
    /// Its text, with a placeholder for each value.
    pub text: String,
    /// How often it ran; if the server recorded it, how often it took long.
    pub calls: i64,
    /// How long altogether.
    pub total_ms: f64,
    /// How long at most.
    pub max_ms: f64,
    /// How many rows altogether, as PostgreSQL counts.
    pub rows: Option<i64>,
    /// When it last took long, as the server recorded.
    pub last_seen: Option<String>,
}

/// What the server records.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Since when: a time.
    pub since: String,
    /// How long a statement took at least, in milliseconds.
    pub over_ms: f64,
}

pub(super) async fn collect(
    db: &DatabaseConnection,
    stats: &mut Stats,
    limit: u32,
) -> Result<(), DbErr> {
    if db.get_database_backend() == DbBackend::Postgres {
        match postgres::statements(db, limit).await? {
            Ok(found) => {
                stats.statements = found;
                return Ok(());
            }
            Err(missing) => stats.statements_missing.push(missing),
        }
    }
    match slow_statement::read(db, limit).await {
        Ok(Some(record)) => {
            stats.recorded = Some(Recorded {
                since: minute(record.since),
                over_ms: record.threshold.as_secs_f64() * 1000.0,
            });
            stats.statements = record.statements.into_iter().map(of_server).collect();
        }
        Ok(None) => stats.statements_missing.push(
            "the server has not recorded any statements yet: `garboard serve` does so in the table _slow_statement, \
             which `garboard db migrate` makes"
                .to_owned(),
        ),
        Err(error) => stats
            .statements_missing
            .push(format!("what the server has recorded cannot be read ({error})")),
    }
    Ok(())
}

fn of_server(statement: SlowStatement) -> StatementStats {
    StatementStats {
        text: statement.text,
        calls: statement.cost.calls,
        total_ms: statement.cost.total.as_secs_f64() * 1000.0,
        max_ms: statement.cost.max.as_secs_f64() * 1000.0,
        rows: None,
        last_seen: Some(minute(statement.last_seen)),
    }
}

fn minute(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// For people; nothing if nothing is known.
pub(super) fn text(stats: &Stats) -> String {
    let told = stats.recorded.as_ref().map(|Recorded { since, over_ms }| {
        if stats.statements.is_empty() {
            format!("no statement took longer than {over_ms} ms since {since}")
        } else {
            format!("statements that took longer than {over_ms} ms since {since}:\n")
        }
    });
    let row = |statement: &StatementStats| {
        let calls = u32::try_from(statement.calls).map_or(f64::INFINITY, f64::from);
        [
            format!("{:.0}", statement.total_ms),
            statement.calls.to_string(),
            format!("{:.1}", statement.total_ms / calls),
            format!("{:.1}", statement.max_ms),
            shortened(&statement.text, 64),
        ]
    };
    let rows: Vec<_> = stats.statements.iter().map(row).collect();
    let rows =
        (!rows.is_empty()).then(|| table(["total ms", "calls", "mean", "max", "statement"], &rows));
    told.into_iter().chain(rows).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_recorded_says_since_when_and_above_what() {
        let since = "2026-09-01 12:00 UTC".to_owned();
        let recorded = Some(Recorded { since, over_ms: 10.0 });
        let mut stats = Stats { recorded, ..Stats::default() };
        assert_eq!(text(&stats), "no statement took longer than 10 ms since 2026-09-01 12:00 UTC");

        stats.statements.push(StatementStats {
            text: format!("SELECT \"id\"\nFROM \"task\" WHERE {}", "x".repeat(99)),
            calls: 4,
            total_ms: 50.4,
            max_ms: 22.25,
            ..StatementStats::default()
        });
        insta::assert_snapshot!(text(&stats), @r#"
        statements that took longer than 10 ms since 2026-09-01 12:00 UTC:
        total ms  calls  mean  max   statement
        50        4      12.6  22.2  SELECT "id" FROM "task" WHERE xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        "#);
        stats.recorded = None;
        assert!(text(&stats).starts_with("total ms"));
        assert_eq!(text(&Stats::default()), "");
    }
}
