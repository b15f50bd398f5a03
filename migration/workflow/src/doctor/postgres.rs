//! What PostgreSQL is asked.

mod checks;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

use self::checks::CHECKS;
use super::{
    Finding,
    Severity::{self, Error, Notice, Warning},
};
use crate::{DatabaseUrl, Project, report::Report};

/// From when on clocks that differ are told; more than ten times as much is an error.
const SKEW: Duration = Duration::from_secs(2);

/// Something that the server is asked.
struct Check {
    subject: &'static str,
    severity: Severity,
    /// The oldest server that can be asked, as in `server_version_num`.
    since: i32,
    /// Answers with a row for each finding: what was seen, and what stands for `{}` in the cure.
    sql: &'static str,
    cure: &'static str,
}

pub(super) async fn examine(
    project: &Project,
    db: &DatabaseConnection,
    connections: u32,
    report: &Report,
) -> anyhow::Result<(String, Vec<Finding>)> {
    let row = one(db, "SELECT version(), current_setting('server_version_num')::int").await?;
    let (version, number): (String, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    let mut findings = Vec::new();
    for check in CHECKS.iter().filter(|check| check.since <= number) {
        report.progress(|| format!("looking at {}", check.subject));
        let sql = Statement::from_string(DbBackend::Postgres, check.sql);
        match db.query_all_raw(sql).await {
            Ok(rows) => {
                for row in rows {
                    let seen: String = row.try_get_by_index(0)?;
                    let place: String = row.try_get_by_index(1)?;
                    let cure = check.cure.replace("{}", &place);
                    findings.push(Finding::new(check.severity, check.subject, seen, cure));
                }
            }
            Err(error) => findings.push(Finding::new(
                Notice,
                check.subject,
                format!("could not be looked at: {error}"),
                "run this as a user who may, such as a member of pg_monitor",
            )),
        }
    }
    findings.extend(pool(db, connections).await?);
    findings.extend(clock(db).await?);
    findings.extend(encryption(&project.database, db).await?);
    findings.extend(super::migrations(project, db).await?);
    let version = version.split(" on ").next().unwrap_or_default().to_owned();
    Ok((version, findings))
}

async fn one(db: &DatabaseConnection, sql: &str) -> anyhow::Result<QueryResult> {
    let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    row.ok_or_else(|| anyhow::anyhow!("the server does not answer"))
}

/// Whether the server's connections fit, twice over: while a release replaces another, both have theirs.
async fn pool(db: &DatabaseConnection, wanted: u32) -> anyhow::Result<Option<Finding>> {
    let sql = "SELECT sum(CASE name WHEN 'max_connections' THEN setting::bigint ELSE -setting::bigint END)::bigint FROM pg_settings
        WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')";
    let limit: i64 = one(db, sql).await?.try_get_by_index(0)?;
    let sql = "SELECT rolconnlimit::bigint FROM pg_roles WHERE rolname = current_user";
    let own: i64 = one(db, sql).await?.try_get_by_index(0)?;
    let (limit, whose) = match own {
        0.. if own < limit => (own, "this user may open"),
        _ => (limit, "the server gives to users"),
    };
    let wanted = i64::from(wanted);
    let severity = match limit {
        _ if wanted > limit => Error,
        _ if wanted * 2 > limit => Warning,
        _ => return Ok(None),
    };
    let seen = format!(
        "the {wanted} connections of one process, or those of two while one replaces the other, are more than the \
         {limit} that {whose}"
    );
    let cure = "lower DATABASE_MAX_CONNECTIONS, or raise max_connections of the server and CONNECTION LIMIT of the role";
    Ok(Some(Finding::new(severity, "max_connections", seen, cure)))
}

/// Whether the server's clock and this machine's agree: times are set here, and compared there.
async fn clock(db: &DatabaseConnection) -> anyhow::Result<Option<Finding>> {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH);
    let before = now()?;
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let theirs = one(db, sql).await?.try_get_by_index::<i64>(0)?;
    let after = now()?;
    let theirs = Duration::from_millis(u64::try_from(theirs).unwrap_or_default());
    let skew = theirs.saturating_sub(after).max(before.saturating_sub(theirs));
    if skew < SKEW {
        return Ok(None);
    }
    let ahead = if theirs > after { "ahead of" } else { "behind" };
    let seen = format!("the server's is {} s {ahead} this machine's", skew.as_secs());
    let severity = if skew > SKEW * 10 { Error } else { Warning };
    let cure = "let both machines take their time from the network (timedatectl set-ntp true)";
    Ok(Some(Finding::new(severity, "clock", seen, cure)))
}

/// Whether others on the network can read along.
async fn encryption(url: &DatabaseUrl, db: &DatabaseConnection) -> anyhow::Result<Option<Finding>> {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let encrypted = db.query_one_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    let encrypted = encrypted.map_or(Ok(false), |row| row.try_get_by_index(0))?;
    let local = url::Url::parse(url.reveal()).is_ok_and(|url| crate::url::is_local(&url));
    Ok((!encrypted && !local).then(|| {
        let seen = "the connection to another machine is not encrypted";
        let cure = "leave sslmode out of DATABASE_URL, or set it to verify-full, and ssl = on at the server";
        Finding::new(Error, "ssl", seen, cure)
    }))
}
