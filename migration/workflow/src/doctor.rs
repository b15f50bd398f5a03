//! `garboard db doctor`: what is wrong with a database, or will be, and how to cure it.

pub mod file;
mod postgres;
mod sqlite;

use std::{collections::HashSet, fmt, process::ExitCode};

use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde::Serialize;

use crate::{
    Project, connection,
    report::{self, Report},
};

/// Look for what is wrong with the database, or will be: settings, privileges, damage, disk, clock.
///
/// Each finding says what was seen and how to cure it. An error loses data or keeps the server from working, now or soon; a
/// warning costs you one day; a notice is worth knowing. It only reads. Run it on a new installation, after a change of the
/// server or its settings, and when something is strange. On SQLite the whole file is read, which takes a while if it is
/// large.
#[derive(Clone, Debug, Args)]
#[command(after_help = "The exit code is 1 if there is an error.

Examples:
  garboard db doctor
  garboard db doctor --json | jq -r '.findings[] | .subject + \": \" + .cure'")]
pub struct DoctorArguments {
    /// How many connections the server opens to PostgreSQL.
    #[arg(long, env = "DATABASE_MAX_CONNECTIONS", value_name = "N", default_value_t = 20)]
    connections: u32,
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// It loses data, or keeps the server from working.
    Error,
    /// It will cost something one day.
    Warning,
    /// It is worth knowing.
    Notice,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about: a setting, a kind of thing.
    pub subject: String,
    /// What was seen.
    pub seen: String,
    /// What to do.
    pub cure: String,
}

/// What was found of a database.
#[derive(Clone, Debug, Serialize)]
pub struct Examination {
    /// The database system and its version.
    pub version: String,
    /// The worst first.
    pub findings: Vec<Finding>,
}

impl Finding {
    pub(crate) fn new(
        severity: Severity,
        subject: &str,
        seen: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self { severity, subject: subject.to_owned(), seen: seen.into(), cure: cure.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, subject, seen, cure } = self;
        let seen = format!("{:8} {subject}: {seen}", severity.to_string());
        let cure = format!("{:8} {cure}", "");
        write!(f, "{}\n{}", report::wrapped(&seen, 9), report::wrapped(&cure, 9))
    }
}

/// Connects to the database of a project, and examines it; the server opens `connections` to it.
///
/// # Errors
/// When the database cannot be reached, or does not answer; a SQLite file that cannot be opened is a finding.
pub async fn visit(
    project: &Project,
    connections: u32,
    report: &Report,
) -> anyhow::Result<Examination> {
    let file = project.database.sqlite_file().filter(|file| file.exists());
    let db = match (connection::existing(&project.database).await, file) {
        (Ok(db), _) => db,
        (Err(error), Some(file)) => {
            let mut findings = file::examine(&file, project.production)?;
            findings.push(sqlite::unopened(&error));
            findings.sort_by_key(|finding| finding.severity);
            return Ok(Examination { version: "SQLite".to_owned(), findings });
        }
        (Err(error), None) => return Err(error),
    };
    let examination = examine(project, &db, connections, report).await?;
    db.close().await?;
    Ok(examination)
}

/// Examines the database of a project over `db`; the server opens `connections` to it.
///
/// # Errors
/// When the database does not answer. What cannot be found out is a finding.
pub async fn examine(
    project: &Project,
    db: &DatabaseConnection,
    connections: u32,
    report: &Report,
) -> anyhow::Result<Examination> {
    let (version, mut findings) = match db.get_database_backend() {
        DbBackend::Sqlite => sqlite::examine(project, db, report).await?,
        _ => postgres::examine(project, db, connections, report).await?,
    };
    findings.sort_by_key(|finding| finding.severity);
    Ok(Examination { version, findings })
}

/// Runs the command.
///
/// # Errors
/// When the database cannot be reached, or does not answer.
pub async fn run(
    project: &Project,
    arguments: &DoctorArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let examination = visit(project, arguments.connections, report).await?;
    report.document(&examination)?;
    report.line(&examination.version)?;
    for finding in &examination.findings {
        report.line(format!("\n{finding}"))?;
    }
    let count = |severity| {
        examination.findings.iter().filter(|finding| finding.severity == severity).count()
    };
    let errors = count(Severity::Error);
    let (warnings, notices) = (count(Severity::Warning), count(Severity::Notice));
    report.line(format!("\nerrors {errors}, warnings {warnings}, notices {notices}"))?;
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether the schema is that of this program, as far as the record of migrations tells.
async fn migrations(project: &Project, db: &DatabaseConnection) -> anyhow::Result<Vec<Finding>> {
    let recorded = sea_orm_migration::SchemaManager::new(db).has_table("seaql_migrations").await?;
    let mut applied = Vec::new();
    if recorded {
        let sql = "SELECT version FROM seaql_migrations ORDER BY version";
        let sql = Statement::from_string(db.get_database_backend(), sql);
        for row in db.query_all_raw(sql).await? {
            applied.push(row.try_get_by_index::<String>(0)?);
        }
    }
    let known: Vec<_> = (project.migrations)().iter().map(|one| one.name().to_owned()).collect();
    let mut findings = Vec::new();
    let of = |names: &HashSet<&String>, all: &[String]| {
        let missing: Vec<_> = all.iter().filter(|name| !names.contains(name)).cloned().collect();
        (missing.len(), missing.join(", "))
    };
    let (count, names) = of(&applied.iter().collect(), &known);
    if count > 0 {
        let severity = if project.production { Severity::Error } else { Severity::Warning };
        let seen = format!("{count} of this program are not applied: {names}");
        findings.push(Finding::new(severity, "migrations", seen, "garboard db migrate"));
    }
    let (count, names) = of(&known.iter().collect(), &applied);
    if count > 0 {
        let seen = format!("{count} are applied that this program does not know: {names}");
        let cure =
            "a newer release has migrated this database: run that release, or let it go back";
        findings.push(Finding::new(Severity::Warning, "migrations", seen, cure));
    }
    Ok(findings)
}
