//! `garboard db seed`: rows to work with.

mod dice;
mod invent;
mod make;
mod plan;
mod rules;
mod text;

use std::{process::ExitCode, sync::Arc, time::Instant};

use anyhow::{Context, bail};
use clap::Args;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde::Serialize;
use tokio::{sync::mpsc, task};

use crate::{
    Project,
    catalog::Catalog,
    connection::existing,
    report::{Report, table},
    rows::{
        self, Batch, Checksum, Row, check_references, defer, enforce, prepare, restart_counters,
        transaction, write,
    },
};
use make::{Drawn, Maker};
use plan::Plan;

/// Fill an empty database with made-up rows.
///
/// The rows respect every key, reference and CHECK, and are spread like those of people at work: few owners have most of
/// the projects, most things are in their first state, what may be missing often is. The same numbers give the same
/// rows, on SQLite and on PostgreSQL. Use it to see how pages, queries and migrations behave with many rows.
///
/// Nobody can sign in as one of the made-up users: their passwords and tokens are random text. (`garboard seed --demo`
/// makes a user to sign in as.) Refused in production, and where there are rows.
#[derive(Debug, Args)]
pub struct SeedArguments {
    /// Rows of the largest table; the others get fewer.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub rows: u64,
    /// Another number gives other rows.
    #[arg(long, default_value_t = 0)]
    pub rand: u64,
}

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Seeded {
    /// By table, in the order in which they were filled.
    pub tables: Vec<(String, Checksum)>,
    /// How long it took.
    pub seconds: f64,
}

impl Seeded {
    /// Of all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, checksum)| checksum.rows).sum()
    }
}

/// Runs the command.
///
/// # Errors
/// When the database has rows, or people rely on it.
pub async fn run(
    project: &Project,
    arguments: &SeedArguments,
    report: &Report,
) -> anyhow::Result<ExitCode> {
    report.database(&project.database)?;
    if project.production {
        bail!("made-up rows are refused in production: use a database of your own");
    }
    let db = existing(&project.database).await?;
    let seeded = seed(&db, arguments.rows, arguments.rand, report).await?;
    db.close().await?;
    let rows = seeded.tables.iter().map(|(name, checksum)| {
        let digest: String = checksum.text().chars().take(12).collect();
        [name.clone(), checksum.rows.to_string(), digest]
    });
    report.line(table(["table", "rows", "checksum"], &rows.collect::<Vec<_>>()))?;
    report.line(format!("{} rows in {:.1} s", seeded.rows(), seeded.seconds))?;
    report.document(&seeded)?;
    Ok(ExitCode::SUCCESS)
}

/// Fills an empty database, all or nothing. Derived tables stay empty.
///
/// # Errors
/// When it has rows, or a constraint is of a kind that rows cannot be made up for.
pub async fn seed(
    db: &DatabaseConnection,
    rows: u64,
    rand: u64,
    report: &Report,
) -> anyhow::Result<Seeded> {
    let begin = Instant::now();
    let catalog = Catalog::read(db).await?;
    if catalog.tables.is_empty() {
        bail!("the database has no tables: run `garboard db migrate` first");
    }
    let full = rows::tables_with_rows(db, &catalog).await?;
    if !full.is_empty() {
        bail!(
            "the database has rows already, in {}: made-up ones go into an empty database",
            full.join(", ")
        );
    }
    prepare(db).await?;
    let tables = transaction(db, async || {
        let tables = insert(db, &catalog, rows, Origin { rand, first: 0 }, report).await?;
        check_references(db).await?;
        restart_counters(db, &catalog).await?;
        Ok(tables)
    })
    .await?;
    db.execute_unprepared("ANALYZE").await?;
    Ok(Seeded { tables, seconds: begin.elapsed().as_secs_f64() })
}

/// What decides which rows are made up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// Another number gives other rows.
    pub(crate) rand: u64,
    /// The number of each table's first row, which what is counted up begins with.
    pub(crate) first: u64,
}

/// Inserts made-up rows into the tables of `catalog`, in a transaction that has begun.
///
/// # Errors
/// When the database refuses one, or a constraint is of a kind that rows cannot be made up for.
pub(crate) async fn insert(
    db: &DatabaseConnection,
    catalog: &Catalog,
    rows: u64,
    origin: Origin,
    report: &Report,
) -> anyhow::Result<Vec<(String, Checksum)>> {
    let plan = Arc::new(Plan::new(catalog, db.get_database_backend(), rows)?);
    let mut tables = Vec::new();
    let deferred = defer(db, &plan.steps).await?;
    for (place, planned) in plan.tables.iter().enumerate() {
        let mut made = make(Arc::clone(&plan), place, origin);
        let mut checksum = Checksum::default();
        while let Some((rows, sum)) = made.recv().await {
            write(db, &planned.relation, &rows).await.context("these rows were made up")?;
            checksum = sum;
            report.progress(|| {
                format!("{}: {} of {} rows", planned.relation.name, checksum.rows, planned.rows)
            });
        }
        tables.push((planned.relation.name.clone(), checksum));
    }
    enforce(db, deferred).await?;
    Ok(tables)
}

/// Makes the rows of a table on a thread of its own, some batches ahead, with the checksum of all so far.
fn make(plan: Arc<Plan>, place: usize, origin: Origin) -> mpsc::Receiver<(Vec<Row>, Checksum)> {
    let (sender, receiver) = mpsc::channel(2);
    task::spawn_blocking(move || {
        let maker = Maker { plan: &plan, seed: origin.rand, first: origin.first };
        let Some(table) = plan.tables.get(place) else { return };
        let (mut drawn, mut checksum, mut buffer) = (Drawn::new(), Checksum::default(), Vec::new());
        let mut rows = Vec::new();
        for row in 0..table.rows {
            let made = maker.row(table, origin.first.saturating_add(row), &mut drawn);
            checksum.add(&made, &mut buffer);
            rows.push(made);
            if rows.len() == Batch::ROWS || row + 1 == table.rows {
                let batch = (std::mem::take(&mut rows), checksum.clone());
                if sender.blocking_send(batch).is_err() {
                    return; // Writing has failed.
                }
            }
        }
    });
    receiver
}
