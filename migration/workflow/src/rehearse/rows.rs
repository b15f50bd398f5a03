//! The rows beside which migrations are rehearsed.

use anyhow::{Context, bail};
use sea_orm::DatabaseConnection;

use crate::{
    DatabaseUrl,
    catalog::Catalog,
    history,
    report::Report,
    rows::{self, Batch, Order, check_references, defer, enforce, prepare, transaction, write},
    scratch, seed,
};

/// Makes rows up, so many of the largest table.
pub(super) async fn fill(
    db: &DatabaseConnection,
    rows: u64,
    report: &Report,
) -> anyhow::Result<()> {
    if !Catalog::read(db).await?.tables.is_empty() {
        seed::seed(db, rows, 0, report).await?;
    }
    Ok(())
}

/// Takes over the rows of another database.
pub(super) async fn copy(
    url: &DatabaseUrl,
    applied: &[String],
    db: &DatabaseConnection,
    report: &Report,
) -> anyhow::Result<()> {
    let from = history::read_at(url).await?;
    if from.iter().any(|one| !applied.contains(&one.name)) || from.len() != applied.len() {
        bail!(
            "{url} has other migrations than the database that is acted on: compare their `garboard db status`"
        );
    }
    let source = scratch::connect(url).await?;
    let catalog = rows::snapshot(&source).await?;
    let steps = rows::steps(&Catalog::read(db).await?, db.get_database_backend(), |name| {
        catalog.tables.contains_key(name) && !rows::is_derived(name)
    });
    prepare(db).await?;
    transaction(db, async || {
        let deferred = defer(db, &steps).await?;
        for relation in steps.iter().flat_map(|step| &step.relations) {
            let table = catalog.tables.get(&relation.name).context("a table of the source")?;
            let own = rows::Relation::of(&relation.name, table, source.get_database_backend());
            let own = own.context("a table with rows")?;
            let (mut rows, mut count) = (rows::read(&source, &own, Order::Any), 0_usize);
            loop {
                let batch = Batch::next(&mut rows).await?;
                if batch.rows.is_empty() {
                    break;
                }
                write(db, relation, &batch.rows).await?;
                count += batch.rows.len();
                report.progress(|| format!("{}: {count} rows", relation.name));
            }
        }
        enforce(db, deferred).await?;
        check_references(db).await
    })
    .await?;
    source.close().await?;
    Ok(())
}
