//! What SQLite is asked.

use anyhow::Context;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement};

use super::{
    Finding,
    Severity::{Error, Notice, Warning},
    file,
};
use crate::{
    Project,
    definition::{identifier, literal},
    report::Report,
    stats::size,
};

/// A log that is larger has not been taken into the database for long.
const LARGE_LOG: u64 = 64 << 20;
/// How many errors of one kind are told.
const TOLD: usize = 5;

/// What helps a file that is damaged.
const RESTORE: &str = "stop the server, keep a copy of the file, and restore a backup (garboard db restore); without \
    one, what can be read is saved by `sqlite3 FILE .recover`";

/// A file that SQLite does not open.
pub(super) fn unopened(error: &anyhow::Error) -> Finding {
    let seen = error.root_cause().to_string();
    let damaged = ["malformed", "not a database"].iter().any(|word| seen.contains(word));
    let cure = if damaged { RESTORE } else { "let the server's user own the file and its folder" };
    Finding::new(Error, if damaged { "damage" } else { "file" }, seen, cure)
}

pub(super) async fn examine(
    project: &Project,
    db: &DatabaseConnection,
    report: &Report,
) -> anyhow::Result<(String, Vec<Finding>)> {
    let file = project.database.sqlite_file().context("the database has no file")?;
    let mut findings = file::examine(&file, project.production)?;
    let mut log = file.into_os_string();
    log.push("-wal");
    let log = std::fs::metadata(log).map_or(0, |log| log.len());
    if log > LARGE_LOG {
        let seen = format!(
            "the log beside the database has {}: a reader does not end",
            size(i64::try_from(log).ok())
        );
        let cure = "end the process that reads, then PRAGMA wal_checkpoint(TRUNCATE)";
        findings.push(Finding::new(Warning, "wal", seen, cure));
    }
    let damage = damage(db, report).await?;
    // What is not whole can be neither read nor asked.
    if damage.is_none() {
        findings.extend(settings(db).await?);
        findings.extend(references(db, report).await?);
        findings.extend(views(db).await?);
        findings.extend(super::migrations(project, db).await?);
    }
    findings.extend(damage);
    let version = query(db, "SELECT 'SQLite ' || sqlite_version()").await?;
    let version = version.first().context("SQLite does not answer")?.try_get_by_index(0)?;
    Ok((version, findings))
}

async fn settings(db: &DatabaseConnection) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let journal = text(db, "PRAGMA journal_mode").await?;
    if journal != "wal" {
        let seen = format!("journal_mode = {journal}: readers and the writer wait for each other");
        findings.push(Finding::new(
            Warning,
            "journal",
            seen,
            "PRAGMA journal_mode = WAL; the server does so when it starts",
        ));
    }
    let encoding = text(db, "PRAGMA encoding").await?;
    if encoding != "UTF-8" {
        let seen = format!("text is kept as {encoding}, and converted each time it is read");
        findings.push(Finding::new(Notice, "encoding", seen, "garboard db copy into a new file"));
    }
    if number(db, "PRAGMA foreign_keys").await? == 0 {
        let seen = "this build of SQLite does not enforce foreign keys unless it is told to";
        findings.push(Finding::new(
            Error,
            "foreign keys",
            seen,
            "PRAGMA foreign_keys = ON for each connection",
        ));
    }
    let page_size = number(db, "PRAGMA page_size").await?;
    if page_size < 4096 {
        let seen = format!("pages have {page_size} bytes: less than a disk writes at a time");
        let cure = "PRAGMA journal_mode = DELETE; PRAGMA page_size = 4096; VACUUM; PRAGMA journal_mode = WAL";
        findings.push(Finding::new(Notice, "page size", seen, cure));
    }
    let (pages, free) =
        (number(db, "PRAGMA page_count").await?, number(db, "PRAGMA freelist_count").await?);
    if free > 256 && free > pages / 4 {
        let seen = format!(
            "{} of {} are free",
            size(Some(free * page_size)),
            size(Some(pages * page_size))
        );
        findings.push(Finding::new(
            Notice,
            "free pages",
            seen,
            "VACUUM, with the server stopped and as much room on the disk",
        ));
    }
    Ok(findings)
}

async fn damage(db: &DatabaseConnection, report: &Report) -> anyhow::Result<Option<Finding>> {
    report.progress(|| "reading the whole file".to_owned());
    let found: Vec<String> = match query(db, "PRAGMA quick_check(100)").await {
        Ok(rows) => rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?,
        Err(error) => vec![error.to_string()],
    };
    let lines = found.iter().flat_map(|text| text.lines()).filter(|line| *line != "ok");
    let lines: Vec<_> = lines.collect();
    let more = lines.len().saturating_sub(TOLD);
    let mut seen: Vec<_> = lines.iter().take(TOLD).map(|line| (*line).to_owned()).collect();
    if more > 0 {
        seen.push(format!("and {more} more"));
    }
    Ok((!seen.is_empty()).then(|| Finding::new(Error, "damage", seen.join("; "), RESTORE)))
}

async fn references(db: &DatabaseConnection, report: &Report) -> anyhow::Result<Vec<Finding>> {
    report.progress(|| "looking for references to nothing".to_owned());
    let sql = "SELECT \"table\", parent, count(*), min(rowid) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2";
    let mut findings = Vec::new();
    let rows = match query(db, sql).await {
        Ok(rows) => rows,
        Err(error) => {
            let cure = "a foreign key refers to columns that are no key: give them a unique index";
            findings.push(Finding::new(Error, "foreign keys", error.to_string(), cure));
            Vec::new()
        }
    };
    for row in rows {
        let (table, parent): (String, String) =
            (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let count: i64 = row.try_get_by_index(2)?;
        let first = row
            .try_get_by_index::<Option<i64>>(3)?
            .map_or(String::new(), |id| format!(", such as rowid {id}"));
        let seen =
            format!("{count} rows of {table} refer to rows that {parent} does not have{first}");
        let cure = format!(
            "SELECT * FROM pragma_foreign_key_check({}), then mend or delete those rows",
            literal(&table)
        );
        findings.push(Finding::new(Error, "foreign keys", seen, cure));
    }
    Ok(findings)
}

async fn views(db: &DatabaseConnection) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for row in query(db, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").await?
    {
        let name: String = row.try_get_by_index(0)?;
        let sql = format!("SELECT 1 FROM {} LIMIT 0", identifier(&name));
        if let Err(error) = query(db, &sql).await {
            let seen = format!("{name} cannot be read: {error}");
            findings.push(Finding::new(
                Error,
                "views",
                seen,
                format!("DROP VIEW {}, or make it anew", identifier(&name)),
            ));
        }
    }
    Ok(findings)
}

async fn query(db: &DatabaseConnection, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await
}

async fn text(db: &DatabaseConnection, sql: &str) -> anyhow::Result<String> {
    let rows = query(db, sql).await?;
    Ok(rows.first().context("SQLite does not answer")?.try_get_by_index(0)?)
}

async fn number(db: &DatabaseConnection, sql: &str) -> anyhow::Result<i64> {
    let rows = query(db, sql).await?;
    Ok(rows.first().context("SQLite does not answer")?.try_get_by_index(0)?)
}
