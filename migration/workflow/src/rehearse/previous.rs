//! The release before: while a deployment rolls, it reads and writes a schema that it does not know.

use anyhow::bail;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::{
    catalog::Catalog,
    definition::identifier,
    report::Report,
    rows::transaction,
    seed::{self, Origin},
};

/// Other rows than those that are there.
const OTHERS: Origin = Origin { rand: u64::MAX, first: 1_000_000_000 };

/// What the release whose entities are those of `base` can no longer do.
pub(super) async fn problems(
    db: &DatabaseConnection,
    base: &Catalog,
    report: &Report,
) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    for (name, table) in &base.tables {
        // As an entity selects: each column by the name of its table too, or SQLite takes one that is gone for a text.
        let own = identifier(name);
        let columns =
            table.columns.iter().map(|column| format!("{own}.{}", identifier(&column.name)));
        let columns: Vec<_> = columns.collect();
        let select = format!("SELECT {} FROM {own} LIMIT 1", columns.join(", "));
        if let Err(error) = db.execute_unprepared(&select).await {
            problems.push(format!("the release before cannot read {name}: {error}"));
        }
    }
    // Whoever cannot be read from cannot be written to, and it was said already.
    if problems.is_empty()
        && let Some(error) = insertion(db, base, report).await?
    {
        problems.push(format!("the release before cannot insert: {error:#}"));
    }
    Ok(problems)
}

/// Inserts a row into each table as it was, and takes them back.
async fn insertion(
    db: &DatabaseConnection,
    base: &Catalog,
    report: &Report,
) -> anyhow::Result<Option<anyhow::Error>> {
    let mut outcome = None;
    let undone = transaction(db, async || {
        outcome = seed::insert(db, base, 1, OTHERS, report).await.err();
        bail!("these rows are not to stay")
    });
    let _: Result<(), _> = undone.await;
    Ok(outcome)
}
