//! `garboard db restore`: what a backup has, and nothing else.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

use crate::{
    DatabaseUrl, Migrations, Project,
    backup::{
        Contents,
        file::{Chunk, Reader},
        inspect,
    },
    catalog::Catalog,
    connection,
    migrate::apply,
    patience::Patience,
    report::Report,
    reset::drop_everything,
    rows::{
        Relation, check_references, checksum, decode, defer, empty, enforce, is_derived, prepare,
        relations, restart_counters, steps, tables_with_rows, transaction, write,
    },
    version::{applied, names_differ, shape},
};

/// Restore a backup into an empty database, or in place of what there is.
///
/// The backup is checked first. A database without rows is brought to the version of the schema that the backup has; then
/// all rows are written and read again in one transaction: whatever goes wrong, the database has either all of them or what
/// it had before. Stop the server meanwhile, and start it afterwards with `--migrate` if it is of a newer release.
///
/// A backup of SQLite can be restored on PostgreSQL, and the other way round. What the server makes of other rows, such as
/// the index of its search, it makes anew then, when it starts.
#[derive(Debug, Args)]
pub struct RestoreArguments {
    /// The backup.
    pub file: PathBuf,
    /// Remove the rows there are; say the name of the database, so that it is the right one.
    #[arg(long, value_name = "DATABASE NAME")]
    pub yes_destroy: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// When the backup is damaged or of a newer release, or the database has rows.
pub async fn run(
    project: &Project,
    arguments: &RestoreArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    let begin = Instant::now();
    project.is_named(arguments.yes_destroy.as_deref())?;
    let destroy = arguments.yes_destroy.is_some();
    let contents =
        restore(project.migrations, &project.database, &arguments.file, destroy, report).await?;
    report.line(contents.table())?;
    report.line(format!(
        "{} rows of {} restored in {:.1} s",
        contents.rows(),
        contents.head.made_at,
        begin.elapsed().as_secs_f64()
    ))?;
    report.document(&contents)?;
    Ok(ExitCode::SUCCESS)
}

/// Restores a backup; with `destroy`, in place of what there is.
///
/// # Errors
/// When the backup is damaged or of a newer release, or the database has rows; it is as it was before.
pub async fn restore(
    migrations: Migrations,
    url: &DatabaseUrl,
    file: &Path,
    destroy: bool,
    report: &Report,
) -> anyhow::Result<Contents> {
    let contents = inspect(file, report)?;
    make_ready(migrations, url, &contents, destroy, report).await?;
    let locked = connection::locked(url).await?;
    let db = locked.connection();
    let catalog = Catalog::read(db).await?;
    let tables = wanted(db, &catalog, &contents)?;
    prepare(db).await?;
    let steps = steps(&catalog, db.get_database_backend(), |_| true);
    transaction(db, async || {
        let names: Vec<_> = catalog.tables.keys().map(String::as_str).collect();
        empty(db, &names).await?;
        let deferred = defer(db, &steps).await?;
        load(db, file, &tables, report).await?;
        enforce(db, deferred).await?;
        check_references(db).await?;
        restart_counters(db, &catalog).await?;
        read_again(db, &tables, &contents, report).await
    })
    .await?;
    db.execute_unprepared("ANALYZE").await?;
    locked.close().await?;
    Ok(contents)
}

/// Brings the database to the version of the backup, if it has no rows; one that has must be there already.
async fn make_ready(
    migrations: Migrations,
    url: &DatabaseUrl,
    contents: &Contents,
    destroy: bool,
    report: &Report,
) -> anyhow::Result<()> {
    let wanted = &contents.head.migrations;
    let known: Vec<_> = migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let unknown: Vec<_> = wanted.iter().filter(|name| !known.contains(name)).cloned().collect();
    if !unknown.is_empty() {
        bail!("the backup is of another release: this one has no migration {}", unknown.join(", "));
    }
    let locked = connection::locked(url).await?;
    let db = locked.connection();
    let there = applied(db).await?;
    let full = tables_with_rows(db, &Catalog::read(db).await?).await?;
    if !full.is_empty() {
        let name = url.name();
        ensure!(
            destroy,
            "the database has rows, in {}: restore into an empty one, or say --yes-destroy {name} to lose them",
            full.join(", ")
        );
        if let Some(told) = names_differ(&there, wanted) {
            bail!(
                "the database is at another version than the backup: {told}; restore into an empty one"
            );
        }
    }
    if there.iter().any(|name| !wanted.contains(name)) {
        drop_everything(db).await?;
    }
    locked.close().await?;
    let last = known.iter().rev().find(|name| wanted.contains(name));
    let Some(last) = last else { return Ok(()) };
    let upto = known.iter().position(|name| name == last).unwrap_or_default();
    let between: Vec<_> =
        known.iter().take(upto).filter(|name| !wanted.contains(name)).cloned().collect();
    if !between.is_empty() {
        bail!("the backup is of a database that lacked {}, but had {last}", between.join(", "));
    }
    apply(migrations, url.reveal(), Some(last), &Patience::default(), report, |_| ()).await?;
    Ok(())
}

/// The table for each of the backup's; nothing for one that the server makes anew.
fn wanted(
    db: &DatabaseConnection,
    catalog: &Catalog,
    contents: &Contents,
) -> anyhow::Result<Vec<Option<Relation>>> {
    let backend = db.get_database_backend();
    let same_kind = contents.head.postgres == (backend == DbBackend::Postgres);
    let there = relations(catalog, backend);
    let find = |from: &Relation| {
        if is_derived(&from.name) && !same_kind {
            return Ok(None);
        }
        let to = there.iter().find(|to| to.name == from.name && shape(to) == shape(from));
        let why = "the database that was backed up was not as its migrations made it: see `garboard db drift`";
        to.cloned().map(Some).with_context(|| format!("{} is not the same here: {why}", from.name))
    };
    contents.head.tables.iter().map(find).collect()
}

async fn load(
    db: &DatabaseConnection,
    file: &Path,
    tables: &[Option<Relation>],
    report: &Report,
) -> anyhow::Result<()> {
    let mut reader = Reader::open(file)?;
    let mut written = 0_usize;
    loop {
        match reader.chunk()? {
            Chunk::Head(_) => {}
            Chunk::End(_) => return Ok(()),
            Chunk::Rows(place, bytes) => {
                let Some(Some(relation)) = tables.get(place) else { continue };
                let (mut rest, mut rows) = (bytes.as_slice(), Vec::new());
                while !rest.is_empty() {
                    rows.push(decode(relation.fields.len(), &mut rest)?);
                }
                write(db, relation, &rows).await?;
                written += rows.len();
                report.progress(|| format!("{}: {written} rows in all", relation.name));
            }
        }
    }
}

/// Reads what was written, for what is restored is what the database has.
async fn read_again(
    db: &DatabaseConnection,
    tables: &[Option<Relation>],
    contents: &Contents,
    report: &Report,
) -> anyhow::Result<()> {
    for (relation, expected) in tables.iter().zip(&contents.checksums) {
        let Some(relation) = relation else { continue };
        let seen = |found: &crate::rows::Checksum| {
            report.progress(|| format!("reading {} again: {} rows", relation.name, found.rows));
        };
        let found = checksum(db, relation, seen).await?;
        ensure!(
            found == *expected,
            "{} has {} rows after the restore, which are not the {} of the backup",
            relation.name,
            found.rows,
            expected.rows
        );
    }
    Ok(())
}
