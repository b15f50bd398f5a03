//! `garboard db reset`: back to an empty database.

use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use serde::Serialize;

use crate::{
    Project, connection,
    migrate::apply,
    patience::Patience,
    report::Report,
    rows::transaction,
    scratch::connect,
    seed::{Seeded, seed},
};

/// Drop everything and migrate again: for development.
///
/// All tables, rows, views, types and functions of the database go, including those that no migration made. In production this
/// is refused unless the database is named.
#[derive(Debug, Args)]
pub struct ResetArguments {
    /// Fill the database with made-up rows, so many in the largest table, as `garboard db seed --rows` does.
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub seed: Option<u64>,
    /// In production: the name of the database that is to lose everything.
    #[arg(long, value_name = "DATABASE NAME")]
    pub yes_destroy: Option<String>,
}

/// What was done. It is a document for programs.
#[derive(Clone, Debug, Serialize)]
pub struct Done {
    /// The migrations that were applied.
    pub applied: Vec<String>,
    /// The rows that were made up.
    pub seeded: Option<Seeded>,
}

/// Runs the command.
///
/// # Errors
/// In production, unless the database is named; when a migration fails.
pub async fn run(
    project: &Project,
    arguments: &ResetArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let done = reset(project, arguments, report).await?;
    report.line(format!("emptied, and {} migrations applied", done.applied.len()))?;
    if let Some(seeded) = &done.seeded {
        report.line(format!("{} rows made up in {:.1} s", seeded.rows(), seeded.seconds))?;
    }
    report.document(&done)?;
    Ok(ExitCode::SUCCESS)
}

/// Drops everything and migrates again.
///
/// # Errors
/// In production, unless the database is named; when a migration fails.
pub async fn reset(
    project: &Project,
    arguments: &ResetArguments,
    report: &Report,
) -> anyhow::Result<Done> {
    let said = arguments.yes_destroy.as_deref();
    project.is_named(said)?;
    project.may_destroy(said)?;
    ensure!(
        arguments.seed.is_none() || !project.production,
        "made-up rows are refused in production"
    );
    let url = &project.database;
    let locked = connection::locked(url).await?;
    drop_everything(locked.connection()).await?;
    locked.close().await?;
    let patience = Patience::default();
    let applied = apply(project.migrations, url.reveal(), None, &patience, report, |_| ()).await?;
    let applied = applied.into_iter().map(|step| step.name).collect();
    let seeded = match arguments.seed {
        Some(rows) => {
            let db = connect(url).await?;
            let seeded = seed(&db, rows, 0, report).await?;
            db.close().await?;
            Some(seeded)
        }
        None => None,
    };
    Ok(Done { applied, seeded })
}

/// Drops all that a schema has, all or nothing; on PostgreSQL, in the current schema, but for what extensions brought.
///
/// # Errors
/// Those of the database.
pub async fn drop_everything(db: &DatabaseConnection) -> anyhow::Result<()> {
    let backend = db.get_database_backend();
    let is_sqlite = backend == DbBackend::Sqlite;
    if is_sqlite {
        // Otherwise dropping a table deletes what refers to it, row by row.
        db.execute_unprepared("PRAGMA foreign_keys = OFF").await?;
    }
    let list = if is_sqlite { OF_SQLITE } else { OF_POSTGRES };
    let dropped = transaction(db, async || {
        for row in db.query_all_raw(Statement::from_string(backend, list)).await? {
            db.execute_unprepared(&row.try_get_by_index::<String>(0)?).await?;
        }
        Ok(())
    })
    .await;
    if is_sqlite {
        db.execute_unprepared("PRAGMA foreign_keys = ON").await?;
    }
    dropped
}

/// What drops each thing: a virtual table first, with the tables in which it keeps what it has.
const OF_SQLITE: &str = r#"
    SELECT 'DROP ' || CASE type WHEN 'view' THEN 'VIEW' ELSE 'TABLE' END
        || ' "' || replace(name, '"', '""') || '"'
    FROM pragma_table_list
    WHERE schema = 'main' AND type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
    ORDER BY type DESC"#;
/// What drops each thing; one that went with another is no more.
const OF_POSTGRES: &str = "
    SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
        SELECT c.oid, c.relnamespace AS schema, format('%I.%I', n.nspname, c.relname) AS name,
            CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
                WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS kind
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
        UNION ALL
        SELECT t.oid, t.typnamespace, format('%I.%I', n.nspname, t.typname),
            CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('d', 'e')
        UNION ALL
        SELECT p.oid, p.pronamespace, p.oid::regprocedure::text, 'ROUTINE' FROM pg_proc p
    ) AS things
    WHERE schema = current_schema()::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = things.oid AND e.deptype = 'e')
    ORDER BY kind = 'ROUTINE', kind = 'DOMAIN'";
